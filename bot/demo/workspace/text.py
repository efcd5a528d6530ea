"""What a person types → the text Slack stores and sends.

Slack escapes `&`, `<` and `>`, turns "@handle" and "#channel" into mentions, and wraps links and addresses into `<url>`
and `<mailto:a@b.c|a@b.c>`. A bot that reads its users' text has to undo this, here as there.
"""

import re

from bot.demo.workspace.people import Team

_TOKENS = re.compile(
    r"(?P<token><(?:@[UW]\w+|#C\w+|!subteam\^S\w+|(?:https?://|mailto:)[^<>\s]+)(?:\|[^<>]*)?>)"
    r"|(?P<url>https?://[^\s<>|]+[^\s<>|.,;:!?)\]'\"*_~])"
    r"|(?P<email>(?<![\w.+-])[\w.+-]++@[\w-]++(?:\.[\w-]++)+)"
    r"|(?<!\w)@(?P<handle>\w+)"
    r"|(?<![\w&])#(?P<channel>[\w-]+)"
    r"|(?P<special>[&<>])"
)

_ESCAPED = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def to_wire(typed: str, team: Team) -> str:
    """The typed text as Slack stores it. A mention or link in Slack's form stays as it is."""
    handles = {user.handle: f"<@{user.id}>" for user in team.users}
    channels = {each.name: f"<#{each.id}|{each.name}>" for each in team.conversations if each.kind != "dm"}
    handles |= {group.handle: f"<!subteam^{group.id}>" for group in team.groups}

    def replaced(match: re.Match[str]) -> str:
        whole = match[0]
        match match.lastgroup:
            case "url":
                return f"<{escaped(whole)}>"
            case "email":
                return f"<mailto:{whole}|{whole}>"
            case "handle":
                return handles.get(match["handle"].lower(), whole)
            case "channel":
                return channels.get(match["channel"], whole)
            case "special":
                return _ESCAPED[whole]
            case _:
                return whole

    return _TOKENS.sub(replaced, typed)


def escaped(text: str) -> str:
    return re.sub("[&<>]", lambda match: _ESCAPED[match[0]], text)


def mentions(text: str, user: str) -> bool:
    return re.search(rf"<@{user}(?:\|[^>]*)?>", text) is not None
