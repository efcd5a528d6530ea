"""Review and edit state: a person sees the draft, edits it, and the graph goes on with the edited text."""

from typing import Annotated, Any, TypedDict

from pydantic import BaseModel, Field

from graphs import END, START, StateGraph, add_messages, interrupt
from graphs.patterns.saying import asked, says
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


class Draft(BaseModel):
    """What a person may make of a draft."""

    headline: str = Field(max_length=80)
    body: str


class Announcement(TypedDict):
    """The same in a conversation."""

    messages: Annotated[list[dict[str, Any]], add_messages]
    headline: str
    body: str


async def draft(announcement: Announcement) -> dict[str, Any]:
    """Stands for a model that drafts."""
    topic = asked(announcement["messages"], "announce")
    return {"headline": f"News: {topic}", "body": f"We are glad to announce {topic}. More on that soon."}


async def edit(announcement: Announcement) -> dict[str, Any]:
    """In Slack the form has the draft in it, since the question names its parts as the schema does."""
    question = {
        "question": "Post this announcement?",
        "headline": announcement["headline"],
        "body": announcement["body"],
    }
    edited: Draft = interrupt(question, response_schema=Draft)
    return edited.model_dump()


async def post(announcement: Announcement) -> dict[str, Any]:
    return says(f"**{announcement['headline']}**\n\n{announcement['body']}")


graph = StateGraph(Announcement).add_sequence([draft, edit, post])
graph.add_edge(START, "draft").add_edge("post", END)
