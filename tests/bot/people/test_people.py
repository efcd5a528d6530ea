"""Who somebody is to an approval: asked of a workspace over HTTP, kept for minutes, refused when it cannot be told."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.workspace import HARBOUR_GOODS, Workspace, serve_workspace
from bot.demo.workspace.people import Conversation, Group
from bot.demo.workspace.people import Person as Account
from bot.inbound.payloads import Person
from bot.people import directory as looked_up
from bot.people import people as judged
from bot.people.directory import CACHE_SECONDS, CannotTell, Directory
from bot.people.people import People
from graphs.approvals.judge import Refused, may_decide
from graphs.approvals.terms import Actor, Terms, UserId
from tests.support.clock import Clock

BOT = HARBOUR_GOODS.bot.id
CROWD = tuple(f"U0C{number:04}" for number in range(1100))
TEAM = replace(
    HARBOUR_GOODS,
    people=(*HARBOUR_GOODS.people, Account("U0OLD", "otto", "Otto Klein", "Left", "#000000", deleted=True)),
    conversations=(
        *HARBOUR_GOODS.conversations,
        Conversation("C0CROWD", "crowd", "private", (*CROWD, "U0ANA", BOT)),
    ),
    groups=(*HARBOUR_GOODS.groups, Group("S0NOBODY", "nobody", "Nobody", ()), Group("S0OLD", "o", "Old", ("U0OLD",))),
)


@pytest.fixture
async def workspace() -> AsyncIterator[Workspace]:
    async with serve_workspace(port=0, team=TEAM) as workspace:
        yield workspace


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def directory(workspace: Workspace, clock: Clock) -> AsyncIterator[Directory]:
    async with aiohttp.ClientSession() as session:
        token, url = workspace.tokens.bot, f"{workspace.url}/api/"
        client = AsyncWebClient(token, base_url=url, session=session, retry_handlers=[])
        yield Directory(client, TEAM.id, clock.seconds)


@pytest.fixture
def people(directory: Directory) -> People:
    return People(directory, TEAM.id)


def fails(workspace: Workspace, method: str, times: int = 1) -> None:
    workspace.faults.arm({"http": {"method": method, "status": 503, "times": times}})


def calls_of(workspace: Workspace) -> list[str]:
    return [entry["method"] for entry in workspace.journal.after(0) if entry["kind"] == "call"]


def terms(*approvers: str, quorum: int = 1, self_approval: bool = True, requester: str = "U0ANA") -> Terms:
    return Terms(
        tool="pay",
        args_digest="a",
        schema_digest="s",
        policy="p",
        rule="every call asks",
        requester=UserId(requester),
        approvers=approvers,
        quorum=quorum,
        self_approval=self_approval,
        allow=("approve", "edit", "reject"),
        expires_at=None,
    )


async def verdict(people: People, user: str, bound: Terms, channel: str = "C0SUPPORT", team: str = TEAM.id) -> Any:
    actor = await people.actor(Person(user, team), bound, channel)
    found = may_decide(bound, actor, "approve")
    return found.reason if isinstance(found, Refused) else True


@pytest.mark.parametrize(
    ("user", "kind"),
    [
        ("U0LEA", "member"),
        ("U0MAX", "guest"),
        ("U0OLD", "deactivated"),
        (BOT, "bot"),
        ("U0NONE", "stranger"),
    ],
)
async def test_who_may_never_decide(people: People, user: str, kind: str):
    assert (await people.actor(Person(user, TEAM.id))).kind == kind
    may = await verdict(people, user, terms(user, "channel", "S0LEADS"))
    assert (may is True) == (kind == "member")


async def test_a_person_of_another_team_is_a_stranger_whatever_their_id(people: People):
    assert await people.actor(Person("U0LEA", "T0OTHER"), terms("U0LEA")) == Actor(
        UserId("U0LEA"), "T0OTHER", "stranger", frozenset()
    )


async def test_a_group_decides_by_its_members(people: People):
    assert await verdict(people, "U0LEA", terms("S0LEADS")) is True
    assert "not among those" in await verdict(people, "U0ANA", terms("S0LEADS"))
    assert "not among those" in await verdict(people, "U0LEA", terms("S0NOWHERE"))


async def test_a_group_that_cannot_be_resolved_lets_nobody_decide(people: People, workspace: Workspace):
    fails(workspace, "usergroups.users.list")
    assert "could not be checked" in await verdict(people, "U0LEA", terms("S0LEADS"))
    assert await verdict(people, "U0LEA", terms("S0LEADS")) is True, "what failed is not remembered"


async def test_one_group_that_is_known_is_enough(people: People, workspace: Workspace):
    fails(workspace, "usergroups.users.list")
    assert await verdict(people, "U0LEA", terms("S0NOBODY", "S0LEADS")) is True


async def test_a_group_is_kept_for_minutes_and_then_asked_for_again(people: People, workspace: Workspace, clock: Clock):
    assert await verdict(people, "U0LEA", terms("S0LEADS")) is True
    fails(workspace, "usergroups.users.list", times=9)
    clock.forward(CACHE_SECONDS - 1)
    assert await verdict(people, "U0LEA", terms("S0LEADS")) is True
    clock.forward(1)
    assert "could not be checked" in await verdict(people, "U0LEA", terms("S0LEADS"))


async def test_the_conversation_decides_by_its_members_page_by_page(people: People):
    assert await verdict(people, "U0ANA", terms("channel"), "C0CROWD") is True
    assert "not among those" in await verdict(people, "U0LEA", terms("channel"), "C0CROWD")


async def test_a_direct_message_has_one_person(people: People):
    assert await verdict(people, "U0ANA", terms("channel"), "D0ANA") is True
    assert "not among those" in await verdict(people, "U0LEA", terms("channel"), "D0ANA")


@pytest.mark.parametrize("method", ["conversations.info", "conversations.members"])
async def test_a_conversation_that_cannot_be_looked_up_lets_nobody_decide(
    people: People, workspace: Workspace, method: str
):
    fails(workspace, method)
    assert "could not be checked" in await verdict(people, "U0ANA", terms("channel"))


async def test_a_person_who_cannot_be_looked_up_decides_nothing(people: People, workspace: Workspace):
    fails(workspace, "users.info")
    assert "could not be checked" in await verdict(people, "U0LEA", terms("U0LEA"))
    assert await verdict(people, "U0LEA", terms("U0LEA")) is True, "what failed is not remembered"


async def decides_now(people: People, user: str, bound: Terms, channel: str = "C0SUPPORT") -> Any:
    """As `verdict`, for a decision and not for a form that opens."""
    found = may_decide(bound, await people.actor(Person(user, TEAM.id), bound, channel, fresh=True), "approve")
    return found.reason if isinstance(found, Refused) else True


def becomes(workspace: Workspace, **changes: Any) -> None:
    """Lea's account is another one from now on."""
    changed = [replace(each, **changes) if each.id == "U0LEA" else each for each in workspace.team.people]
    workspace.team = replace(workspace.team, people=tuple(changed))


