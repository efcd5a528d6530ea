"""What concerns one person, gathered from the rows of all conversations and from what Slack knows of people.

Fail closed: what nobody can tell of whether it is theirs to decide is not shown as theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from bot.home import reading
from bot.home.reading import CALLS, Past
from bot.inbound.payloads import Person
from bot.people.people import People
from bot.shown import home, links, naming, timeline
from bot.shown.overview import Decided, Overview, Some, Waiting
from graphs.agent import proposals, question_desk
from graphs.agent.call_record import answer_of, decision_of
from graphs.agent.errors import AgentError
from graphs.agent.proposals import APPROVAL, IN_DOUBT
from graphs.agent.question_desk import STOP
from graphs.agent.tools import Tool
from graphs.approvals.decisions import Verb
from graphs.approvals.judge import Allowed, may_decide
from graphs.approvals.terms import CHANNEL, REQUESTER, Actor, Terms
from graphs.runtime.asking import APPROVERS
from graphs.runtime.calling import awaitable
from storage import Storage
from storage.concerns import Concern
from storage.interrupts import InterruptRow
from storage.posts import Place, Post

ANYBODY = "*"
"""Stands for the members of groups and conversations."""


@dataclass(frozen=True)
class Gathering:
    """`team` is the one that the app is installed in, `team_url` what the addresses of its messages begin with.
    `admins` are the ids of those who see what the model's replies took.
    """

    storage: Storage
    people: People
    toolbox: Mapping[str, Tool[..., Any]]
    team: str
    team_url: str
    admins: Collection[str] = ()

    async def overview(self, user: str, direct: str | None, waiting: Iterable[Concern]) -> Overview:
        """What concerns them, of all that is `waiting`; `direct` is their direct message with the bot. Raises
        `CannotTell` when nobody can tell whether they may talk to it.
        """
        refusal = await self.people.refusal(user)
        now = self.storage.now()
        about = [
            each
            for each in waiting
            if not concerned(each.row).isdisjoint((user, ANYBODY)) and not _is_late(each.row, now)
        ]
        mine, unclear = await self._mine(user, about)
        today = self.storage.clock().astimezone(UTC).date() if user in self.admins else None
        rows = await self.storage.read(lambda db: reading.of_person(db, user, about, today))
        titles = {each.row.id: await self._called(each.row) or rows.titles[each.row.id] for each in about}

        def told(each: Concern) -> Waiting:
            return _waiting(each, titles[each.row.id], each.row.id in mine, self._link(each, direct))

        calls = [each for each in about if each.row.kind != IN_DOUBT]
        yours = [each for each in calls if each.row.id in mine and user not in _voters(each)]
        known = {each.row.id for each in yours}
        theirs = [each for each in calls if each.row.id not in known and each.row.requester == user]
        doubts = [
            each for each in about if each.row.kind == IN_DOUBT and (each.row.id in mine or each.row.requester == user)
        ]
        return Overview(
            user,
            waiting=_some(yours, home.WAITING_SHOWN, told),
            theirs=_some(theirs, home.THEIRS_SHOWN, told),
            doubts=_some(doubts, home.DOUBTS_SHOWN, told),
            decided=[] if refusal is not None else [await self._decided(each, direct) for each in rows.past],
            refusal=refusal,
            messages=links.conversation(self.team_url, direct) if direct is not None else None,
            is_new=not rows.has_written,
            unclear=unclear,
            usage=rows.usage if refusal is None else None,
        )

    async def _mine(self, user: str, about: Iterable[Concern]) -> tuple[set[str], bool]:
        """Which of these they may decide, by id; and whether it cannot be told of one."""
        by_channel: dict[str | None, list[Concern]] = {}
        for each in about:
            channel = each.conversation.channel if each.conversation is not None else None
            here = channel if CHANNEL in _approvers(each.row) else None
            by_channel.setdefault(here, []).append(each)
        found, unclear = set[str](), False
        for channel, some in by_channel.items():
            many = [_terms(each.row) for each in some]
            actors = await self.people.actors(Person(user, self.team), many, channel)
            for each, terms, actor in zip(some, many, actors, strict=True):
                if _may(each.row, terms, actor):
                    found.add(each.row.id)
                else:
                    unclear = unclear or _is_unknown(terms, actor)
        return found, unclear

    def _link(self, each: Concern, direct: str | None) -> str | None:
        """To the message to decide at that this person sees; None until it is posted."""
        subject = reading.subject(each.row)
        return self._to_post([post for post in each.posts if timeline.is_of(post.subject, subject)], direct)

    def _to_post(self, cards: Iterable[Post], direct: str | None) -> str | None:
        """Their own copy, else the card itself, where it is not somebody else's direct message."""
        seen = [post for post in cards if post.channel == direct or _is_open(post)]
        seen.sort(key=lambda post: (post.channel != direct, post.subject))
        for post in seen[:1]:
            return links.address(self.team_url, Place(post.channel, post.thread_ts), post.ts or "")
        return None

    async def _decided(self, past: Past, direct: str | None) -> Decided:
        row = past.row
        is_call = row.kind in CALLS
        voters = [vote.user for vote in past.record.votes_for(row)]
        by = voters if len(voters) > 1 else [row.answered_by] if row.answered_by else []
        return Decided(
            title=await self._called(row) or reading.title(row, past.record),
            state=past.record.state() if is_call else None,
            decision=decision_of(row) if is_call else "continue" if row.kind == STOP else None,
            by=by,
            at=past.at,
            reason=str(answer_of(row).get("message", "")) if is_call else "",
            link=self._to_post(past.posts, direct),
        )

    async def _called(self, row: InterruptRow) -> str | None:
        """What the tool itself calls the call, where the question does not say it: one that may have run already, or
        that is to run by an edit which no other question was asked about.
        """
        if row.kind == IN_DOUBT:
            return await self._titled(row.payload["name"], row.payload["args"])
        action: Mapping[str, Any] | None = answer_of(row).get("edited_action") if row.kind == APPROVAL else None
        return await self._titled(action["name"], action["args"]) if action is not None else None

    async def _titled(self, name: str, args: Mapping[str, Any]) -> str | None:
        tool = self.toolbox.get(name)
        return await awaitable(_title, bounded=False)(tool, args) if tool is not None else None


