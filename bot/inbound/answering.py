"""Answers to what a graph of one's own asks, and what is done at its stops: by a button, or in a form.

An answer is stored before its click is acknowledged.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

from slack_bolt.async_app import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from bot.forms import modals
from bot.forms.forms import Form, FormErrors
from bot.halting import Halting
from bot.hosting import Hosts
from bot.inbound import payloads
from bot.inbound.opening import open_form
from bot.inbound.payloads import Body, Click, Submission
from bot.people.people import People
from bot.shown import questions
from bot.shown.posting import Poster
from bot.shown.text import Block, escape_visible
from graphs.agent.question_desk import NOT_THERE, STOP, QuestionDesk, terms_of
from graphs.approvals.judge import Refused
from graphs.errors import GraphError, InvalidAnswer
from graphs.runtime.calling import awaitable
from storage import Storage, drafts, interrupts, posts
from storage.interrupts import InterruptRow

FORMS = ("answer_form", "answer_form_2", "answer_form_3")
"""The views of one answer, by their place in the stack."""

_ONE = "answer"
"""The field of an answer that is no object."""


@dataclass(frozen=True)
class Answering:
    """The listeners of the cards of questions and stops."""

    storage: Storage
    hosts: Hosts
    client: AsyncWebClient
    poster: Poster
    people: People
    halting: Halting

    @property
    def desk(self) -> QuestionDesk:
        return QuestionDesk(self.storage)

    async def answer(self, ack: AsyncAck, body: Body) -> None:
        """Yes, No, or one of a few options; Continue at a stop."""
        click = payloads.click(body)
        row = await self._row(click.value)
        result = NOT_THERE if row is None else await self._store(row, click, _meant(click.action, row))
        await ack()
        await self._tell(click, result)

    async def open_form(self, ack: AsyncAck, body: Body) -> None:
        """An answer in words, and the state at a stop, are written into a form. The trigger lives three seconds."""
        click = payloads.click(body)
        row = await self._row(click.value)
        found: InterruptRow | Refused = NOT_THERE
        if row is not None:
            found = await self.desk.waiting(row, row.thread_id, await self._actor(click, row, fresh=False))
        form = None if isinstance(found, Refused) else await self._form(found)
        await ack()
        if isinstance(found, Refused) or form is None:
            return await self._tell(click, found)
        label = "Edit State" if found.kind == STOP else "Answer"
        said = escape_visible(questions.Card(found, {}).first_line)
        why = await open_form(self.client, click.trigger_id, _view(found, form, 0), label, said)
        return await self._tell(click, Refused(why)) if why is not None else None

    async def submit(self, ack: AsyncAck, body: Body) -> None:
        """An answer that does not fit leaves the question open, and the form says why."""
        form = payloads.submission(body)
        row = await self._row(form.metadata)
        filled = None if row is None else await self._form(row)
        if row is None or filled is None:
            return await self._refuse(ack, NOT_THERE)
        page = FORMS.index(form.callback_id)
        earlier = await self.storage.read(lambda db: drafts.before(db, form.root_id, page)) if page else []
        state = {**{block: given for draft in earlier for block, given in json.loads(draft).items()}, **form.values}
        is_last = page == len(filled.pages) - 1
        try:
            values = await awaitable(filled.submitted, bounded=False)(state, lambda _: (), is_last=is_last)
            if is_last:
                return await self._take(ack, form, row, _plain(values))
        except FormErrors as error:
            return await _mend(ack, row, form, filled, error)
        except InvalidAnswer as error:
            return await _mend(ack, row, form, filled, FormErrors({}, _why(error)))
        draft, now = json.dumps(form.values), self.storage.now()
        await self.storage.write(lambda db: drafts.keep(db, form.root_id, page, draft, now))
        await ack(response_action="push", view=_view(row, filled, page + 1))
        return None

    async def stop(self, ack: AsyncAck, body: Body) -> None:
        """End the run at a stop."""
        click = payloads.click(body)
        row = await self._row(click.value)
        if row is None:
            await ack()
            return await self._tell(click, NOT_THERE)
        found = await self.desk.waiting(row, row.thread_id, await self._actor(click, row))
        said = None if isinstance(found, Refused) else await self.halting.stop(click.thread, click.person)
        await ack()
        return await self._tell(click, found if said is None else None)

    async def _take(self, ack: AsyncAck, form: Submission, row: InterruptRow, values: Mapping[str, Any]) -> None:
        """Store the answer, or the edited state."""
        if row.kind == STOP:
            result = await self._edit(form, row, values)
        else:
            result = await self._store(row, form, values if _is_object(row.schema) else values.get(_ONE))
        if isinstance(result, Refused):
            return await self._refuse(ack, result)
        if form.view_id == form.root_id:
            await ack()
        else:
            await ack(response_action="clear")
            await self.storage.write(lambda db: drafts.drop(db, form.root_id))
        return None

    async def _edit(self, form: Submission, row: InterruptRow, values: Mapping[str, Any]) -> InterruptRow | Refused:
        """Change the state where it stands, as if the node that ran last had: what is unchanged is not written."""
        found = await self.desk.waiting(row, row.thread_id, await self._actor(form, row))
        if isinstance(found, Refused):
            return found
        graph = self.hosts.of(row.thread_id).graph
        config: Any = {"configurable": {"thread_id": row.thread_id}}
        before = (await graph.aget_state(config)).values
        changed = {name: value for name, value in values.items() if before.get(name) != value}
        try:
            if changed:
                await graph.aupdate_state(config, changed)
        except GraphError as error:
            raise InvalidAnswer(str(error)) from error
        return found

    async def _form(self, row: InterruptRow) -> Form | None:
        """The form of an answer, filled with what was asked about under the same names; of a state, with that."""
        if row.kind != STOP:
            value: Any = row.payload
            return Form(_schema(row.schema), dict(value) if isinstance(value, Mapping) else {})
        config: Any = {"configurable": {"thread_id": row.thread_id}}
        hosted = self.hosts.of(row.thread_id)
        values = (await hosted.graph.aget_state(config)).values
        form = Form(
            hosted.state_schema, {name: values[name] for name in hosted.state_schema["properties"] if name in values}
        )
        return form if form.unsupported is None else None

    async def _store(self, row: InterruptRow, by: Click | Submission, value: Any) -> InterruptRow | Refused:
        return await self.desk.answer(row, row.thread_id, await self._actor(by, row), value)

    async def _actor(self, by: Click | Submission, row: InterruptRow, *, fresh: bool = True) -> Any:
        held = await self.storage.read(lambda db: posts.conversation(db, row.thread_id))
        return await self.people.actor(by.person, terms_of(row), held.channel if held else None, fresh=fresh)

    async def _row(self, interrupt_id: str) -> InterruptRow | None:
        return await self.storage.read(lambda db: interrupts.get(db, interrupt_id))

    async def _tell(self, click: Click, result: InterruptRow | Refused | None) -> None:
        if isinstance(result, Refused):
            place, user = click.thread, click.person.user
            await self.poster.whisper(place, user, result.reason, in_thread=click.in_thread, quotes=True)

    async def _refuse(self, ack: AsyncAck, refused: Refused) -> None:
        said = await self.people.read(refused.reason, within=0.5)
        await ack(response_action="update", view=modals.notice_modal("Not counted", said.to_people))


def _meant(action: str, row: InterruptRow) -> Any:
    """The answer that a button stands for."""
    if action in (questions.YES, questions.NO):
        return action == questions.YES
    if action in questions.OPTIONS:
        choices = questions.options(row.schema)
        number = questions.OPTIONS.index(action)
        return choices[number] if number < len(choices) else None
    return None


def _is_object(schema: Any) -> bool:
    return isinstance(schema, Mapping) and cast("Mapping[str, Any]", schema).get("type") == "object"


def _schema(schema: Any) -> dict[str, Any]:
    """What is filled in, as an object: an answer that is none is its only field, any text where no schema says more."""
    if _is_object(schema):
        return dict(cast("Mapping[str, Any]", schema))
    plain: dict[str, Any] = dict(cast("Mapping[str, Any]", schema)) if schema else {"type": "string", "format": "long"}
    definitions = plain.pop("$defs", {})
    return {"type": "object", "properties": {_ONE: plain}, "required": [_ONE], "$defs": definitions}


def _plain(values: Mapping[str, object]) -> dict[str, Any]:
    """The values as JSON has them: a number that a form gave exactly is one of JSON's."""
    return {name: _number(value) for name, value in values.items()}


