"""How a caller watches a run: chunks as they come, in the shape that was asked for, or what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

from graphs.runtime.call import Call
from graphs.runtime.parts import GraphOutput
from graphs.runtime.streams import Listener, Stream, Where, checked, queued
from graphs.runtime.types import INTERRUPT, Config

if TYPE_CHECKING:
    from graphs.runtime.compiled import CompiledGraph

Version = Literal["v1", "v2"]
Modes = str | Sequence[str]


@dataclass(frozen=True)
class Shape:
    """The shape of chunks: that of one mode alone, or of several; with where they come from; or as parts (`v2`), in
    which `typed` gives a state its own type.
    """

    modes: Modes
    subgraphs: bool
    version: Version
    typed: Callable[[Any], Any]

    def of(self, where: Where, mode: str, chunk: Any) -> Any:
        if self.version == "v2":
            return self._part(where, mode, chunk)
        named = chunk if isinstance(self.modes, str) else (mode, chunk)
        if not self.subgraphs:
            return named
        return (where, named) if isinstance(self.modes, str) else (where, mode, chunk)

    def _part(self, where: Where, mode: str, chunk: Any) -> dict[str, Any]:
        if mode != "values":
            return {"type": mode, "ns": where, "data": chunk}
        state, questions = _apart(chunk)
        return {
            "type": mode,
            "ns": where,
            "data": state if where else self.typed(state),
            "interrupts": tuple(questions),
        }


def _apart(state: Any) -> tuple[Any, Sequence[Any]]:
    """A state, and the questions that stand in it."""
    if not isinstance(state, Mapping):
        return state, ()
    found = dict(cast("Mapping[str, Any]", state))
    return found, found.pop(INTERRUPT, ())


PRINTED = ("updates", "values")
"""What a call with `debug=True` prints."""


async def chunks(
    graph: CompiledGraph,
    given: Any,
    config: Config,
    stream_mode: Modes,
    *,
    subgraphs: bool = False,
    version: Version = "v1",
    print_mode: Modes = (),
    debug: bool | None = None,
    **options: Any,
) -> AsyncGenerator[Any]:
    """Run, and give chunks as they come. Stopping the iteration cancels the run."""
    shape = Shape(stream_mode, subgraphs, _checked(version), _typed(graph, options))
    listener, came = queued([stream_mode] if isinstance(stream_mode, str) else stream_mode, subgraphs=subgraphs)
    stream = Stream((listener, *_printers(PRINTED if debug else print_mode, subgraphs=subgraphs)))
    call = Call(graph, config, stream=stream, **options)
    task = asyncio.create_task(call.to_end(given), name=f"run of {graph.name}")
    task.add_done_callback(lambda _: came.put_nowait(None))
    try:
        while (item := await came.get()) is not None:
            yield shape.of(*item)
        await task
    finally:
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # the consumer has it, or has gone


async def result(
    graph: CompiledGraph,
    given: Any,
    config: Config,
    stream_mode: Modes,
    *,
    subgraphs: bool = False,
    version: Version = "v1",
    print_mode: Modes = (),
    debug: bool | None = None,
    **options: Any,
) -> Any:
    """Run to the end: the state then, or with another mode than `values` the list of all chunks."""
    printed = PRINTED if debug else print_mode
    if stream_mode != "values":
        shape: dict[str, Any] = {"subgraphs": subgraphs, "version": version, "print_mode": printed}
        async with aclosing(chunks(graph, given, config, stream_mode, **shape, **options)) as came:
            return [chunk async for chunk in came]
    stream = Stream(tuple(_printers(printed, subgraphs=subgraphs)))
    is_part = _checked(version) == "v2"
    ended = await Call(graph, config, stream=stream, **options).to_end(given)
    if not is_part:
        return ended
    state, questions = _apart(ended)
    return GraphOutput(_typed(graph, options)(state), tuple(questions))


def _checked(version: str) -> Version:
    if version not in ("v1", "v2"):
        raise ValueError(f"version={version!r}: it is 'v1' (chunks as they are) or 'v2' (parts with type, ns and data)")
    return version


def _typed(graph: CompiledGraph, options: Mapping[str, Any]) -> Callable[[Any], Any]:
    """Makes a result an instance of the class that results have, where that makes instances."""
    shape = graph.program.gives
    if not shape.is_instance or options.get("output_keys") is not None:
        return lambda state: state
    return lambda state: shape.view(cast("Mapping[str, Any]", state)) if isinstance(state, Mapping) else state


def _printers(modes: Modes, *, subgraphs: bool) -> list[Listener]:
    """A listener that prints what it hears, where that was asked for."""
    names = checked(modes)
    return [Listener(names, _print, subgraphs)] if names else []


def _print(where: Where, mode: str, chunk: Any) -> None:
    print(f"[{mode}]", *([f"[graph={'|'.join(where)}]"] if where else []), repr(chunk))  # noqa: T201 - was asked for
