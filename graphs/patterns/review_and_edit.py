"""Review and edit state: a person sees the draft, edits it, and the graph goes on with the edited text."""

from typing import Any, TypedDict

from graphs import END, START, StateGraph, interrupt
from graphs.runtime.compiled import CompiledGraph
from storage import Storage


class Article(TypedDict):
    topic: str
    draft: str
    published: str


async def write(article: Article) -> dict[str, Any]:
    """Stands for a model that drafts."""
    return {"draft": f"Some words on {article['topic']}."}


async def review(article: Article) -> dict[str, Any]:
    """The draft is in the state before it is shown, so what the person sees is what they edit."""
    edited = interrupt({"question": "Edit the draft, or send it back as it is.", "draft": article["draft"]})
    return {"draft": edited}


async def publish(article: Article) -> dict[str, Any]:
    return {"published": article["draft"]}


def build(checkpointer: Storage) -> CompiledGraph:
    """Resume with the edited text: `Command(resume="Better words.")`."""
    graph = StateGraph(Article).add_sequence([write, review, publish])
    graph.add_edge(START, "write").add_edge("publish", END)
    return graph.compile(checkpointer)
