"""Forms: JSON Schema ↔ modal inputs ↔ values. Knows no tool; whoever knows one hands in its validation.

A form is exact: what it shows, submitted unchanged, `read` gives back. What no input of a form is made for is one JSON
text; what that cannot hold either is shown as far as it fits, stays as it is, and the form says so.

Numbers come back as `int` (JSON type integer) or `Decimal` (number), never as float, so that "80.10" keeps its digits;
in a JSON text a number that a float carries is one. Hand them to pydantic as they are (`model_validate`; it reads the
numbers of JSON text as floats): its int, float and Decimal fields take them without loss, in strict mode too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from bot.forms import choosing, json_text, picking
from bot.forms.elements import value_of
from bot.forms.fields import LEFT_OUT, FormField, JsonSchema, NotUsable, UnsupportedField, fields
from bot.forms.inputs import LABEL_LIMIT, StateValues, input_of, label_of, retyped, with_cursor
from bot.shown import naming
from bot.shown.text import Block, plain_text, shorten, visible

PAGE = 6
"""Inputs of one view."""

PAGES = 3
"""Views that may lie on each other, in Slack; a form goes on over as many."""

SHOWN_LIMIT = 5
"""Arguments that stay as they are and are shown; more are only named."""

ROOM = 40_000
"""Characters in the inputs of one form: Slack takes views of 250 kB."""

Validate = Callable[[dict[str, object]], Iterable[tuple[str, str]]]
"""What is wrong with these values: (argument, sentence) for each problem, nothing when they are good."""

_ERROR_LIMIT = 300
_HEAD = 500
"""Characters of a value that stays as it is."""

_REST = "the rest"
_REST_LABEL = "Other arguments"
_NAMES_LIMIT = 1000
_TYPES = frozenset({"int", "str", "float", "bool", "decimal", "date", "datetime", "time", "url", "uuid"})
"""What pydantic names a problem's place after, where an argument may have one of several types."""


class FormErrors(Exception):
    """What was filled in cannot be used: `errors` says why by block id, ready for Slack's `response_action: errors`;
    `whole` what belongs to none, empty for nothing.
    """

    def __init__(self, errors: dict[str, str], whole: str = "") -> None:
        super().__init__(" ".join([*errors.values(), whole]).strip())
        self.errors = errors
        self.whole = whole


@dataclass(frozen=True)
class _Input:
    """The input of one argument."""

    field: FormField
    block: Block


