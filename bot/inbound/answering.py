"""Answers to what a graph, or a tool while it runs, asks, and what is done at its stops: by a button, or in a form.

An answer is stored before its click is acknowledged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slack_bolt.async_app import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from bot.forms import modals
from bot.forms.answers import AnswerForm
from bot.forms.forms import FormErrors
from bot.forms.inputs import StateValues
from bot.halting import Halting
from bot.hosting import Hosts
from bot.inbound import payloads, stacked
from bot.inbound.opening import open_form
from bot.inbound.payloads import Body, Click, Person, Submission
from bot.inbound.refusing import refuse, whisper
from bot.people.people import People
from bot.shown import choices, questions
from bot.shown.posting import Poster
from bot.shown.text import Block, escape_visible
from graphs.agent.question_desk import NOT_THERE, STOP, QuestionDesk, terms_of
from graphs.approvals.judge import Refused
from graphs.errors import GraphError, InvalidAnswer
from graphs.runtime.calling import awaitable
from graphs.runtime.configs import config_of
from storage import Storage, interrupts, posts
from storage.interrupts import InterruptRow

FORMS = ("answer_form", "answer_form_2", "answer_form_3")
"""The views of one answer, by their place in the stack."""


NO_FORM = Refused("Nothing of this can be filled in with a form here. Whoever runs this can say what it expects.")


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
        form = None if isinstance(found, Refused) else await self._form(found, click.person)
        await ack()
        if isinstance(found, Refused) or form is None:
            return await self._tell(click, found if isinstance(found, Refused) else NO_FORM)
        label = "Edit State" if found.kind == STOP else "Answer"
        said = escape_visible(questions.Card(found, {}).first_line)
        why = await open_form(self.client, click.trigger_id, _view(found, form, 0), label, said)
        return await self._tell(click, Refused(why)) if why is not None else None

    async def submit(self, ack: AsyncAck, body: Body) -> None:
        """An answer that does not fit leaves the question open, and the form says why."""
        form = payloads.submission(body)
        row = await self._row(form.metadata)
        filled = None if row is None else await self._form(row, form.person)
        if row is None or filled is None:
            return await refuse(self.people, ack, NOT_THERE)
        page = FORMS.index(form.callback_id)
        state = await stacked.filled(self.storage, form, page)
        is_last = page == len(filled.form.pages) - 1

        def again(problem: str) -> Block:
            return _view(row, filled, page, problem, form.values)

        try:
            given = await awaitable(filled.submitted, bounded=False)(state, is_last=is_last)
            if is_last:
                return await self._take(ack, form, row, given)
        except FormErrors as error:
            return await stacked.mend(ack, form, filled.form, error, again)
        except InvalidAnswer as error:
            return await stacked.mend(ack, form, filled.form, FormErrors({}, _why(error)), again)
        await stacked.keep(self.storage, form, page)
        await ack(response_action="push", view=_view(row, filled, page + 1))
        return None

    async def suggest(self, ack: AsyncAck, body: Body) -> None:
        """The options of an input that has too many to be shown."""
        looked_for = payloads.suggestion(body)
        row = await self._row(looked_for.form.metadata)
        filled = None if row is None else await self._form(row, looked_for.form.person)
        found = [] if filled is None else filled.form.suggested(looked_for.block_id, looked_for.text)
        await ack(options=found)

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

    async def _take(self, ack: AsyncAck, form: Submission, row: InterruptRow, given: Any) -> None:
        """Store the answer, or the edited state."""
        result = await (self._edit(form, row, given) if row.kind == STOP else self._store(row, form, given))
        if isinstance(result, Refused):
            return await refuse(self.people, ack, result)
        await stacked.close(self.storage, ack, form)
        return None

    async def _edit(self, form: Submission, row: InterruptRow, values: Mapping[str, Any]) -> InterruptRow | Refused:
        """Change the state where it stands, as if the node that ran last had: what is unchanged is not written."""
        graph, config = self.hosts.of(row.thread_id).graph, config_of(row.thread_id)
        before = (await graph.aget_state(config)).values
        changed = {name: value for name, value in values.items() if before.get(name) != value}
        actor = await self._actor(form, row)
        if not changed:
            return await self.desk.waiting(row, row.thread_id, actor)
        try:
            return await self.desk.edit(
                row, row.thread_id, actor, list(changed), lambda job: graph.aupdate_state(config, changed, first=job)
            )
        except GraphError as error:
            raise InvalidAnswer(str(error)) from error

    async def _form(self, row: InterruptRow, reader: Person) -> AnswerForm | None:
        """The form of an answer, filled with what was asked about under the same names; of a state, with that. None
        where nothing of that can be filled in.
        """
        schema, given = row.schema, row.payload
        if row.kind == STOP:
            hosted = self.hosts.of(row.thread_id)
            schema, given = hosted.edit_schema, (await hosted.graph.aget_state(config_of(row.thread_id))).values
        values: Mapping[str, Any] = dict(given) if isinstance(given, Mapping) else {}
        form = AnswerForm(schema, values)
        if form.form.asks_for_moments:
            form = AnswerForm(schema, values, await self.people.zone(reader.user))
        return form if form.form.unsupported is None else None

    async def _store(self, row: InterruptRow, by: Click | Submission, value: Any) -> InterruptRow | Refused:
        return await self.desk.answer(row, row.thread_id, await self._actor(by, row), value)

    async def _actor(self, by: Click | Submission, row: InterruptRow, *, fresh: bool = True) -> Any:
        channel = await self.storage.read(lambda db: posts.channel_of(db, row.thread_id))
        return await self.people.actor(by.person, terms_of(row), channel, fresh=fresh)

    async def _row(self, interrupt_id: str) -> InterruptRow | None:
        return await self.storage.read(lambda db: interrupts.get(db, interrupt_id))

    async def _tell(self, click: Click, result: InterruptRow | Refused | None) -> None:
        if isinstance(result, Refused):
            await whisper(self.poster, click, result, quotes=True)


def _meant(action: str, row: InterruptRow) -> Any:
    """The answer that a button stands for."""
    if action in (questions.YES, questions.NO):
        return action == questions.YES
    if action in questions.OPTIONS:
        given = choices.options(row.schema)
        number = questions.OPTIONS.index(action)
        return given[number] if number < len(given) else None
    return None


def _why(error: InvalidAnswer) -> str:
    """What does not fit, without the id of the question."""
    said = str(error).partition("does not fit: ")[2].removesuffix(" It still waits.") or str(error)
    return said[:1].upper() + said[1:]


def _view(
    row: InterruptRow, filled: AnswerForm, page: int, problem: str = "", typed: StateValues | None = None
) -> Block:
    """One of the views of an answer; `problem` is what is wrong with the whole, `typed` what it holds by now."""
    if row.kind == STOP:
        title, submit = "Edit state", "Save State"
        said = "What you submit takes the place of the state. The run goes on once you continue it."
    else:
        title, submit = "Answer", "Send Answer"
        said = questions.Card(row, {}).first_line
    blocks = filled.form.page(page, typed)
    view = modals.modal(title, FORMS[page], row.id, blocks, submit)
    return modals.form_view(view, said, blocks, place=(page + 1, len(filled.form.pages)), problem=problem)