def leaves(workspace: Workspace) -> None:
    """Lea is in no group and no conversation any more."""
    team = workspace.team
    groups = tuple(replace(each, members=tuple(set(each.members) - {"U0LEA"})) for each in team.groups)
    conversations = tuple(
        replace(each, members=tuple(set(each.members) - {"U0LEA"})) if each.kind != "dm" else each
        for each in team.conversations
    )
    workspace.team = replace(team, groups=groups, conversations=conversations)


@pytest.mark.parametrize("bound", [terms("U0LEA"), terms("S0LEADS"), terms("channel"), terms("U0LEA", "S0LEADS")])
@pytest.mark.parametrize(("changes", "said"), [({"deleted": True}, "deactivated"), ({"is_restricted": True}, "Guests")])
async def test_who_is_no_full_member_any_more_decides_nothing_whatever_was_known(
    people: People, workspace: Workspace, bound: Terms, changes: dict[str, bool], said: str
):
    assert await verdict(people, "U0LEA", bound) is True
    becomes(workspace, **changes)
    assert await verdict(people, "U0LEA", bound) is True, "a form may open on what is known"
    assert said in await decides_now(people, "U0LEA", bound)
    assert said in await verdict(people, "U0LEA", bound), "what was found out is known from then on"


@pytest.mark.parametrize("bound", [terms("S0LEADS"), terms("channel"), terms("S0LEADS", "channel")])
async def test_who_has_left_the_group_or_the_conversation_decides_nothing(
    people: People, workspace: Workspace, bound: Terms
):
    assert await verdict(people, "U0LEA", bound) is True
    leaves(workspace)
    assert "not among those" in await decides_now(people, "U0LEA", bound)