class Form:
    """The arguments of a call as the inputs of a modal: `schema` is the tool's, `values` are those proposed, `zone` is
    the name of the time zone of who reads it; the `fixed` ones are the same in every call.
    """

    def __init__(
        self, schema: JsonSchema, values: Mapping[str, object], zone: str = "", fixed: Collection[str] = ()
    ) -> None:
        self._values = values
        self._zone = zone
        self._inputs: list[_Input] = []
        self._rest: tuple[str, ...] = ()
        self.kept: dict[str, str] = {}
        """Why an argument stays as it is, as a clause, by its name."""
        self._room = ROOM
        late: list[FormField] = []
        declared = fields(schema)
        shown = sum(field.kind != "secret" for field in declared)
        most = PAGES * PAGE if shown <= PAGES * PAGE else PAGES * PAGE - 1
        self._labels = {field.name: label_of(field) for field in declared}
        self.asks_for_moments = any(field.kind == "moment" for field in declared)
        """Whether it matters which time zone the reader is in."""
        self._secret = frozenset(field.name for field in declared if field.kind == "secret")
        for field in declared:
            if field.kind == "secret" or len(self._inputs) < most:
                self._add(field, values.get(field.name, LEFT_OUT))
            else:
                late.append(field)
        self._add_rest(late)
        for name in values.keys() - {field.name for field in declared}:
            self.kept[name] = "it is the same in every call" if name in fixed else "it is not in the tool's schema"

    @property
    def unsupported(self) -> str | None:
        """Why nothing can be edited here, as a sentence for a person; None when something can."""
        if self._inputs:
            return None
        if not self.kept:
            return "There are no arguments to edit."
        return " ".join(f"{self._called(name)} stays as it is: {why}." for name, why in self.kept.items())

    @property
    def unseen(self) -> list[str]:
        """The arguments that an edit would run, and of which the form shows less than all; a secret is never shown."""
        return [name for name in self.kept if name in self._values and name not in self._secret]

    @property
    def blocks(self) -> list[Block]:
        """An input for each argument, labelled in words; then what stays as it is."""
        return [*(each.block for each in self._inputs), *self._said_of_kept()]

    @property
    def pages(self) -> list[list[Block]]:
        """The blocks by view, at most six inputs each. The first input of each has the cursor."""
        inputs = [each.block for each in self._inputs]
        found = [inputs[start : start + PAGE] for start in range(0, len(inputs), PAGE)] or [[]]
        found = [[with_cursor(page[0]), *page[1:]] if page else [] for page in found]
        found[-1] += self._said_of_kept()
        return found

    def page(self, number: int, typed: StateValues | None = None) -> list[Block]:
        """One of the pages, from 0, with what was typed into it so far in the place of what it was filled with."""
        return (
            [retyped(block, typed.get(block.get("block_id", ""), {})) for block in self.pages[number]]
            if typed
            else (self.pages[number])
        )

    def label_of(self, block: str) -> str:
        """What the input is called."""
        labels = (each.block["label"]["text"] for each in self._inputs if each.block["block_id"] == block)
        return next(labels, "This form")

    def suggested(self, block: str, looked_for: str) -> list[Block]:
        """The options of an input that has too many to be shown, as far as they have this in their label."""
        field = next((each.field for each in self._inputs if each.block["block_id"] == block), None)
        return choosing.found(field, looked_for) if field is not None and field.choices else []

    def read_page(self, state_values: StateValues) -> dict[str, object]:
        """As `read`, where only the inputs of some of its views have arrived: the others stay as they were proposed."""
        return self._read(state_values, [each for each in self._inputs if each.block["block_id"] in state_values])

    def read(self, state_values: StateValues) -> dict[str, object]:
        """The arguments with what was filled in, in the schema's JSON types (numbers: see the module).

        An input left empty stands for what an empty one stood for when the form was made: the argument left out (the
        tool's default counts), null, or an empty text. Raises FormErrors for what is no value of its field, or did not
        arrive.
        """
        return self._read(state_values, self._inputs)

    def _read(self, state_values: StateValues, inputs: Sequence[_Input]) -> dict[str, object]:
        filled = {each.field.name for each in inputs} | set(self._rest if any(map(_is_rest, inputs)) else ())
        values = {name: value for name, value in self._values.items() if name not in filled}
        problems: dict[str, str] = {}
        for each in inputs:
            block = each.block["block_id"]
            try:
                proposed = self._values.get(each.field.name, LEFT_OUT)
                value = value_of(each.field, state_values.get(block, {}), proposed)
                if block == _REST:
                    values |= self._read_rest(value)
                elif value is not LEFT_OUT:
                    values[each.field.name] = value
            except NotUsable as sentence:
                problems[block] = str(sentence)
        if problems:
            raise FormErrors(problems)
        return values

    def leave_zones_out(self, values: dict[str, object], names: Iterable[str]) -> bool:
        """Write the moments that were picked for these arguments as the clock time where the reader is; whether there
        were any. A schema does not say that its moments have no time zone, and nobody can take it out of a picker.
        """
        picked = {each.field.name for each in self._inputs if each.block["element"]["type"] == "datetimepicker"}
        found = {name: value for name in picked.intersection(names) if isinstance(value := values.get(name), str)}
        values |= {name: picking.clock_time(value) for name, value in found.items()}
        return bool(found)

    def submitted(self, state_values: StateValues, validate: Validate, *, is_last: bool = True) -> dict[str, object]:
        """The values, if `read` and then `validate` find them good. Raises FormErrors otherwise.

        Where it is not the last view, only what is wrong with the inputs that arrived counts.
        """
        values = self.read(state_values) if is_last else self.read_page(state_values)
        found = self.errors(validate(values))
        if not is_last:
            found = FormErrors({block: said for block, said in found.errors.items() if block in state_values})
        if found.errors or found.whole:
            raise found
        return values

    def errors(self, problems: Iterable[tuple[str, str]]) -> FormErrors:
        """(argument, sentence) pairs as block id → sentence, and what is wrong with the whole.

        A part of an argument ("address.city") belongs to the argument, and is named. What belongs to no input is said
        of the whole, under the name it came with, so that nothing is lost.
        """
        blocks = {each.field.name: each.block["block_id"] for each in self._inputs}
        found: dict[str, list[str]] = {}
        for place, sentence in problems:
            name = place if place in blocks else place.partition(".")[0]
            block = blocks.get(name) or (_REST if name in self._rest else "")
            part = place.removeprefix(name).lstrip(".") if name in blocks else place
            said = found.setdefault(block, [])
            if part in _TYPES:  # one of several types that the argument may have
                said.append(f"Or {sentence[:1].lower()}{sentence[1:]}" if said else sentence)
            else:
                where = _part(part) if name in blocks else part
                said.append(f"{where}: {sentence}" if part else sentence)
        errors = {block: shorten(visible(" ".join(said))[0], _ERROR_LIMIT) for block, said in found.items()}
        whole = errors.pop("", "")
        return FormErrors(errors, whole)

    def _add(self, field: FormField, value: object) -> None:
        try:
            label = label_of(field)
            taken = any(each.block["label"]["text"] == label for each in self._inputs)
            made = input_of(field, value, f"{label} ({field.name})"[:LABEL_LIMIT] if taken else label, self._zone)
            size = len(made["element"].get("initial_value", ""))
            if size > self._room:
                raise UnsupportedField("the form has no room for it")
        except UnsupportedField as reason:
            self.kept[field.name] = str(reason)
        else:
            self._room -= size
            self._inputs.append(_Input(field, made))

    def _add_rest(self, late: Sequence[FormField]) -> None:
        """What there are too many of is one object, in JSON."""
        if not late:
            return
        names = tuple(field.name for field in late)
        given = {name: self._values[name] for name in names if name in self._values}
        said = shorten(", ".join(names), _NAMES_LIMIT)
        field = FormField(said, "json", "one object for all of them", True, nullable=False, title=_REST_LABEL)
        try:
            made = input_of(field, given, label_of(field))
        except UnsupportedField as reason:
            self.kept |= dict.fromkeys(names, f"there are too many for one form, and together: {reason}")
        else:
            self._rest = names
            self._inputs.append(_Input(field, made | {"block_id": _REST}))

    def _read_rest(self, value: object) -> dict[str, object]:
        if not isinstance(value, dict):
            raise NotUsable("Write an object: each argument's name, and its value.")
        given = cast("dict[str, object]", value)
        if unknown := sorted(given.keys() - set(self._rest)):
            raise NotUsable(f"{unknown[0]!r} is none of these arguments: {', '.join(self._rest)}.")
        return given

    def _said_of_kept(self) -> Iterator[Block]:
        present = [name for name in self.kept if name in self._values]
        for name in present[:SHOWN_LIMIT]:
            said = f"{self._called(name)} stays as it is: {self.kept[name]}."
            shown = "" if name in self._secret else f"\n{self._head(self._values[name])}"
            yield {"type": "section", "text": plain_text(said + shown)}
        if more := present[SHOWN_LIMIT:]:
            yield {
                "type": "section",
                "text": plain_text(f"These stay as they are, too: {', '.join(map(self._called, more))}."),
            }

    def _called(self, name: str) -> str:
        return self._labels.get(name) or naming.in_words(name)

    def _head(self, value: object) -> str:
        return shorten(value if isinstance(value, str) else json_text.write(value) or str(value), _HEAD)


def _is_rest(each: _Input) -> bool:
    return each.block["block_id"] == _REST


def _part(place: str) -> str:
    """A part of an argument, as people name it: "Entry 1, street"."""
    steps = (f"entry {int(step) + 1}" if step.isdecimal() else naming.in_words(step) for step in place.split("."))
    said = ", ".join(f"{step[:1].lower()}{step[1:]}" for step in steps)
    return f"{said[:1].upper()}{said[1:]}"
