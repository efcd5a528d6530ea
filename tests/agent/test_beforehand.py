"""What a tool says of a call before it is asked about: its title, whether it can work, what one must know."""

import asyncio
import hashlib
import logging
from collections.abc import Callable
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest
from pydantic import SecretStr

from graphs.agent import beforehand
from graphs.agent.errors import InvalidArguments, InvalidTool, ToolError
from graphs.agent.policy import Approval
from graphs.agent.tools import Tool, tool
from graphs.approvals.decisions import Approve, Edit
from storage import Storage
from tests.agent.conversing import Talk, calls, says


class Shop:
    """What there is to refund, and what was."""

    def __init__(self, left: Decimal = Decimal(100)) -> None:
        self.left = left
        self.refunded: list[Decimal] = []
        self.looks = 0

    def tool(self, *, gated: bool = True, **options: Any) -> Tool[..., Any]:
        @tool(
            **{
                "title": "Refund {amount:.2f} euro on order {order}",
                "check": self.check,
                "preview": self.preview,
                **options,
            },
            approval=Approval() if gated else None,
            repeatable=False if not gated else None,
        )
        def refund(order: int, amount: Decimal) -> str:
            """Refund."""
            self.refunded.append(amount)
            self.left -= amount
            return "refunded"

        return refund

    async def check(self, args: Any) -> str | None:
        self.looks += 1
        return f"Only {self.left} is left." if args.amount > self.left else None

    def preview(self, args: Any) -> str:
        return f"order {args.order} · {self.left} left"


ASKS = calls(("refund", {"order": 7, "amount": "30"}))


async def test_C9_the_payload_has_the_title_and_the_preview(storage: Storage):
    talk = Talk(storage, [Shop().tool()], ASKS, says("done"))
    await talk.say("refund")
    payload = (await talk.waiting()).payload
    assert payload["title"] == "Refund 30.00 euro on order 7"
    assert payload["preview"] == "order 7 · 100 left"


@pytest.mark.parametrize("gated", [True, False])
async def test_C8_an_impossible_call_asks_nobody_and_the_model_is_told(storage: Storage, gated: bool):
    shop = Shop(left=Decimal(20))
    talk = Talk(storage, [shop.tool(gated=gated)], ASKS, says("done"))
    await talk.say("refund")
    assert await talk.questions() == []
    assert await talk.results() == ["Impossible: Only 20 is left. The call did not run."]
    assert shop.refunded == []
    (refused,) = [message["refusal"] for message in await talk.messages() if "refusal" in message]
    assert refused == {"kind": "impossible", "why": "Only 20 is left."}


async def test_C8_a_call_that_became_impossible_while_it_waited_is_not_run(storage: Storage):
    shop = Shop()
    talk = Talk(storage, [shop.tool()], ASKS, says("done"))
    await talk.say("refund")
    shop.left = Decimal(20)
    await talk.decide(Approve())
    assert shop.refunded == []
    assert await talk.results() == ["Impossible: Only 20 is left. The call did not run."]


async def test_C9_what_the_preview_shows_is_approved_with_it(storage: Storage):
    shop = Shop()
    talk = Talk(storage, [shop.tool()], ASKS, says("done"))
    await talk.say("refund")
    shop.left = Decimal(90)
    first = await talk.decide(Approve())
    assert shop.refunded == []
    again = await talk.waiting()
    assert again.replaces == first.id
    assert again.payload["preview"] == "order 7 · 90 left"
    assert again.terms["why"] == "what the preview shows changed while this waited"
    await talk.decide(Approve())
    assert shop.refunded == [Decimal(30)]


async def test_an_edit_that_cannot_work_is_refused_where_it_is_made(storage: Storage):
    talk = Talk(storage, [Shop().tool()], ASKS, says("done"))
    await talk.say("refund")
    with pytest.raises(InvalidArguments) as refused:
        await talk.decide(Edit("refund", {"order": 7, "amount": "300"}))
    assert [str(problem) for problem in refused.value.problems] == ["Only 100 is left."]
    assert (await talk.waiting()).payload["title"] == "Refund 30.00 euro on order 7"


async def test_an_edited_call_runs_on_the_words_that_its_question_had(storage: Storage):
    shop = Shop()
    talk = Talk(storage, [shop.tool()], ASKS, says("done"))
    await talk.say("refund")
    await talk.decide(Edit("refund", {"order": 8, "amount": "40"}))
    edited = (await talk.questions())[-1]
    assert edited.payload["title"] == "Refund 40.00 euro on order 8"
    assert edited.payload["preview"] == "order 8 · 100 left"
    assert shop.refunded == [Decimal(40)]
    assert len(await talk.questions()) == 2


async def test_nothing_is_looked_at_again_once_the_call_was_begun(storage: Storage):
    shop = Shop()
    talk = Talk(storage, [shop.tool()], ASKS, says("done"))
    await talk.say("refund")
    await talk.decide(Approve())
    assert shop.looks == 2, "once before it was asked, once before it ran"


