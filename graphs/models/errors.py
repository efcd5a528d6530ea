"""What can go wrong with a model.

GraphError
└── ModelUnavailable      no reply from the model; the message is the sentence for a person
    ├── TooLong           the messages are more than the model can read
    └── TooManyCalls      one reply calls more than any reply may
"""

from collections.abc import Sequence
from typing import Literal

from graphs.errors import GraphError
from graphs.models.model import Usage

Trouble = Literal[
    "timeout", "unreachable", "key", "not_found", "busy", "no_credit", "server", "refused", "no_tools",
    "too_long", "too_many_calls", "broke_off", "unreadable", "other",
]  # fmt: skip
"""What is wrong, in a word: for figures."""


class ModelUnavailable(GraphError):
    """The model gave no usable reply. The message is one sentence for a person; the cause is in `__cause__`.

    `trouble` is what is wrong, in a word. `retryable`: the same request may work in a moment; otherwise someone has to
    change something first. `is_elsewhere`: the server says that the model is to be asked over its other interface.
    `tried`: what the requests took, as far as the provider counted.
    """

    is_elsewhere: bool = False
    tried: Sequence[Usage] = ()

    def __init__(self, sentence: str, *, retryable: bool, trouble: Trouble = "other") -> None:
        self.retryable = retryable
        self.trouble: Trouble = trouble
        super().__init__(sentence)


class TooManyCalls(ModelUnavailable):
    """One reply has more than `most` calls, so nobody waits for its end: a model that repeats itself has none."""

    def __init__(self, most: int) -> None:
        sentence = f"The model called more than {most} tools in one reply, so none was run. Ask for less at a time."
        super().__init__(sentence, retryable=False, trouble="too_many_calls")


class TooLong(ModelUnavailable):
    """The messages are more than the model can read at once: fewer may do."""

    def __init__(self) -> None:
        sentence = "This has become too long for the model. Write something shorter, or start a new conversation."
        super().__init__(sentence, retryable=False, trouble="too_long")
