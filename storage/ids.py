"""The types of the ids that rows are known by."""

import secrets
from typing import NewType
from uuid import UUID

ThreadId = NewType("ThreadId", str)
CheckpointId = NewType("CheckpointId", str)
InterruptId = NewType("InterruptId", str)
TaskId = NewType("TaskId", str)
OwnerId = NewType("OwnerId", str)

Namespace = NewType("Namespace", str)
"""Which graph of a thread: "" is the root, a nested graph's is the path of the task that called it."""

Scope = NewType("Scope", str)
"""Whose questions and claims: the path of the task (and of the `@task` in it) that asks and claims."""


def new_fence() -> int:
    """62 random bits. A job asks for it itself, which makes no other id: a fence is compared with no earlier one, so a
    job that is run again may take another.
    """
    return secrets.randbits(62)


def thread_id_text(given: object) -> ThreadId | None:
    """A thread's id as rows hold it, of what a caller calls the thread: a text, a whole number or a UUID, which are one
    thread when their texts are the same. None for what has no text of its own.
    """
    match given:
        case str():
            text = str.__str__(given)  # of an enum's member its value, which is what is compared
        case bool():
            return None
        case int():
            text = int.__repr__(given)
        case UUID():
            text = str(given)
        case _:
            return None
    return ThreadId(text) if text else None
