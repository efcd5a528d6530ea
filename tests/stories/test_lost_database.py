"""The database's file goes away under a running bot: it says so in one line and ends, and stores nothing more."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.stories.conftest import NewStage
from tests.stories.programs import Stage

pytestmark = pytest.mark.slow


def replaced(file: Path) -> None:
    shutil.copy(file, file.with_name("copy.db"))
    file.with_name("copy.db").replace(file)


def emptied(file: Path) -> None:
    os.truncate(file, 0)


@pytest.mark.parametrize("lose", [Path.unlink, replaced, emptied])
async def test_a_bot_whose_database_goes_away_ends_with_an_error(
    new_stage: NewStage, tmp_path: Path, lose: Callable[[Path], object]
):
    stage: Stage = new_stage(tmp_path)
    assert stage.bot is not None
    lose(tmp_path / "signoff.db")
    code, _, _ = stage.bot.outcome(seconds=20)
    assert code == 1
    said = [line for line in stage.log.splitlines() if "deleted, emptied or replaced" in line]
    assert len(said) == 1, stage.log
    assert "Traceback" not in stage.log