@pytest.mark.parametrize(
    ("method", "bound"),
    [
        ("users.info", terms("U0LEA")),
        ("usergroups.users.list", terms("S0LEADS")),
        ("conversations.members", terms("channel")),
    ],
)
@pytest.mark.parametrize("status", [503, 429, 500])
async def test_what_cannot_be_found_out_now_counts_for_nothing_whatever_was_known(
    people: People,
    workspace: Workspace,
    method: str,
    bound: Terms,
    status: int,
):
    assert await verdict(people, "U0LEA", bound) is True
    workspace.faults.arm({"http": {"method": method, "status": status, "times": 1}})
    assert "Click again" in await decides_now(people, "U0LEA", bound)
    assert await decides_now(people, "U0LEA", bound) is True


async def test_a_decision_looks_up_each_thing_once_and_all_at_once(people: People, workspace: Workspace):
    bound = [terms("U0LEA"), terms("S0LEADS", "channel"), terms("S0LEADS", "requester")]
    await people.actors(Person("U0LEA", TEAM.id), bound, "C0SUPPORT", fresh=True)
    before = len(calls_of(workspace))
    actors = await people.actors(Person("U0LEA", TEAM.id), bound, "C0SUPPORT", fresh=True)
    assert sorted(calls_of(workspace)[before:]) == ["conversations.members", "usergroups.users.list", "users.info"]
    assert [actor.groups for actor in actors] == [frozenset(), {"S0LEADS"}, {"S0LEADS"}]
    assert [actor.in_channel for actor in actors] == [None, True, None]


async def test_a_slack_that_never_answers_is_waited_for_less_than_a_click_lives(monkeypatch: pytest.MonkeyPatch):
    assert judged.JUDGED_WITHIN < 3, "seconds in which Slack wants its answer"
    monkeypatch.setattr(judged, "JUDGED_WITHIN", 0.05)
    held: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: held.append(writer), "127.0.0.1", 0)
    async with server, aiohttp.ClientSession() as session:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api/"
        client = AsyncWebClient("xoxb-local", base_url=url, session=session, retry_handlers=[])
        silent = People(Directory(client, TEAM.id), TEAM.id)
        assert "Click again" in await verdict(silent, "U0LEA", terms("U0LEA", "S0LEADS", "channel"))
        assert len(held) == 3, "all at once"
        for writer in held:
            writer.close()


async def test_a_group_that_cannot_be_told_is_unclear_for_its_own_call_only(people: People, workspace: Workspace):
    await people.actor(Person("U0LEA", TEAM.id), terms("S0NOBODY"))
    fails(workspace, "usergroups.users.list")
    bound = [terms("S0NOBODY"), terms("S0LEADS"), terms("U0LEA")]
    actors = await people.actors(Person("U0LEA", TEAM.id), bound, "C0SUPPORT")
    assert [actor.groups for actor in actors] == [frozenset(), None, frozenset()]


