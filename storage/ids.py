"""The types of the ids that rows are known by."""

from typing import NewType

ThreadId = NewType("ThreadId", str)
CheckpointId = NewType("CheckpointId", str)
InterruptId = NewType("InterruptId", str)
TaskId = NewType("TaskId", str)
OwnerId = NewType("OwnerId", str)

Namespace = NewType("Namespace", str)
"""Which graph of a thread: "" is the root, a nested graph's is the path of the task that called it."""

Scope = NewType("Scope", str)
"""Whose questions and claims: the path of the task (and of the `@task` in it) that asks and claims."""
