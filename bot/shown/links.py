"""Addresses of messages, made and not asked for: a card, or Home, has many.

Source: the permalinks of docs.slack.dev/reference/methods/chat.getPermalink, and the `url` of auth.test.
"""

from __future__ import annotations

from urllib.parse import urlencode

from storage.posts import Place


def conversation(team_url: str, channel: str) -> str | None:
    """Of a whole conversation, which Slack opens where somebody was last; None where the team's address is not
    known.
    """
    if not team_url.startswith(("https://", "http://")):
        return None
    return f"{team_url.rstrip('/')}/archives/{channel}"


def address(team_url: str, place: Place, ts: str) -> str | None:
    """Of the message `ts` in a place; None where the team's own address, or the message's time, is not known."""
    seconds, dot, micros = ts.partition(".")
    if not (team_url.startswith(("https://", "http://")) and dot and (seconds + micros).isdecimal()):
        return None
    in_thread = place.thread_ts and ts != place.thread_ts
    thread = f"?{urlencode({'thread_ts': place.thread_ts, 'cid': place.channel})}" if in_thread else ""
    return f"{team_url.rstrip('/')}/archives/{place.channel}/p{seconds}{micros}{thread}"
