"""What somebody is told whose click or form does not count, and why."""

from __future__ import annotations

from slack_bolt.async_app import AsyncAck

from bot.forms import modals
from bot.inbound.payloads import Click
from bot.people.people import People
from bot.shown.posting import Poster
from graphs.approvals.judge import Refused

NAMED_WITHIN = 0.5
"""Seconds for names in what is said to a form: Slack waits for the answer, and most of its three may be used up."""


async def whisper(poster: Poster, click: Click, refused: Refused, *, quotes: bool = False) -> None:
    """Say it privately where it was clicked; `quotes` when words of others are in it."""
    place, user = click.thread, click.person.user
    await poster.whisper(place, user, refused.reason, in_thread=click.in_thread, quotes=quotes)


async def refuse(people: People, ack: AsyncAck, refused: Refused, call: str = "") -> None:
    """Say it in the form's place; `call` is what it was about, as people name it."""
    # A modal's text has no mentions, only names.
    said = await people.read(refused.reason, within=NAMED_WITHIN)
    await ack(response_action="update", view=modals.notice_modal("Not counted", said.to_people, call))
