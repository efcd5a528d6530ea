"""A running bot for the stories of one module, and the people who talk to it.

The stories are whole conversations from outside: the workspace, the model and the bot are processes, people act at the
workspace's page, and what the bot did is read where a person would look. Nothing here imports the product.
`agents/` holds what bots are started with (`SIGNOFF_AGENT`); no story imports it.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.stories.people import Page, Person
from tests.stories.programs import Stage
from tests.stories.shop import Shop
from tests.support.cable import server, wire

__all__ = ["server", "wire"]

NewStage = Callable[..., Stage]


@pytest.fixture(scope="module")
def new_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewStage]:
    """Makes stages (see `Stage`) whose bot is connected, and ends their processes."""
    made: list[Stage] = []

    def make(folder: Path | None = None, **options: object) -> Stage:
        made.append(Stage(folder or tmp_path_factory.mktemp("stage"), **options))  # pyright: ignore[reportArgumentType]
        made[-1].start_bot()
        return made[-1]

    yield make
    for stage in made:
        stage.close()


@pytest.fixture(scope="module")
def stage(new_stage: NewStage) -> Stage:
    """The sample agent with the demo model. A module with another agent has a fixture of this name of its own."""
    return new_stage()


@pytest.fixture(scope="module")
def _books(stage: Stage) -> Shop:
    return Shop(stage.folder / "orders.db")


@pytest.fixture
def shop(_books: Shop) -> Shop:
    """The sample shop's books, as they were in the beginning."""
    _books.as_new()
    return _books


@pytest.fixture
async def page(stage: Stage) -> AsyncIterator[Page]:
    async with aiohttp.ClientSession() as http:
        yield Page(http, stage.url, stage.model_url)


@pytest.fixture
def ana(page: Page) -> Person:
    """Asks."""
    return Person(page, "U0ANA", "D0ANA")


@pytest.fixture
def lea(page: Page) -> Person:
    """Leads: decides about cancellations."""
    return Person(page, "U0LEA", "D0LEA")


@pytest.fixture
def max_(page: Page) -> Person:
    """A guest: may neither ask nor decide."""
    return Person(page, "U0MAX", "D0MAX")