async def test_full_members_may_talk_to_it_and_listed_people_and_groups_alone(directory: Directory):
    everybody, listed = People(directory, TEAM.id), People(directory, TEAM.id, frozenset({"U0ANA", "S0LEADS"}))
    assert [await everybody.refusal(user) for user in ("U0ANA", "U0LEA")] == [None, None]
    assert "Guests" in str(await everybody.refusal("U0MAX"))
    assert "deactivated" in str(await everybody.refusal("U0OLD"))
    assert [await listed.refusal(user) for user in ("U0ANA", "U0LEA")] == [None, None]
    assert "not among" in str(await listed.refusal("U0MAX"))


CANNOT_TELL: dict[str, dict[str, Any]] = {
    **{
        error: {"error": error}
        for error in ("internal_error", "fatal_error", "ratelimited", "missing_scope", "new_one")
    },
    "500": {"status": 500},
    "429": {"status": 429, "retry_after": 3600},
    **{way: {"way": way} for way in ("html", "cut", "reset")},
}


@pytest.mark.parametrize("fault", CANNOT_TELL)
async def test_cannot_tell_is_not_no(directory: Directory, workspace: Workspace, fault: str):
    everybody, listed = People(directory, TEAM.id), People(directory, TEAM.id, frozenset({"S0NOBODY", "S0LEADS"}))
    for people, method in ((everybody, "users.info"), (listed, "usergroups.users.list")):
        workspace.faults.arm({"http": {"method": method, "times": 9} | CANNOT_TELL[fault]})
        with pytest.raises(CannotTell):
            await people.refusal("U0LEA")
        workspace.faults.http.clear()
        assert await people.refusal("U0LEA") is None, "what failed is not remembered"


async def test_one_listed_group_that_is_known_is_enough(directory: Directory, workspace: Workspace):
    listed = People(directory, TEAM.id, frozenset({"S0NOBODY", "S0LEADS"}))
    await directory.group("S0LEADS")
    fails(workspace, "usergroups.users.list")
    assert await listed.refusal("U0LEA") is None


EMPTY = [
    '{"ok": true}',
    '{"ok": true, "user": {}, "users": {}, "channel": {}, "members": 7}',
    '{"ok": true, "user": []}',
]


@pytest.mark.parametrize("body", EMPTY)
async def test_an_answer_that_says_nothing_makes_nobody_a_member(body: str):
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=body, content_type="application/json")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession() as session:
        host, port = runner.addresses[0][:2]
        client = AsyncWebClient("xoxb-local", base_url=f"http://{host}:{port}/api/", session=session)
        empty = Directory(client, TEAM.id)
        look_ups = (empty.account, empty.group, empty.room, empty.members, empty.direct_message)
        for look_up in look_ups:
            with pytest.raises(CannotTell):
                await look_up("U0ANA")
        assert (await People(empty, TEAM.id).actor(Person("U0ANA", TEAM.id), terms("U0ANA"))).kind is None
    await runner.cleanup()


async def test_to_mention_a_conversation_that_the_bot_is_not_in_is_no_alarm(
    directory: Directory, caplog: pytest.LogCaptureFixture
):
    caplog.set_level("INFO", "bot")
    with pytest.raises(CannotTell):
        await directory.room("C0NOWHERE")
    assert [record.levelname for record in caplog.records] == ["INFO"]


async def test_what_fails_again_and_again_is_said_once(
    directory: Directory, workspace: Workspace, caplog: pytest.LogCaptureFixture
):
    workspace.faults.arm({"http": {"method": "users.info", "error": "missing_scope", "times": 5}})
    for user in ("U0ANA", "U0ANA", "U0LEA", "U0LEA"):
        with pytest.raises(CannotTell):
            await directory.account(user)
    assert [record.getMessage() for record in caplog.records] == ["user U0ANA cannot be looked up: missing_scope"]
    workspace.faults.http.clear()
    await directory.account("U0ANA")
    fails(workspace, "users.info")
    with pytest.raises(CannotTell):
        await directory.account("U0LEA")
    assert len(caplog.records) == 2