def _number(value: Any) -> Any:
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case dict():
            return _plain(cast("dict[str, object]", value))
        case list():
            return [_number(each) for each in cast("list[object]", value)]
        case _:
            return value


def _why(error: InvalidAnswer) -> str:
    """What does not fit, without the id of the question."""
    said = str(error).partition("does not fit: ")[2].removesuffix(" It still waits.") or str(error)
    return said[:1].upper() + said[1:]


def _view(row: InterruptRow, form: Form, page: int, problem: str = "") -> Block:
    pages = form.pages
    place = (page + 1, len(pages))
    if row.kind == STOP:
        said = "What you submit takes the place of the state. The run goes on once you continue it."
        return modals.page_modal("Edit state", FORMS[page], row.id, pages[page], said, "Save State", place, problem)
    said = questions.Card(row, {}).first_line
    return modals.page_modal("Answer", FORMS[page], row.id, pages[page], said, "Send Answer", place, problem)


async def _mend(ack: AsyncAck, row: InterruptRow, form: Submission, filled: Form, error: FormErrors) -> None:
    """Say what is wrong, at its field or of the whole; what was typed stays."""
    if here := {block: said for block, said in error.errors.items() if block in form.values}:
        await ack(response_action="errors", errors=here)
        return
    elsewhere = [f"{filled.label_of(block)}: {said}" for block, said in error.errors.items()]
    said = " ".join(filter(None, [error.whole, *elsewhere]))
    await ack(response_action="update", view=_view(row, filled, FORMS.index(form.callback_id), said))
