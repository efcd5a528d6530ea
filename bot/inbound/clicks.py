"""Clicks and modals: who it was, what they decided, and an answer that says whether it counts.

A decision is stored before its click is acknowledged: an acknowledged click is a recorded click.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from slack_bolt.async_app import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from bot.forms import forms, modals
from bot.inbound import payloads
from bot.inbound.payloads import Body, Click, Person, Submission
from bot.people.people import People
from bot.shown import cards
from bot.shown import timeline as view
from bot.shown.calls import revision
from bot.shown.posting import Delivery
from bot.shown.records import record_of
from graphs.agent.desk import Decided, Desk, DoubtChoice, terms_of
from graphs.agent.errors import InvalidArguments
from graphs.approvals.decisions import Approve, Edit, Reject, Respond
from graphs.approvals.judge import Refused
from graphs.approvals.terms import Actor
from graphs.runtime.compiled import CompiledGraph
from storage import Storage, inbox, interrupts, posts
from storage.ids import ThreadId
from storage.interrupts import InterruptRow

logger = logging.getLogger(__name__)

EDIT_FORM = "edit_call"
REJECT_FORM = "reject_call"
RESPOND_FORM = "respond_to_call"

FormVerb = Literal["edit", "reject", "respond"]


@dataclass(frozen=True)
class Decisions:
    """The listeners of the buttons and forms of a card."""

    storage: Storage
    graph: CompiledGraph
    desk: Desk
    client: AsyncWebClient
    delivery: Delivery
    people: People

    async def approve(self, ack: AsyncAck, body: Body) -> None:
        click = payloads.click(body)
        thread_id, actor = await self._who_and_where(click)
        outcome = await self.desk.decide(click.value, thread_id, actor, Approve())
        await ack()
        await self._tell(click, outcome)

    async def approve_all(self, ack: AsyncAck, body: Body) -> None:
        """Decide exactly the rows that the card showed, and only those that this person may."""
        click = payloads.click(body)
        message_id, _, shown = click.value.rpartition(":")
        rows = await self._waiting_rows(await self._thread_of(click, message_id), message_id, shown)
        if isinstance(rows, Refused):
            await ack()
            return await self._tell(click, rows)
        refused: list[str] = []
        for row in rows:
            actor = await self._actor(click.person, row)
            outcome = await self.desk.decide(row.id, row.thread_id, actor, Approve())
            if isinstance(outcome, Refused):
                refused.append(f"{row.payload['name']}: {outcome.reason}")
        await ack()
        if refused:
            text = f"{len(rows) - len(refused)} of {len(rows)} approved. Not counted: " + " ".join(refused)
            await self._tell(click, Refused(text))
        return None

    async def settle_doubt(self, ack: AsyncAck, body: Body) -> None:
        click = payloads.click(body)
        choice = cast("DoubtChoice", click.action)
        thread_id, actor = await self._who_and_where(click)
        outcome = await self.desk.settle_doubt(click.value, thread_id, actor, choice)
        await ack()
        await self._tell(click, outcome)

    async def open_form(self, ack: AsyncAck, body: Body) -> None:
        """Edit, Reject and Respond ask for something first. The trigger lives three seconds."""
        click = payloads.click(body)
        verb = cast("FormVerb", click.action)
        thread_id, actor = await self._who_and_where(click)
        row = await self.desk.waiting(click.value, thread_id, actor, verb)
        if isinstance(row, Refused):
            await ack()
            return await self._tell(click, row)
        await self.client.views_open(trigger_id=click.trigger_id, view=self._form(verb, row))
        await ack()
        return None

    async def submit_edit(self, ack: AsyncAck, body: Body) -> None:
        form = payloads.submission(body)
        row = await self._asked(form)
        if row is None:
            return await self._refuse(ack, Refused("This question is not there any more."))
        tool = self.desk.toolbox[row.payload["name"]]

        def validate(values: Mapping[str, object]) -> Iterable[tuple[str, str]]:
            try:
                tool.validate(values)
            except InvalidArguments as error:
                return [(problem.field, problem.message) for problem in error.problems]
            return []

        try:
            values = forms.submitted(tool.parameters, form.values, validate)
        except forms.FormErrors as error:
            await ack(response_action="errors", errors=dict(error.errors))
            return None
        return await self._submit(ack, form, row, Edit(tool.name, values))

    async def submit_reject(self, ack: AsyncAck, body: Body) -> None:
        form = payloads.submission(body)
        await self._submit(ack, form, await self._asked(form), Reject(modals.read_reason(form.values)))

    async def submit_respond(self, ack: AsyncAck, body: Body) -> None:
        form = payloads.submission(body)
        await self._submit(ack, form, await self._asked(form), Respond(modals.read_reason(form.values)))

    async def retry(self, ack: AsyncAck, body: Body) -> None:
        """Try again what failed: put into the inbox like everything else that asks something of a thread."""
        click = payloads.click(body)
        place = click.place
        arrival = inbox.Delivery(
            f"{place.thread_id}:{click.action_ts}",
            "retry",
            place.thread_id,
            place.team,
            place.channel,
            click.action_ts,
            place.thread_ts,
            click.person.user,
            "",
        )
        await self.storage.write(lambda db: inbox.receive(db, arrival, self.storage.now()))
        await ack()

    async def _submit(
        self, ack: AsyncAck, form: Submission, row: InterruptRow | None, decision: Edit | Reject | Respond
    ) -> None:
        """Judge the submission like a click: who it is and what became of the question may have changed meanwhile."""
        if row is None:
            return await self._refuse(ack, Refused("This question is not there any more."))
        actor = await self._actor(form.person, row)
        outcome = await self.desk.decide(row.id, row.thread_id, actor, decision)
        if isinstance(outcome, Refused):
            return await self._refuse(ack, outcome)
        await ack()
        return None

    async def _who_and_where(self, click: Click) -> tuple[ThreadId, Actor]:
        """The thread that the clicked message speaks for, and the person as the question's terms see them."""
        row = await self.storage.read(lambda db: interrupts.get(db, click.value))
        message_id = row.terms.get("message_id", "") if row is not None and row.terms else ""
        return await self._thread_of(click, message_id), await self._actor(click.person, row)

    async def _thread_of(self, click: Click, message_id: str) -> ThreadId:
        """The thread of the place; for a copy, known by where we posted it, the thread of the card."""
        if not message_id:
            return click.place.thread_id
        channel, ts = click.place.channel, click.message_ts
        copies = await self.storage.read(lambda db: posts.beginning(db, view.calls_subject(message_id)))
        for post in copies:
            here = post.channel == channel and post.ts in (ts, None)  # None: it has arrived before we know its ts
            if here and view.copied_message(post.subject) == message_id:
                return post.thread_id
        return click.place.thread_id

    async def _actor(self, person: Person, row: InterruptRow | None) -> Actor:
        """The person, as far as the question's terms make it matter who they are; the call's conversation counts, not
        the place of the click."""
        if row is None or not row.terms:
            return await self.people.actor(person)
        held = await self.storage.read(lambda db: posts.conversation(db, row.thread_id))
        return await self.people.actor(person, terms_of(row), held.channel if held is not None else None)

    async def _asked(self, form: Submission) -> InterruptRow | None:
        return await self.storage.read(lambda db: interrupts.get(db, form.metadata))

    async def _refuse(self, ack: AsyncAck, refused: Refused) -> None:
        await ack(response_action="update", view=modals.notice_modal("Not counted", refused.reason))

    async def _tell(self, click: Click, outcome: Decided | Refused) -> None:
        if isinstance(outcome, Refused):
            await self.delivery.whisper(click.place, click.person.user, outcome.reason, in_thread=click.in_thread)

    async def _waiting_rows(self, thread_id: ThreadId, message_id: str, shown: str) -> list[InterruptRow] | Refused:
        record = await record_of(self.storage, self.desk.toolbox, thread_id)
        snapshot = await self.graph.aget_state({"configurable": {"thread_id": thread_id}})
        message = next((m for m in snapshot.values.get("messages", ()) if m["id"] == message_id), None)
        pages = cards.pages(record.calls(message, {})) if message is not None else []
        page = next((page for page in pages if revision(page) == shown), None)
        if page is None:
            return Refused("The card has changed since it was shown to you. Look at it again.")
        return [call.asked for call in page if call.waits and call.asked is not None]

    def _form(self, verb: FormVerb, row: InterruptRow) -> dict[str, Any]:
        name = row.payload["name"]
        if verb == "reject":
            return modals.reason_modal(REJECT_FORM, row.id)
        if verb == "respond":
            return modals.reason_modal(RESPOND_FORM, row.id, "Respond", "Respond")
        blocks = forms.inputs(self.desk.toolbox[name].parameters, json.loads(row.terms["data"]))
        return modals.modal(f"Edit {name}", EDIT_FORM, row.id, blocks, "Run edited call")
