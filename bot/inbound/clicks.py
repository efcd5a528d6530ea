"""Clicks and modals: who it was, what they decided, and an answer that says whether it counts.

A decision is stored before its click is acknowledged: an acknowledged click is a recorded click.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from slack_bolt.async_app import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from bot.forms import modals
from bot.forms.forms import Form, FormErrors
from bot.inbound import payloads
from bot.inbound.asked import Asked, ask_again, asked_by, asked_in, card_of, failed_thread, title
from bot.inbound.opening import open_form
from bot.inbound.payloads import Body, Click, Person, Submission
from bot.people.people import People
from bot.shown import cards, naming, versions
from bot.shown.arguments import written
from bot.shown.posting import Poster
from bot.shown.shown_calls import ARGUMENTS_LIMIT, ShownCall, in_order, record_of, revision
from bot.shown.text import Block, escape, escape_visible, rich
from graphs.agent.desk import NO_TOOL, Decided, Desk, Poll
from graphs.agent.errors import InvalidArguments, UnstorableArguments
from graphs.agent.tools import Tool
from graphs.approvals.decisions import Approve, Edit, Reject, Respond
from graphs.approvals.judge import Refused
from graphs.approvals.states import DoubtChoice
from graphs.approvals.terms import Actor
from graphs.runtime.calling import awaitable
from graphs.runtime.compiled import CompiledGraph
from storage import Connection, Storage, inbox
from storage.errors import StorageUnavailable
from storage.ids import ThreadId
from storage.interrupts import InterruptRow

logger = logging.getLogger(__name__)

EDIT_FORM = "edit_call"
REJECT_FORM = "reject_call"
RESPOND_FORM = "respond_to_call"

NAMED_WITHIN = 0.5
"""Seconds for names in what is said to a form: Slack waits for the answer, and most of its three may be used up."""

FormVerb = Literal["edit", "reject", "respond"]


NOT_THERE = Refused("This question is not there any more.")
NOT_STORED = "This cannot be stored right now, so it does not count. Try again in a minute."
WENT_BACK = (
    "Nothing was done: an older copy of the database was put back, and this was decided since. It may have run "
    "already. Look whether it did, then decide on the card as it reads now."
)
_CHANGED = Refused("The card has changed since it was shown to you. Look at it again.")


@dataclass(frozen=True)
class Clicks:
    """The listeners of the buttons and forms of a card."""

    storage: Storage
    graph: CompiledGraph
    desk: Desk
    client: AsyncWebClient
    poster: Poster
    people: People

    async def approve(self, ack: AsyncAck, body: Body) -> None:
        click = payloads.click(body)
        asked = await self.storage.read(lambda db: asked_by(db, click))
        actor = await self._actor(click.person, asked)
        result = await self.desk.decide(click.value, asked.thread_id, actor, Approve(), asked.poll)
        await ack()
        await self._tell(click, _about(asked, result), quotes=_may_format(asked.title))

    async def approve_all(self, ack: AsyncAck, body: Body) -> None:
        """Decide exactly the rows that the card showed, and only those that this person may."""
        click = payloads.click(body)
        message_id, _, shown = click.value.rpartition(":")
        thread_id, channel = await self.storage.read(lambda db: card_of(db, click, message_id))
        questions = await self._waiting(thread_id, channel, message_id, shown)
        if isinstance(questions, Refused):
            await ack()
            return await self._tell(click, questions)
        terms = [asked.terms for asked in questions]
        actors = await self.people.actors(click.person, terms, channel, fresh=True)
        results = await asyncio.gather(
            *(self._approve(thread_id, asked, actor) for asked, actor in zip(questions, actors, strict=True))
        )
        refused = [
            f"• {escape_visible(asked.title)}: {result.reason}"
            for asked, result in zip(questions, results, strict=True)
            if isinstance(result, Refused)
        ]
        await ack()
        if refused:
            counted = f"{len(questions) - len(refused)} of {len(questions)} approved. Not counted:"
            await self._tell(click, Refused("\n".join([counted, *refused])), quotes=True)
        return None

    async def settle_doubt(self, ack: AsyncAck, body: Body) -> None:
        click = payloads.click(body)
        choice = cast("DoubtChoice", click.action)
        asked = await self.storage.read(lambda db: asked_by(db, click))
        actor = await self._actor(click.person, asked)
        result = await self.desk.settle_doubt(click.value, asked.thread_id, actor, choice, asked.poll)
        await ack()
        await self._tell(click, _about(asked, result), quotes=_may_format(asked.title))

    async def open_form(self, ack: AsyncAck, body: Body) -> None:
        """Edit, Reject and Respond ask for something first. The trigger lives three seconds."""
        click = payloads.click(body)
        verb = cast("FormVerb", click.action)
        asked = await self.storage.read(lambda db: asked_by(db, click))
        actor = await self._actor(click.person, asked, fresh=False)
        row = await self.desk.waiting(click.value, asked.thread_id, actor, verb, asked.poll)
        view = row if isinstance(row, Refused) else self._form(verb, row)
        if isinstance(view, Refused):
            await ack()
            return await self._tell(click, _about(asked, view), quotes=True)
        await ack()  # nothing is decided yet; and whatever becomes of the form, Slack waits no longer for the click
        why = await open_form(self.client, click.trigger_id, view, verb.capitalize(), escape_visible(asked.title))
        return await self._tell(click, Refused(why), quotes=True) if why is not None else None

    async def submit_edit(self, ack: AsyncAck, body: Body) -> None:
        form = payloads.submission(body)
        asked = await self.storage.read(lambda db: asked_in(db, form))
        if asked is None or asked.poll.row is None:
            return await self._refuse(ack, NOT_THERE)
        tool = self._tool(asked.name)
        if tool is None:
            return await self._refuse(ack, NO_TOOL, asked.title)

        def validate(values: Mapping[str, object]) -> Iterable[tuple[str, str]]:
            try:
                tool.validate(values)
            except InvalidArguments as error:
                return [(problem.field, problem.message) for problem in error.problems]
            except UnstorableArguments:
                return [("", "These values do not stay the same when they are stored. Choose others.")]
            return []

        try:
            filled = _form_of(tool, asked.poll.row)
            values = await awaitable(filled.submitted, bounded=False)(form.values, validate)
        except FormErrors as error:
            await ack(response_action="errors", errors=dict(error.errors))
            return None
        return await self._submit(ack, form, asked, Edit(tool.name, values))

    async def submit_reject(self, ack: AsyncAck, body: Body) -> None:
        form = payloads.submission(body)
        asked = await self.storage.read(lambda db: asked_in(db, form))
        await self._submit(ack, form, asked, Reject(modals.read_text(form.values)))

    async def submit_respond(self, ack: AsyncAck, body: Body) -> None:
        form = payloads.submission(body)
        asked = await self.storage.read(lambda db: asked_in(db, form))
        text = modals.read_text(form.values)
        if asked is not None and not text:
            await ack(response_action="errors", errors=modals.missing_text())
            return
        await self._submit(ack, form, asked, Respond(text))

    async def retry(self, ack: AsyncAck, body: Body) -> None:
        """Try a turn again that failed: put into the inbox like everything else that asks something of a thread."""
        click = payloads.click(body)
        thread = click.thread
        thread_id = await self.storage.read(lambda db: failed_thread(db, click))
        delivery = inbox.Delivery(
            f"{thread.thread_id}:{click.action_ts}",
            "retry",
            thread_id,
            thread.team,
            thread.channel,
            click.action_ts,
            thread.thread_ts,
            click.person.user,
            click.value,
        )
        now = self.storage.now()
        await self.storage.write(lambda db: inbox.receive(db, delivery, now))
        await ack()

    async def went_back(self, ack: AsyncAck, body: Body) -> None:
        """A click on a card that was decided since the copy of the database was made that is in use now."""
        click, now = payloads.click(body), self.storage.now()
        await self.storage.write(lambda db: ask_again(db, click, now))
        await ack()
        logger.error("thread %s: %s", click.thread.thread_id, versions.WHY)
        await self._tell(click, Refused(WENT_BACK))

    async def not_stored(self, ack: AsyncAck, body: Body) -> None:
        """A click or a form whose outcome could not be stored: nothing has changed, and what was typed stays."""
        if "view" not in body:
            await ack()
            click = payloads.click(body)
            return await self.poster.whisper(click.thread, click.person.user, NOT_STORED, in_thread=click.in_thread)
        form = payloads.submission(body)
        if not form.values:
            return await self._refuse(ack, Refused(NOT_STORED))
        await ack(response_action="errors", errors={next(iter(form.values)): NOT_STORED})
        return None

    async def _approve(self, thread_id: ThreadId, asked: Asked, actor: Actor) -> Decided | Refused:
        """One of several rows: what cannot be stored of it takes nothing from the others."""
        try:
            return await self.desk.decide(asked.id, thread_id, actor, Approve(), asked.poll)
        except StorageUnavailable:
            return Refused(NOT_STORED)

    async def _submit(
        self, ack: AsyncAck, form: Submission, asked: Asked | None, decision: Edit | Reject | Respond
    ) -> None:
        """Judge the submission like a click: who it is and what became of the question may have changed meanwhile."""
        if asked is None:
            return await self._refuse(ack, NOT_THERE)
        actor = await self._actor(form.person, asked)
        result = await self.desk.decide(asked.id, asked.thread_id, actor, decision, asked.poll)
        if isinstance(result, Refused):
            return await self._refuse(ack, result, asked.title)
        await ack()
        return None

    async def _actor(self, person: Person, asked: Asked, *, fresh: bool = True) -> Actor:
        """The person, as far as the question's terms make it matter who they are; the call's conversation counts, not
        the one that was clicked in. Who they are by now, unless nothing is decided yet.
        """
        return await self.people.actor(person, asked.terms, asked.channel, fresh=fresh)

    async def _refuse(self, ack: AsyncAck, refused: Refused, call: str = "") -> None:
        """Say why a form does not count; `call` is what it was about, as people name it."""
        # A modal's text has no mentions, only names.
        said = await self.people.read(refused.reason, within=NAMED_WITHIN)
        await ack(response_action="update", view=modals.notice_modal("Not counted", said.to_people, call))

    async def _tell(self, click: Click, result: Decided | Refused, *, quotes: bool = False) -> None:
        """Say why it does not count; `quotes` when words of others are in that."""
        if isinstance(result, Refused):
            place, user = click.thread, click.person.user
            await self.poster.whisper(place, user, result.reason, in_thread=click.in_thread, quotes=quotes)

    async def _waiting(
        self, thread_id: ThreadId, channel: str | None, message_id: str, shown: str
    ) -> list[Asked] | Refused:
        """What the card showed as waiting, if it still shows the same."""

        def look(db: Connection) -> list[ShownCall]:
            snapshot = self.graph.state_on(db, {"configurable": {"thread_id": thread_id}})
            message = next((m for m in snapshot.values.get("messages", ()) if m["id"] == message_id), None)
            if message is None:
                return []
            return record_of(db, self.desk.toolbox, thread_id, [message]).calls(message, {})

        pages = cards.pages(await self.storage.read(look))
        page = next((page for page in pages if revision(page) == shown), None)
        if page is None:
            return _CHANGED
        return [
            Asked(thread_id, channel, Poll(call.asked, call.record.votes_for(call.asked)))
            for call in page
            if call.waits and call.asked is not None
        ]

    def _form(self, verb: FormVerb, row: InterruptRow) -> Block | Refused:
        if verb == "reject":
            return modals.reject_modal(REJECT_FORM, row.id, title(row), self._arguments(row))
        if verb == "respond":
            return modals.respond_modal(RESPOND_FORM, row.id, title(row), self._arguments(row))
        name = row.payload["name"]
        tool = self._tool(name)
        if tool is None:
            return NO_TOOL
        form = _form_of(tool, row)
        if form.unsupported is not None:
            return Refused(escape(form.unsupported))
        return modals.modal(f"Edit {naming.in_words(name).lower()}", EDIT_FORM, row.id, form.blocks, "Run Edited Call")

    def _arguments(self, row: InterruptRow) -> list[Block]:
        """What the form is about, as the card shows it, where the call's title does not say all of it."""
        args, tool = row.payload["args"], self._tool(row.payload["name"])
        if naming.says_all(row.payload["name"], args):
            return []
        ordered = in_order(args, tool.parameters) if tool is not None else args
        parts = written(ordered, {}, ARGUMENTS_LIMIT).parts
        return [rich(*parts)] if parts else []

    def _tool(self, name: str) -> Tool[..., Any] | None:
        return self.desk.toolbox[name] if name in list(self.desk.toolbox) else None


def _about(asked: Asked, result: Decided | Refused) -> Decided | Refused:
    """With the call that it is about: there may be several on a card, and a form covers it."""
    if isinstance(result, Refused) and asked.title:
        return Refused(f"{escape_visible(asked.title)}: {result.reason}")
    return result


def _may_format(text: str) -> bool:
    """Whether Slack could take something in it for a format, an emoji or a link."""
    return any(mark in text for mark in "*_~`:<>&")


def _form_of(tool: Tool[..., Any], row: InterruptRow) -> Form:
    """The form of what is asked: when it opens, and again when it is submitted."""
    return Form(tool.parameters, json.loads(row.terms["data"]))
