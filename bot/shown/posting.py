"""The only caller of `chat.*` for what must be visible.

Slack is made to show what the rows say; what is missing or out of date is mended, and what may have been posted is
looked up, not posted twice. What Slack does not take as it is, it is given in a plainer form.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.inbound.payloads import SlackThread
from bot.shown import links, lookup, plainer
from bot.shown.cards import Shown
from bot.shown.refusals import STREAMING, UNCHANGEABLE, NotTaken, why_not_so
from bot.shown.text import Block, unformatted
from bot.slack_errors import UNCERTAIN, describe, is_final, reason
from storage import Connection, Storage, posts
from storage.posts import Conversation, Place, Post

logger = logging.getLogger(__name__)

T = TypeVar("T")

EVENT_TYPE = "signoff"
"""Of the metadata that carries our subject in each message."""

OPENING = 200
"""Characters of a message that are kept until it is known where it is."""

Known = dict[str, Post]
"""The posts of a conversation by subject, as far as they may still change."""


class Poster:
    """Posts and updates, one conversation's messages in order. `bot_user` is the bot's own user id, `team_url` the
    address that those of messages begin with.
    """

    def __init__(self, client: AsyncWebClient, storage: Storage, bot_user: str, team_url: str = "") -> None:
        self._client = client
        self._storage = storage
        self._bot_user = bot_user
        self._team_url = team_url

    async def show(self, conversation: Conversation, place: Place, subject: str, shown: Shown, known: Known) -> bool:
        """Make this place show a subject of the conversation, which we show. True when something was posted. `known` is
        kept up with what Slack shows then.

        Raises `NotTaken` when Slack takes it there in no form; what Slack or the connection says, try again later; and
        `LeaseLost`.
        """
        post = known.get(subject)
        if post is None or post.place != place:
            post = Post(subject, conversation.thread_id, place.channel, None, None, place.thread_ts)
        elif post.shown == shown.digest:
            return False
        else:
            ts = post.ts or await self._look_up(conversation, post)
            updated = await self._update(replace(post, ts=ts), shown) if ts is not None else None
            if updated is not None:
                await self.save(conversation, updated, known)
                return False
        begun = replace(post, ts=None, shown=None, refused=None, opening=post.opening or shown.text[:OPENING])
        await self.save(conversation, begun, known)
        await self.save(conversation, await self._post(begun, shown), known)
        return True

    async def withdraw(self, conversation: Conversation, subject: str, known: Known) -> None:
        """Take back a post: the run that began it was given up, and nothing will finish it."""
        post = known[subject]
        ts = post.ts or await self._look_up(conversation, post)
        if ts is not None and not await self._delete(post.channel, ts):
            unfinished = Shown("This reply was not finished.", ())
            if await self._update(replace(post, ts=ts), unfinished) is None:
                logger.warning("%s, which nobody finishes, stays in %s", subject, post.channel)
        await self.forget(conversation, subject, known)

    async def forget(self, conversation: Conversation, subject: str, known: Known) -> None:
        """Slack shows it no more. Raises `LeaseLost`."""

        def job(db: Connection) -> None:
            posts.check(db, conversation)
            posts.remove(db, subject)

        await self._storage.write(job, conversation.thread_id)
        del known[subject]

    async def whisper(
        self,
        thread: SlackThread,
        user: str,
        text: str,
        *,
        in_thread: bool = True,
        quotes: bool = False,
        blocks: Sequence[Block] = (),
    ) -> None:
        """Tell one person something that only they see, in mrkdwn, or as these blocks; where it `quotes` words of
        others, no format of theirs counts (see `unformatted`). It is no promise: nobody repeats what Slack did not
        take.
        """
        thread_ts = thread.thread_ts if in_thread else None
        shown = [unformatted(text)] if quotes else list(blocks) or None
        try:
            await self._client.chat_postEphemeral(
                channel=thread.channel, user=user, text=text, blocks=shown, thread_ts=thread_ts
            )
        except UNCERTAIN as error:
            logger.warning("%s was not told %r: %s", user, text, describe(error))

    def address(self, conversation: Conversation, message_id: str) -> str | None:
        """Of somebody's message in a conversation, also of one that was said again: its id begins with the time of the
        first. Where the conversation goes on elsewhere, that of the conversation itself.
        """
        if conversation.refused is not None:
            return conversation.link
        return links.address(self._team_url, conversation.place, message_id.partition(":")[0])

    async def link_to(self, place: Place) -> str | None:
        """The address of the message that a thread began with; None when Slack does not say it now."""
        try:
            answer = await self._client.chat_getPermalink(channel=place.channel, message_ts=place.thread_ts)
        except UNCERTAIN as error:
            logger.info("there is no link to %s: %s", place.channel, describe(error))
            return None
        return str(answer["permalink"])

    async def save(self, conversation: Conversation, post: Post, known: Known) -> None:
        """Say what Slack shows of a subject. Raises `LeaseLost`."""
        now = self._storage.now()

        def job(db: Connection) -> None:
            posts.check(db, conversation)
            posts.save(db, post, now)

        await self._storage.write(job, conversation.thread_id)
        known[post.subject] = post

    async def _post(self, begun: Post, shown: Shown) -> Post:
        async def send(**content: Any) -> str:
            answer = await self._client.chat_postMessage(
                channel=begun.channel,
                thread_ts=begun.thread_ts or None,
                unfurl_links=False,
                unfurl_media=False,
                **content,
            )
            return str(answer["ts"])

        ts, refused = await self._in_some_form(begun, shown, send)
        return replace(begun, ts=ts, shown=shown.digest, refused=refused, opening=None)

    async def _update(self, post: Post, shown: Shown) -> Post | None:
        """None when the message cannot be changed: it is taken away then, as far as it can be, to be posted anew."""
        ts = str(post.ts)

        async def send(**content: Any) -> None:
            try:
                await self._client.chat_update(channel=post.channel, ts=ts, **content)
            except SlackApiError as error:
                if reason(error) != STREAMING:
                    raise _unless_unchangeable(error) from error
                await self._end_stream(post.channel, ts)  # what was streamed was never ended: a crash
                try:
                    await self._client.chat_update(channel=post.channel, ts=ts, **content)
                except SlackApiError as still:
                    raise _unless_unchangeable(still) from still

        try:
            _, refused = await self._in_some_form(post, shown, send)
        except NotTaken:
            await self._delete(post.channel, ts)
            return None
        return replace(post, shown=shown.digest, refused=refused, opening=None)

    async def _in_some_form(self, post: Post, shown: Shown, send: Callable[..., Awaitable[T]]) -> tuple[T, str | None]:
        """Send the fullest form that Slack takes. Beside the answer, why not even its buttons could be sent, if so."""
        why, details = None, ""
        carried = {"metadata": metadata(post.subject)}
        for form in plainer.forms(shown):
            for _ in range(2):
                try:
                    answer = await send(text=form.text, blocks=list(form.blocks), **carried)
                except SlackApiError as error:
                    why, details = why_not_so(error), _details(error)
                    if not (carried and "metadata" in why):
                        break
                    carried = {}  # the same form without it
                else:
                    if why is not None:
                        logger.warning("%s is shown plainer in %s: %s", post.subject, post.channel, details)
                    return answer, why if plainer.can_be_decided(shown) > plainer.can_be_decided(form) else None
        raise NotTaken(why or "")

    async def _look_up(self, conversation: Conversation, post: Post) -> str | None:
        """A post that was begun and never confirmed: where it is, if it arrived."""
        if post.refused is not None:
            return None
        stored = await self._storage.read(lambda db: posts.of_thread(db, conversation.thread_id))
        found = await lookup.find(self._client, post, self._bot_user, stored.values())
        for stray in found.strays:
            await self._delete(post.channel, stray)
        return found.ts

    async def _end_stream(self, channel: str, ts: str) -> None:
        try:
            await self._client.chat_stopStream(channel=channel, ts=ts)
        except SlackApiError as error:
            if not is_final(error):
                raise

    async def _delete(self, channel: str, ts: str) -> bool:
        """False when Slack does not let us."""
        try:
            await self._client.chat_delete(channel=channel, ts=ts)
        except SlackApiError as error:
            if not is_final(error):
                raise
            return reason(error) == "message_not_found"
        return True


def _unless_unchangeable(error: SlackApiError) -> Exception:
    said = reason(error)
    return NotTaken(said) if said in UNCHANGEABLE else error


def _details(error: SlackApiError) -> str:
    """With what Slack says is wrong about the blocks."""
    said = error.response.get("response_metadata") or {}
    return "; ".join([describe(error), *map(str, said.get("messages") or ())])


def metadata(subject: str) -> dict[str, Any]:
    return {"event_type": EVENT_TYPE, "event_payload": {"subject": subject}}
