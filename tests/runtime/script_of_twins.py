"""A script as somebody writes it who has no event loop: `script_of_twins.py URL WHAT`."""

import operator
import sys
import threading
import time
from typing import Annotated, Any, TypedDict

from graphs import START, Command, StateGraph, interrupt
from graphs.runtime.types import Config
from storage import open_storage

CONFIG: Config = {"configurable": {"thread_id": "t1"}}


class Log(TypedDict):
    log: Annotated[list[str], operator.add]


def say(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def draft(state: Log) -> dict[str, Any]:
    return {"log": ["draft"]}


def review(state: Log) -> dict[str, Any]:
    return {"log": [f"reviewed: {interrupt('good?')}"]}


def a_conversation(url: str) -> None:
    with open_storage(url) as storage:
        graph = StateGraph(Log).add_sequence([draft, review]).add_edge(START, "draft").compile(checkpointer=storage)
        for chunk in graph.stream({"log": []}, CONFIG, stream_mode="updates"):
            say(", ".join(chunk))
        say(graph.get_state(CONFIG).next)
        say(graph.invoke(Command(resume="yes"), CONFIG))
        say([snapshot.next for snapshot in graph.get_state_history(CONFIG)])
        graph.update_state(CONFIG, {"log": ["edited"]}, as_node="review")
        say(graph.get_state(CONFIG).values)


def interrupted(url: str) -> None:
    begun: list[str] = []

    def slow(state: Log) -> dict[str, Any]:
        begun.append("slow")
        if len(begun) == 1:
            say("slow")
            time.sleep(30)
        return {"log": ["slow"]}

    with open_storage(url) as storage:
        graph = StateGraph(Log).add_sequence([draft, slow]).add_edge(START, "draft").compile(checkpointer=storage)
        try:
            graph.invoke({"log": []}, CONFIG)
        except KeyboardInterrupt:
            say("interrupted")
        say(graph.get_state(CONFIG).next)
        say(graph.invoke(None, CONFIG))
        chunks = graph.stream({"log": []}, CONFIG, stream_mode="values")
        say(next(chunks)["log"])
        say(threading.active_count() < 10)


if __name__ == "__main__":
    {"conversation": a_conversation, "interrupted": interrupted}[sys.argv[2]](sys.argv[1])
