"""What is wrong with an argument is said in words that say how to mend it, whatever the tool asks of it."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import AfterValidator, BaseModel, Field, FutureDate, HttpUrl, create_model

from bot.forms import problems
from bot.forms.forms import Form
from bot.forms.inputs import block_id
from graphs.agent.arguments import validate
from graphs.agent.errors import InvalidArguments
from graphs.agent.schema import parameters_schema
from graphs.agent.typed import TypedArguments
from tests.support import linter


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Address(BaseModel):
    street: str
    number: int = 1


def known(order: str) -> str:
    raise ValueError(f"there is no order {order}")


A_NUMBER = "Write a number with digits, and a dot before decimals: 80.10"
CASES: list[tuple[Any, object, str]] = [
    (Annotated[Decimal, Field(ge=1, decimal_places=2)], "1.234", "At most 2 decimals."),
    (Annotated[Decimal, Field(decimal_places=1)], "1.25", "At most 1 decimal."),
    (Annotated[Decimal, Field(max_digits=3)], "1234", "At most 3 digits."),
    (Annotated[Decimal, Field(ge=1)], "0", "At least 1."),
    (Annotated[int, Field(le=3)], 4, "At most 3."),
    (Annotated[int, Field(gt=3)], 3, "Write more than 3."),
    (Annotated[int, Field(multiple_of=5)], 3, "Write a multiple of 5."),
    (Decimal, "much", A_NUMBER),
    (float, "much", A_NUMBER),
    (int, 1.5, "Write a whole number, without decimals."),
    (bool, "perhaps", "Choose yes or no."),
    (Literal["small", "large"], "huge", "Choose one of: small or large."),
    (Literal["it's", "large"], "huge", 'Choose one of: "it\'s" or large.'),
    (Colour, "green", "Choose one of: red or blue."),
    (list[Colour], ["red", "green"], "Entry 2: Choose one of: red or blue."),
    (Annotated[list[str], Field(min_length=1)], [], "At least 1 entry."),
    (Annotated[str, Field(max_length=3)], "four", "At most 3 characters."),
    (Annotated[str, Field(pattern="^[A-Z]+$")], "a", "Write it in the form ^[A-Z]+$."),
    (date, "2026-02-30", "Write a date: 2026-11-30"),
    (date, "2026-02-20T10:00", "Write a date without a time: 2026-11-30"),
    (FutureDate, "2020-01-01", "Choose a day that is still to come."),
    (time, "noon", "Write a time: 14:30"),
    (datetime, "noon", "Write a date and a time: 2026-11-30 14:30"),
    (timedelta, "long", "Write how long: 02:30:00, or P3D for three days."),
    (HttpUrl, "example", "Write an address: https://example.com/page"),
    (HttpUrl, "ftp://example.com", "Write an address that begins with http or https."),
    (UUID, "x", "Write an id like 123e4567-e89b-12d3-a456-426614174000."),
    (Address, {"number": "x"}, "Street: Fill this in. Number: Write a whole number, without decimals."),
    (int | str, [], "Write a whole number, without decimals. Or write a text."),
    (Annotated[str, AfterValidator(known)], "7", "There is no order 7."),
]


@pytest.mark.parametrize(("kind", "given", "said"), CASES)
def test_what_is_wrong_is_said_in_words_at_its_field(kind: Any, given: object, said: str) -> None:
    model = create_model("Asked", it=(kind, ...))
    with pytest.raises(InvalidArguments) as caught:
        validate("ask", TypedArguments(model), {"it": given})
    found = Form(parameters_schema(model), {}).errors(
        (problem.field, problems.in_words(problem)) for problem in caught.value.problems
    )
    assert (found.errors, found.whole) == ({block_id("it"): said}, "")
    assert linter.sentence(said) == []
