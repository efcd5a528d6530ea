"""auth.test, users.*, usergroups.*, team.info, bots.info: who is who."""

from typing import Any

from bot.demo.workspace.errors import SlackError
from bot.demo.workspace.messages import bot_profile
from bot.demo.workspace.methods import lookups
from bot.demo.workspace.methods.arguments import Arguments
from bot.demo.workspace.people import Group
from bot.demo.workspace.workspace import Workspace

Json = dict[str, Any]


async def auth_test(workspace: Workspace, arguments: Arguments) -> Json:
    team = workspace.team
    return {
        "url": f"{workspace.url}/",
        "team": team.name,
        "user": team.bot.handle,
        "team_id": team.id,
        "user_id": team.bot.id,
        "bot_id": team.bot_id,
        "is_enterprise_install": False,
    }


async def users_info(workspace: Workspace, arguments: Arguments) -> Json:
    person = lookups.person(workspace, arguments.required("user", "user_not_found"))
    return {"user": person.to_slack(workspace.team.id, workspace.zone_of(person.id))}


async def users_list(workspace: Workspace, arguments: Arguments) -> Json:
    team = workspace.team
    members = [person.to_slack(team.id, workspace.zone_of(person.id)) for person in team.users]
    return {"members": members, "cache_ts": int(workspace.clock()), "response_metadata": {"next_cursor": ""}}


async def usergroups_list(workspace: Workspace, arguments: Arguments) -> Json:
    with_users = arguments.flag("include_users")
    return {"usergroups": [_group(workspace, group, with_users) for group in workspace.team.groups]}


async def usergroups_users_list(workspace: Workspace, arguments: Arguments) -> Json:
    group = workspace.team.group(arguments.required("usergroup", "no_such_subteam"))
    if group is None:
        raise SlackError("no_such_subteam")
    return {"users": list(group.members)}


async def team_info(workspace: Workspace, arguments: Arguments) -> Json:
    team = workspace.team
    return {"team": {"id": team.id, "name": team.name, "domain": team.domain, "email_domain": "", "icon": {}}}


async def bots_info(workspace: Workspace, arguments: Arguments) -> Json:
    if arguments.text("bot", workspace.team.bot_id) != workspace.team.bot_id:
        raise SlackError("bot_not_found")
    return {"bot": bot_profile(workspace.team)}


def _group(workspace: Workspace, group: Group, with_users: bool) -> Json:
    told: Json = {
        "id": group.id,
        "team_id": workspace.team.id,
        "is_usergroup": True,
        "handle": group.handle,
        "name": group.name,
        "description": "",
        "date_delete": 0,
        "user_count": len(group.members),
    }
    return told | {"users": list(group.members)} if with_users else told
