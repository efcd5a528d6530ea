"""Looking at what Slack shows: for a message of which nobody knows whether it arrived, and at one that is there."""

from __future__ import annotations

import html
import logging
import re
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack_errors import describe, is_final
from storage.posts import Place, Post

logger = logging.getLogger(__name__)

LOOK_UP = 200
"""Messages asked for at a time: Slack recommends no more."""

Message = dict[str, Any]


@dataclass(frozen=True)
class Found:
    """Where the message is, if it arrived; and what else of it stands there, begun and never to be finished."""

    ts: str | None = None
    strays: tuple[str, ...] = ()


async def find(client: AsyncWebClient, post: Post, bot_user: str, posts: Collection[Post]) -> Found:
    """The post among the messages of its place. Our metadata says so; a stream has none until it ends, and is known by
    whose it is, by what it begins with, and by being no other post. `posts` are those of the conversation.

    Raises what Slack or the connection says, when a later look may tell.
    """
    others = [each for each in posts if each.subject != post.subject]
    known = {each.ts for each in others}
    alike: list[str] = []
    try:
        async for message in _messages(client, post.place):
            if _subject(message) == post.subject:
                return Found(message["ts"], tuple(alike))
            if message.get("user") == bot_user and not message.get("metadata") and message["ts"] not in known:
                alike += [message["ts"]] if _begins(message.get("text") or "", post.opening) else []
    except SlackApiError as error:
        if not is_final(error):
            raise
        logger.warning("whether %s stands in %s cannot be looked up: %s", post.subject, post.channel, describe(error))
    if not alike:
        return Found()
    opening = post.opening or ""
    claimed = any(
        each.ts is None
        and each.place == post.place
        and (_begins(each.opening or "", opening) or _begins(opening, each.opening))
        for each in others
    )
    return Found(alike[0], () if claimed else tuple(alike[1:]))


async def _messages(client: AsyncWebClient, place: Place) -> AsyncIterator[Message]:
    """The thread's, the oldest first; outside of threads the newest of the conversation, the newest first."""
    if not place.thread_ts:
        newest = await client.conversations_history(channel=place.channel, include_all_metadata=True, limit=LOOK_UP)
        for message in newest.get("messages") or ():
            yield message
        return
    cursor, seen = "", set[str]()
    while cursor not in seen:  # a page that leads to itself is the last
        seen.add(cursor)
        page = await client.conversations_replies(
            channel=place.channel, ts=place.thread_ts, include_all_metadata=True, limit=LOOK_UP, cursor=cursor
        )
        for message in page.get("messages") or ():
            yield message
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            return


async def block_ids(client: AsyncWebClient, post: Post) -> list[str]:
    """Of the blocks that Slack shows in the post now; none where it is gone, or Slack does not say for good. Raises
    what Slack or the connection says, when a later look may tell.
    """
    if post.ts is None:
        return []
    this = {"channel": post.channel, "oldest": post.ts, "latest": post.ts, "inclusive": True, "limit": 2}
    try:
        if post.thread_ts:
            answer = await client.conversations_replies(ts=post.thread_ts, **this)
        else:
            answer = await client.conversations_history(**this)
    except SlackApiError as error:
        if not is_final(error):
            raise
        logger.warning("post %s in %s cannot be looked at: %s", post.ts, post.channel, describe(error))
        return []
    found = (each for each in answer.get("messages") or () if each["ts"] == post.ts)
    return [block.get("block_id", "") for message in found for block in message.get("blocks") or ()]


def _subject(message: Message) -> str | None:
    return (message.get("metadata") or {}).get("event_payload", {}).get("subject")


def _begins(text: str, opening: str | None) -> bool:
    """Whether a message's text is one that began so. Slack writes marks, links and emoji in its own way: letters and
    figures count.
    """
    if opening is None:
        return False
    return _letters(text).startswith(_letters(opening))


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", re.sub(r":[\w+-]+:", "", html.unescape(text)))
