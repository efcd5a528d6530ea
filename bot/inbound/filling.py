"""Forms of a card: opened for who may decide, read when they are submitted, over as many views as it takes.

A submission is judged like a click: who it is and what became of the question may have changed meanwhile.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from slack_bolt.async_app import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from bot.forms import modals, problems
from bot.forms.forms import Form, FormErrors, Validate
from bot.forms.inputs import StateValues
from bot.inbound import payloads, stacked
from bot.inbound.asked import NOT_STORED, Asked, about, asked_by, asked_in, title
from bot.inbound.opening import open_form
from bot.inbound.payloads import Body, Person, Submission
from bot.inbound.refusing import refuse, whisper
from bot.people.people import People
from bot.shown import naming
from bot.shown.arguments import written
from bot.shown.on_record import in_order
from bot.shown.posting import Poster
from bot.shown.shown_calls import ARGUMENTS_LIMIT
from bot.shown.text import Block, escape, escape_visible, rich
from graphs.agent.desk import NO_TOOL, Desk
from graphs.agent.errors import InvalidArguments, Problem, UnstorableArguments
from graphs.agent.tools import Tool
from graphs.approvals.decisions import Edit, Reject, Respond
from graphs.approvals.judge import Refused
from graphs.runtime.calling import awaitable
from storage import Storage
from storage.interrupts import InterruptRow

EDIT_FORMS = ("edit_call", "edit_call_2", "edit_call_3")
"""The views of one edit, by their place in the stack."""

REJECT_FORM = "reject_call"
RESPOND_FORM = "respond_to_call"

FormVerb = Literal["edit", "reject", "respond"]

NOT_THERE = Refused("This question is not there any more. Look at the card as it is now.")
UNSTORABLE = "These values do not stay the same when they are stored. Choose others."


@dataclass(frozen=True)
class Filling:
    """The listeners of the buttons that open a form, and of the forms."""

    storage: Storage
    desk: Desk
    client: AsyncWebClient
    poster: Poster
    people: People

    async def open_form(self, ack: AsyncAck, body: Body) -> None:
        """Edit, Reject and Respond ask for something first. The trigger lives three seconds."""
        click = payloads.click(body)
        verb = cast("FormVerb", click.action)
        asked = await self.storage.read(lambda db: asked_by(db, click))
        actor = await self.people.actor(click.person, asked.terms, asked.channel)
        row = await self.desk.waiting(click.value, asked.thread_id, actor, verb, asked.poll)
        view = row if isinstance(row, Refused) else await self._view(verb, row, click.person)
        await ack()  # nothing is decided yet; and whatever becomes of the form, Slack waits no longer for the click
        if isinstance(view, Refused):
            refused = about(asked, view)
        else:
            call = escape_visible(asked.title)
            why = await open_form(self.client, click.trigger_id, view, verb.capitalize(), call)
            refused = Refused(why) if why is not None else None
        if isinstance(refused, Refused):
            await whisper(self.poster, click, refused, quotes=True)

    async def suggest(self, ack: AsyncAck, body: Body) -> None:
        """The options of an input that has too many to be shown."""
        looked_for = payloads.suggestion(body)
        asked = await self.storage.read(lambda db: asked_in(db, looked_for.form))
        tool = self.desk.toolbox.find(asked.name) if asked is not None else None
        if asked is None or asked.poll.row is None or tool is None:
            await ack(options=[])
        else:
            form = Form(tool.parameters, json.loads(asked.poll.row.terms["data"]))
            await ack(options=form.suggested(looked_for.block_id, looked_for.text))

    async def submit_edit(self, ack: AsyncAck, body: Body) -> None:
        form = payloads.submission(body)
        asked = await self.storage.read(lambda db: asked_in(db, form))
        if asked is None or asked.poll.row is None:
            return await refuse(self.people, ack, NOT_THERE)
        row, tool = asked.poll.row, self.desk.toolbox.find(asked.name)
        if tool is None:
            return await refuse(self.people, ack, NO_TOOL, asked.title)
        page, filled = EDIT_FORMS.index(form.callback_id), await self._form(tool, row, form.person)

        def again(problem: str) -> Block:
            return _edit_view(row, filled, page, problem, form.values)

        state = await stacked.filled(self.storage, form, page)
        is_last = page == len(filled.pages) - 1
        try:
            values = await awaitable(filled.submitted, bounded=False)(state, _validating(tool, filled), is_last=is_last)
            if is_last:
                return await self._submit(ack, form, asked, Edit(tool.name, values))
        except FormErrors as error:
            return await stacked.mend(ack, form, filled, error, again)
        except InvalidArguments as error:
            said = " ".join(problems.in_words(problem) for problem in error.problems)
            return await stacked.mend(ack, form, filled, FormErrors({}, said), again)
        actor = await self.people.actor(form.person, asked.terms, asked.channel)
        waiting = await self.desk.waiting(asked.id, asked.thread_id, actor, "edit", asked.poll)
        if isinstance(waiting, Refused):  # so that nobody fills in the next view for nothing
            return await refuse(self.people, ack, waiting, asked.title)
        await stacked.keep(self.storage, form, page)
        await ack(response_action="push", view=_edit_view(row, filled, page + 1))
        return None

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

    async def not_stored(self, ack: AsyncAck, body: Body) -> None:
        """A form whose outcome could not be stored: nothing has changed, and what was typed stays."""
        form = payloads.submission(body)
        if not form.values:
            return await refuse(self.people, ack, Refused(NOT_STORED))
        await ack(response_action="errors", errors={next(iter(form.values)): NOT_STORED})
        return None

    async def _submit(
        self, ack: AsyncAck, form: Submission, asked: Asked | None, decision: Edit | Reject | Respond
    ) -> None:
        if asked is None:
            return await refuse(self.people, ack, NOT_THERE)
        actor = await self.people.actor(form.person, asked.terms, asked.channel, fresh=True)
        result = await self.desk.decide(asked.id, asked.thread_id, actor, decision, asked.poll)
        if isinstance(result, Refused):
            return await refuse(self.people, ack, result, asked.title)
        await stacked.close(self.storage, ack, form)
        return None

    async def _view(self, verb: FormVerb, row: InterruptRow, person: Person) -> Block | Refused:
        if verb == "reject":
            return modals.reject_modal(REJECT_FORM, row.id, title(row), self._arguments(row))
        if verb == "respond":
            return modals.respond_modal(RESPOND_FORM, row.id, title(row), self._arguments(row))
        tool = self.desk.toolbox.find(row.payload["name"])
        if tool is None:
            return NO_TOOL
        form = await self._form(tool, row, person)
        return Refused(escape(form.unsupported)) if form.unsupported is not None else _edit_view(row, form, 0)

    async def _form(self, tool: Tool[..., Any], row: InterruptRow, person: Person) -> Form:
        """The form of what is asked, for this reader: when it opens, and again when it is submitted."""
        values = json.loads(row.terms["data"])
        form = Form(tool.parameters, values, fixed=tool.fixed)
        zone = await self.people.zone(person.user) if form.asks_for_moments else ""
        return Form(tool.parameters, values, zone, tool.fixed) if zone else form

    def _arguments(self, row: InterruptRow) -> list[Block]:
        """What the form is about, as the card shows it, where the call's title does not say all of it."""
        args, tool = row.payload["args"], self.desk.toolbox.find(row.payload["name"])
        if not row.payload.get("title") and naming.says_all(row.payload["name"], args):
            return []
        ordered = in_order(args, tool.parameters) if tool is not None else args
        parts = written(ordered, {}, ARGUMENTS_LIMIT).parts
        return [rich(*parts)] if parts else []


def _validating(tool: Tool[..., Any], form: Form) -> Validate:
    def validate(values: dict[str, object]) -> Iterable[tuple[str, str]]:
        found = _problems(tool, values)
        if form.leave_zones_out(values, [each.field for each in found if each.kind == "timezone_naive"]):
            found = _problems(tool, values)
        return [(each.field, problems.in_words(each)) for each in found]

    return validate


def _problems(tool: Tool[..., Any], values: Mapping[str, object]) -> Sequence[Problem]:
    try:
        tool.validate(values)
    except InvalidArguments as error:
        return error.problems
    except UnstorableArguments:
        return [Problem("", UNSTORABLE)]
    return []


def _edit_view(row: InterruptRow, form: Form, page: int, problem: str = "", typed: StateValues | None = None) -> Block:
    """One of the views of an edit; `problem` is what is wrong with the whole, `typed` what it holds by now."""
    name, place = naming.tool_in_words(row.payload["name"]), (page + 1, len(form.pages))
    return modals.edit_modal(EDIT_FORMS[page], row.id, name, form.page(page, typed), place=place, problem=problem)