def raises(args: Any) -> str:
    raise RuntimeError("no connection")


def says_no(args: Any) -> str:
    raise ToolError("There is no order 7.")


@pytest.mark.parametrize(
    ("check", "why"),
    [
        (raises, beforehand.NO_CHECK),
        (says_no, "There is no order 7."),
        (lambda args: True, beforehand.NO_CHECK),
        (lambda args: "", beforehand.NO_CHECK),
    ],
)
async def test_C8_a_call_that_cannot_be_checked_is_not_run(storage: Storage, check: Callable[..., Any], why: str):
    shop = Shop()
    talk = Talk(storage, [shop.tool(check=check)], ASKS, says("done"))
    await talk.say("refund")
    assert await talk.questions() == []
    assert await talk.results() == [f"Impossible: {why} The call did not run."]


async def test_C9_a_preview_that_cannot_be_made_says_so(storage: Storage, caplog: pytest.LogCaptureFixture):
    shop = Shop()
    talk = Talk(storage, [shop.tool(preview=raises)], ASKS, says("done"))
    await talk.say("refund")
    assert (await talk.waiting()).payload["preview"] == beforehand.NO_PREVIEW
    assert "no connection" in caplog.text
    await talk.decide(Approve())
    assert shop.refunded == [Decimal(30)]


async def test_a_check_has_so_long_and_no_longer():
    async def forever(args: Any) -> None:
        await asyncio.Event().wait()

    refund = Shop().tool(check=forever)
    arguments = refund.validate({"order": 7, "amount": "30"})
    assert await beforehand.impossible(refund, arguments, within=0.01) == beforehand.NO_CHECK


async def test_a_long_preview_says_that_it_is_cut():
    refund = Shop().tool(preview=lambda args: "x" * 5000)
    said = await beforehand.words(refund, refund.validate({"order": 7, "amount": "30"}))
    assert said.preview is not None
    assert len(said.preview) == beforehand.LONGEST
    whole = hashlib.sha256(b"x" * 5000).hexdigest()
    assert said.preview.endswith(f"(the preview is cut here; the whole has 5,000 characters, SHA-256 {whole})")


async def test_what_is_cut_from_a_preview_is_approved_with_it_too(storage: Storage):
    shop = Shop()
    talk = Talk(storage, [shop.tool(preview=lambda args: "x" * 5000 + str(shop.left))], ASKS, says("done"))
    await talk.say("refund")
    shop.left = Decimal(90)
    first = await talk.decide(Approve())
    assert shop.refunded == []
    assert (await talk.waiting()).replaces == first.id


class Colour(Enum):
    RED = "red"


def titled(title: Any) -> Tool[..., Any]:
    @tool(title=title)
    def paint(colour: Colour, coats: int | None = None, ratio: float = 1.0, key: SecretStr | None = None) -> None:
        """Paint."""

    return paint


@pytest.mark.parametrize(
    ("title", "line"),
    [
        ("Paint it {colour}", "Paint it red"),
        ("Paint {coats} coats, {ratio:.1f}", "Paint none coats, 1.0"),
        ("Paint {{it}}", "Paint {it}"),
        (lambda args: f"Paint\n it {args.colour.value}", "Paint it red"),
        (lambda args: "x" * 500, "x" * 199 + "…"),
        (lambda args: f"key {args.key.get_secret_value()}", "key [hidden]"),
    ],
)
def test_a_title_is_one_line_of_the_arguments(title: Any, line: str):
    assert titled(title).title_of({"colour": "red", "key": "s3cret-key"}) == line


@pytest.mark.parametrize(
    "title", ["{coats:.2f} coats", raises, lambda args: None, lambda args: "  ", lambda args: args.nothing]
)
def test_a_title_that_cannot_be_written_is_none(title: Any, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.WARNING)
    assert titled(title).title_of({"colour": "red"}) is None


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("Paint {color}", "The arguments are: colour, coats, ratio, key"),
        ("Paint {colour.value}", "stands an argument's name"),
        ("Paint {colour!r}", "stands an argument's name"),
        ("Paint {ratio:{coats}}", "stands an argument's name"),
        ("Paint {}", "stands an argument's name"),
        ("Paint {0}", "stands an argument's name"),
        ("Paint {colour", "cannot be read"),
        ("Paint {key}", "which is a secret"),
        ("Paint {ratio:d}", "its type does not take"),
        ("Paint {coats:>1000000000}", "at most 200 characters"),
        ("Paint {ratio:.999999999f}", "at most 200 characters"),
        (" ", "title= is empty"),
        (7, "give a text"),
    ],
)
def test_a_title_that_could_not_be_filled_is_refused_where_it_stands(title: Any, said: str):
    with pytest.raises(InvalidTool) as refused:
        titled(title)
    assert said in str(refused.value)


@pytest.mark.parametrize("option", ["check", "preview"])
def test_what_is_no_function_is_refused(option: str):
    with pytest.raises(InvalidTool, match="give a function of the arguments"):
        Shop().tool(**{"gated": True, option: "no function"})
