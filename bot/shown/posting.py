"""The only caller of `chat.*` for what must be visible.

Slack is made to show what the rows say; what is missing or out of date is mended, and what may have been posted is
looked up, not posted twice.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.inbound.payloads import SlackThread
from bot.shown.cards import Shown
from bot.shown.text import unformatted
from bot.slack_errors import UNCERTAIN, is_passing
from storage import Connection, Storage, posts
from storage.posts import Conversation, Post

logger = logging.getLogger(__name__)

EVENT_TYPE = "signoff"
"""Of the metadata that carries our subject in each message."""

Known = dict[str, Post]
"""The posts of a conversation by subject, as far as they may still change."""

LOOK_UP = 200
"""Messages asked for at a time: Slack recommends no more."""

GONE = {"message_not_found", "cant_update_message", "cant_delete_message"}


class Poster:
    """Posts and updates, one conversation's messages in order."""

    def __init__(self, client: AsyncWebClient, storage: Storage) -> None:
        self._client = client
        self._storage = storage

    async def show(self, conversation: Conversation, wanted: Iterable[tuple[str, Shown]], known: Known) -> bool:
        """Make the conversation, which we show, show these subjects; without a `thread_ts`, outside of its threads.
        True when something was posted. `known` is kept up with what Slack shows then.

        Raises what Slack or the connection says, try again later; and `LeaseLost`.
        """
        posted = False
        for subject, shown in wanted:
            post = known.get(subject)
            if post is None or post.shown != shown.digest:
                posted |= await self._bring_up_to_date(conversation, subject, shown, known)
        return posted

    async def withdraw(self, conversation: Conversation, subject: str, known: Known) -> None:
        """Take back a post: the run that began it was given up, and nothing will finish it."""
        post = known[subject]
        ts = post.ts or await self._look_up(conversation, subject, known)
        if ts is not None:
            try:
                await self._client.chat_delete(channel=post.channel, ts=ts)
            except SlackApiError as error:
                if error.response["error"] not in GONE:
                    raise

        def job(db: Connection) -> None:
            posts.check(db, conversation)
            posts.remove(db, subject)

        await self._storage.write(job)
        del known[subject]

    async def whisper(
        self, thread: SlackThread, user: str, text: str, *, in_thread: bool = True, quotes: bool = False
    ) -> None:
        """Tell one person something that only they see, in mrkdwn; where it `quotes` words of others, no format of
        theirs counts (see `unformatted`). It is no promise: nobody repeats what Slack did not take.
        """
        thread_ts = thread.thread_ts if in_thread else None
        blocks = [unformatted(text)] if quotes else None
        try:
            await self._client.chat_postEphemeral(
                channel=thread.channel, user=user, text=text, blocks=blocks, thread_ts=thread_ts
            )
        except UNCERTAIN as error:
            logger.warning("%s was not told %r: %s", user, text, error)

    async def save(
        self, conversation: Conversation, subject: str, ts: str | None, shown: str | None, known: Known
    ) -> None:
        """Say what Slack shows of a subject. Raises `LeaseLost`."""
        post = Post(subject, conversation.thread_id, conversation.channel, ts, shown)
        now = self._storage.now()

        def job(db: Connection) -> None:
            posts.check(db, conversation)
            posts.save(db, post, now)

        await self._storage.write(job)
        known[subject] = post

    async def block_ids(self, conversation: Conversation, post: Post) -> list[str]:
        """Of the blocks that Slack shows in the post now; none where it is gone, or Slack does not say for good. Raises
        what Slack or the connection says, try again later.
        """
        if post.ts is None:
            return []
        try:
            answer = await self._client.conversations_replies(
                channel=post.channel, ts=conversation.thread_ts, oldest=post.ts, latest=post.ts, inclusive=True, limit=2
            )
        except SlackApiError as error:
            if is_passing(error):
                raise
            logger.warning("post %s in %s cannot be looked at: %s", post.ts, post.channel, error.response["error"])
            return []
        found = (each for each in answer.get("messages") or () if each["ts"] == post.ts)
        return [block.get("block_id", "") for message in found for block in message.get("blocks") or ()]

    async def _bring_up_to_date(self, conversation: Conversation, subject: str, shown: Shown, known: Known) -> bool:
        post = known.get(subject)
        ts = post.ts if post is not None else None
        if post is not None and ts is None:
            ts = await self._look_up(conversation, subject, known)
        if ts is not None and not await self._update(conversation, subject, ts, shown):
            ts = None
        missing = ts is None
        if ts is None:
            await self.save(conversation, subject, None, None, known)
            ts = await self._post(conversation, subject, shown)
        await self.save(conversation, subject, ts, shown.digest, known)
        return missing

    async def _post(self, conversation: Conversation, subject: str, shown: Shown) -> str:
        answer = await self._client.chat_postMessage(
            channel=conversation.channel,
            thread_ts=conversation.thread_ts or None,
            text=shown.text,
            blocks=list(shown.blocks),
            metadata=metadata(subject),
            unfurl_links=False,
            unfurl_media=False,
        )
        return str(answer["ts"])

    async def _update(self, conversation: Conversation, subject: str, ts: str, shown: Shown) -> bool:
        """False when the message is gone and has to be posted anew."""
        try:
            await self._client.chat_update(
                channel=conversation.channel,
                ts=ts,
                text=shown.text,
                blocks=list(shown.blocks),
                metadata=metadata(subject),
            )
        except SlackApiError as error:
            if error.response["error"] == "streaming_state_conflict":  # what was streamed was never ended: a crash
                await self._client.chat_stopStream(channel=conversation.channel, ts=ts)
                return await self._update(conversation, subject, ts, shown)
            if error.response["error"] not in GONE:
                raise
            return False
        return True

    async def _look_up(self, conversation: Conversation, subject: str, known: Known) -> str | None:
        """A post that was begun and never confirmed: where it is, if it arrived."""
        elsewhere = {post.ts for post in known.values()}
        if not conversation.thread_ts:
            newest = await self._client.conversations_history(
                channel=conversation.channel, include_all_metadata=True, limit=LOOK_UP
            )
            return _ts_of(newest, subject)
        cursor, begun = "", None
        while True:
            answer = await self._client.conversations_replies(
                channel=conversation.channel,
                ts=conversation.thread_ts,
                include_all_metadata=True,
                limit=LOOK_UP,
                cursor=cursor,
            )
            if (ts := _ts_of(answer, subject)) is not None:
                return ts
            begun = _begun(answer, elsewhere) or begun
            cursor = (answer.get("response_metadata") or {}).get("next_cursor", "")
            if not cursor:
                return begun


def _ts_of(answer: AsyncSlackResponse, subject: str) -> str | None:
    for message in answer.get("messages") or ():
        if (message.get("metadata") or {}).get("event_payload", {}).get("subject") == subject:
            return message["ts"]
    return None


def _begun(answer: AsyncSlackResponse, elsewhere: Collection[str | None]) -> str | None:
    """A stream that a crash left open: it gets our metadata when it ends, so it is the bot's one message without.

    Where another bot's is taken for it, Slack refuses the update, and the post is made anew.
    """
    found = [
        message["ts"]
        for message in answer.get("messages") or ()
        if message.get("bot_id") and not message.get("metadata") and message["ts"] not in elsewhere
    ]
    return found[-1] if found else None


def metadata(subject: str) -> dict[str, Any]:
    return {"event_type": EVENT_TYPE, "event_payload": {"subject": subject}}