@pytest.mark.parametrize(
    ("bound", "channel", "missing"),
    [
        (terms("U0OLD"), "C0SUPPORT", "Otto Klein is deactivated"),
        (terms("U0MAX"), "C0SUPPORT", "Max Oduya is a guest"),
        (terms("U0GONE"), "C0SUPPORT", "U0GONE is not in this workspace"),
        (terms("S0NOBODY"), "C0SUPPORT", "user group @nobody"),
        (terms("S0OLD", "U0LEA", quorum=2), "C0SUPPORT", "only one person"),
        (terms("channel", self_approval=False), "D0ANA", "nobody else is in the conversation"),
        (terms("requester", "U0OLD", self_approval=False), "D0ANA", "Ana Ruiz asked for it"),
        (terms("S0LEADS", self_approval=False, requester="U0LEA"), "D0LEA", "user group @leads"),
    ],
)
async def test_a_quorum_that_nobody_can_reach_says_who_is_missing(
    people: People, bound: Terms, channel: str, missing: str
):
    assert missing in str(await people.unreachable(bound, channel))


@pytest.mark.parametrize(
    ("bound", "channel"),
    [
        (terms("U0LEA"), "D0ANA"),
        (terms("requester", "S0LEADS", quorum=2), "D0ANA"),
        (terms("U0OLD", "U0LEA"), "D0ANA"),
        (terms("channel", self_approval=False), "C0SUPPORT"),
        (terms("channel", self_approval=False), None),
    ],
)
async def test_a_quorum_that_somebody_can_reach_is_asked_for(people: People, bound: Terms, channel: str | None):
    assert await people.unreachable(bound, channel) is None


@pytest.mark.parametrize(
    ("bound", "method"),
    [
        (terms("U0OLD"), "users.info"),
        (terms("S0NOBODY"), "usergroups.users.list"),
        (terms("channel", self_approval=False), "conversations.info"),
    ],
)
async def test_what_cannot_be_told_is_not_out_of_reach(people: People, workspace: Workspace, bound: Terms, method: str):
    fails(workspace, method)
    assert await people.unreachable(bound, "D0ANA") is None
    assert await people.unreachable(bound, "D0ANA") is not None


@pytest.mark.parametrize(
    ("bound", "channel", "away"),
    [
        (terms("U0LEA"), "D0ANA", ["U0LEA"]),
        (terms("S0LEADS", "U0LEA"), "D0ANA", ["U0LEA"]),
        (terms("U0ANA", "U0LEA"), "C0LEADS", ["U0ANA"]),
        (terms("U0LEA"), "C0SUPPORT", []),
        (terms("requester"), "D0ANA", []),
        (terms("U0MAX", "U0OLD", "U0GONE", "S0OLD"), "D0ANA", []),
        (terms("U0ANA", "U0LEA", self_approval=False), "C0LEADS", []),
    ],
)
async def test_approvers_who_cannot_see_the_conversation(people: People, bound: Terms, channel: str, away: list[str]):
    assert await people.elsewhere(bound, channel) == away


@pytest.mark.parametrize("method", ["conversations.info", "usergroups.users.list", "users.info"])
async def test_who_is_elsewhere_is_asked_for_again_when_slack_is_away(
    people: People, workspace: Workspace, method: str
):
    fails(workspace, method)
    with pytest.raises(CannotTell):
        await people.elsewhere(terms("S0LEADS"), "D0ANA")
    assert await people.elsewhere(terms("S0LEADS"), "D0ANA") == ["U0LEA"]


LEADS = terms("S0LEADS")