def _title(tool: Tool[..., Any], args: Mapping[str, Any]) -> str | None:
    """Code of the tool's own may be asked: it may raise, or take its time."""
    if (named := tool.title_of(args)) is not None:
        return named
    try:
        return naming.headline(tool.name, tool.validate(args).shown)
    except AgentError:
        return None


def concerned(row: InterruptRow) -> set[str]:
    """Whom a question may concern, before groups and conversations are looked up: who asked, and who may decide."""
    found = {ANYBODY if each == CHANNEL or each.startswith("S") else each for each in _approvers(row)}
    return (found - {REQUESTER}) | ({row.requester} if row.requester else set())


def _approvers(row: InterruptRow) -> Sequence[str]:
    """As they are stored: read for everything that waits, before anything else is."""
    terms: Mapping[str, Any] = row.terms or {}
    stored: Mapping[str, Any] = terms.get("terms", terms)
    return stored.get(APPROVERS) or (REQUESTER,)


def _terms(row: InterruptRow) -> Terms:
    return proposals.terms_of(row) if row.kind in CALLS else question_desk.terms_of(row)


def _may(row: InterruptRow, terms: Terms, actor: Actor) -> bool:
    verbs: list[Verb] = ["approve"] if row.kind == IN_DOUBT else [each for each in terms.allow if each != "reject"]
    # Who asked may always reject, which is not to decide.
    return any(isinstance(may_decide(terms, actor, verb), Allowed) for verb in verbs or terms.allow)


def _is_unknown(terms: Terms, actor: Actor) -> bool:
    """Whether something about them could not be looked up, so that they may be one who decides."""
    asks_channel = CHANNEL in terms.approvers
    return actor.kind is None or actor.groups is None or (asks_channel and actor.in_channel is None)


def _is_late(row: InterruptRow, now: float) -> bool:
    return row.expires_at is not None and row.expires_at <= now


def _voters(each: Concern) -> list[str]:
    return [vote.user for vote in each.votes]


def _is_open(post: Post) -> bool:
    """Whether it stands where more than one person sees it, and is no copy that was made for one."""
    return not post.channel.startswith("D") and "@" not in post.subject


def _some(found: Sequence[Concern], limit: int, told: Callable[[Concern], Waiting]) -> Some[Waiting]:
    """What ends first is shown first, then what waits longest."""
    ordered = sorted(found, key=lambda each: (each.row.expires_at or float("inf"), each.row.created_at))
    return Some([told(each) for each in ordered[:limit]], len(found))


def _waiting(each: Concern, title: str, for_reader: bool, link: str | None) -> Waiting:
    terms = _terms(each.row)
    return Waiting(
        title=title,
        requester=each.row.requester or "",
        channel=each.conversation.channel if each.conversation is not None else None,
        approvers=_approvers(each.row),
        quorum=terms.quorum,
        self_approval=terms.self_approval,
        votes=_voters(each),
        expires_at=each.row.expires_at,
        link=link,
        for_reader=for_reader,
        about="doubt" if each.row.kind == IN_DOUBT else "call" if each.row.kind in CALLS else "answer",
    )
