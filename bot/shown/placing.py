"""Where a message is shown: in its conversation; where Slack does not take it, in the direct message of who asked.

What a conversation did not take goes there in one thread, whose first message says where it comes from. The rows say
where each post is, so that a restart goes on there, and a click or a reply there is known to be about the conversation.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace

from bot.people.people import People
from bot.shown import cards, timeline
from bot.shown.cards import Shown
from bot.shown.held import Held
from bot.shown.posting import Poster
from bot.shown.refusals import NotTaken
from storage import Connection, Storage, posts
from storage.posts import Place, Post

logger = logging.getLogger(__name__)

NO_DIRECT_MESSAGE = "no direct message can be opened"


class Placing:
    """Shows the subjects of conversations."""

    def __init__(self, storage: Storage, poster: Poster, people: People) -> None:
        self._storage = storage
        self._poster = poster
        self._people = people

    async def show(self, held: Held, wanted: Iterable[tuple[str, Shown]], asker_of: Callable[[str], str]) -> bool:
        """Make Slack show these, in their order; True when something was posted.

        Raises what Slack or the connection says, and `CannotTell`: try again later; and `LeaseLost`.
        """
        posted = False
        for subject, shown in wanted:
            posted |= await self._show(held, subject, shown, asker_of(subject))
        return posted

    async def _show(self, held: Held, subject: str, shown: Shown, asker: str) -> bool:
        home = held.conversation.place
        post = held.known.get(subject)
        is_home = post is None or post.place == home
        stands_there = post is not None and post.ts is not None
        if is_home and (stands_there or held.conversation.refused is None):
            try:
                return await self._poster.show(held.conversation, home, subject, shown, held.known)
            except NotTaken as refused:
                await self._leave(held, refused.why)
        return await self._show_to_asker(held, subject, shown, asker)

    async def _leave(self, held: Held, why: str) -> None:
        """Here nothing more is posted, until somebody writes here."""
        here = held.conversation
        if here.refused is not None:
            return
        link = here.link or await self._poster.link_to(here.place)

        def job(db: Connection) -> None:
            posts.check(db, here)
            posts.refuse(db, here, why, link)

        await self._storage.write(job, here.thread_id)
        held.conversation = replace(here, refused=why, link=link)
        logger.warning(
            "conversation %s takes no messages (%s); it goes on in the direct message of who asked",
            here.thread_id,
            why,
        )

    async def _show_to_asker(self, held: Held, subject: str, shown: Shown, asker: str) -> bool:
        here = held.conversation
        moved = cards.moved(shown, here.channel, here.link)
        post = held.known.get(subject)
        away = post if post is not None and post.place != here.place else None
        if away is not None and away.shown == moved.digest:
            return False
        why = NO_DIRECT_MESSAGE
        for place in await self._places(held, away, asker):
            try:
                return await self._poster.show(here, place, subject, moved, held.known)
            except NotTaken as refused:
                why = refused.why
        is_news = all(each.refused is None or timeline.is_a_copy(each.subject) for each in held.known.values())
        nowhere = Post(subject, here.thread_id, asker, None, moved.digest, refused=why)
        await self._poster.save(here, nowhere, held.known)
        level = logging.WARNING if is_news else logging.INFO
        logger.log(level, "%s of conversation %s can be shown nowhere: %s", subject, here.thread_id, why)
        return False

    async def _places(self, held: Held, away: Post | None, asker: str) -> list[Place]:
        """Where it may stand, the best first: where it is; the thread of what else was moved; a message of its own."""
        direct = await self._people.direct_message(asker) if asker else None
        if direct is None:
            return []
        thread_id = held.conversation.thread_id
        stored = await self._storage.read(lambda db: posts.of_thread(db, thread_id))
        roots = sorted(
            post.ts
            for post in stored.values()
            if post.ts is not None and post.place == (direct, "") and not timeline.is_a_copy(post.subject)
        )
        found = [away.place] if away is not None and away.refused is None else []
        found += [Place(direct, ts) for ts in roots[:1]]
        return list(dict.fromkeys([*found, Place(direct, "")]))