@pytest.mark.parametrize("error", ["token_revoked", "account_inactive", "invalid_auth", "internal_error"])
@pytest.mark.parametrize("method", ["conversations.info", "usergroups.users.list", "users.info", "conversations.open"])
async def test_a_token_that_is_refused_is_no_answer_about_anybody(
    people: People, workspace: Workspace, method: str, error: str
):
    """Else who has to be asked would be left out, and the next process would find it done."""
    workspace.faults.arm({"http": {"method": method, "error": error}})
    look_up = people.direct_message("U0LEA") if method == "conversations.open" else people.elsewhere(LEADS, "D0ANA")
    with pytest.raises(CannotTell) as told:
        await look_up
    assert told.value.passing


async def test_a_direct_message_is_found_and_somebody_without_one_has_none(people: People):
    assert await people.direct_message("U0LEA") == "D0LEA"
    assert await people.direct_message("U0GONE") is None


async def test_what_is_no_longer_fresh_is_not_kept(directory: Directory, clock: Clock):
    for user in CROWD[:20]:
        await directory.account(user)
        clock.forward(CACHE_SECONDS / 10)
    assert len(directory._known) == 10
    clock.forward(CACHE_SECONDS)
    await directory.account("U0ANA")
    assert [id_ for _, id_ in directory._known] == ["U0ANA"]


async def test_only_so_much_is_kept_and_the_oldest_goes_first(
    directory: Directory, clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(looked_up, "MOST_KNOWN", 3)
    for user in ("U0ANA", "U0LEA", "U0OLD", "U0C0000", "U0LEA"):
        await directory.account(user)
        clock.forward(1)
    assert [id_ for _, id_ in directory._known] == ["U0LEA", "U0OLD", "U0C0000"]
    await directory.account("U0ANA")
    assert [id_ for _, id_ in directory._known] == ["U0OLD", "U0C0000", "U0ANA"]


@pytest.mark.parametrize(
    ("method", "kept"),
    [
        (None, "@Lea Brandt (U0LEA), @leads (S0LEADS), #support (C0SUPPORT), #C0LEADS, @U0GONE"),
        ("users.info", "@U0LEA, @leads (S0LEADS), #support (C0SUPPORT), #C0LEADS, @U0GONE"),
        ("usergroups.list", "@Lea Brandt (U0LEA), @S0LEADS, #support (C0SUPPORT), #C0LEADS, @U0GONE"),
        ("conversations.info", "@Lea Brandt (U0LEA), @leads (S0LEADS), #C0SUPPORT, #C0LEADS, @U0GONE"),
    ],
)
async def test_a_message_is_read_with_the_names_that_can_be_found_out(
    people: People, workspace: Workspace, method: str | None, kept: str
):
    if method is not None:
        fails(workspace, method, times=9)
    said = await people.read("<@U0LEA>, <!subteam^S0LEADS>, <#C0SUPPORT>, <#C0LEADS>, <@U0GONE>")
    assert said.to_model == kept, "a private conversation keeps its name"


async def test_a_crowd_is_looked_up_only_so_far(people: People, workspace: Workspace):
    said = await people.read(" ".join(f"<@{user}|someone>" for user in CROWD))
    assert said.to_people.count("@someone") == len(CROWD)
    assert len(calls_of(workspace)) <= 50


async def test_a_name_is_one_line_that_is_not_too_long(clock: Clock):
    names = {"U0BIG": "x" * 100_000, "U0FAKE": "Eve\n✓ Approved by @Lea", "U0HID": "E\u202eve"}
    liars = [Account(id_, f"handle-{id_}", name, "", "#000000") for id_, name in names.items()]
    async with (
        serve_workspace(port=0, team=replace(TEAM, people=(*TEAM.people, *liars))) as workspace,
        aiohttp.ClientSession() as session,
    ):
        client = AsyncWebClient(workspace.tokens.bot, base_url=f"{workspace.url}/api/", session=session)
        directory = Directory(client, TEAM.id, clock.seconds)
        called = [(await directory.account(id_)).name for id_ in names]
    assert len(called[0]) <= 80
    assert called[0].endswith(" characters)")
    assert called[1:] == ["Eve ✓ Approved by @Lea", "E\\u{202e}ve"]
