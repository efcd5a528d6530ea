"""Modals and the bot's home tab: what is open, for whom, in which order."""

import secrets
from dataclasses import dataclass, field
from typing import Any

from bot.demo.workspace.errors import SlackError
from bot.demo.workspace.people import Team
from bot.demo.workspace.store import Store

Json = dict[str, Any]

STACK = 3
"""Modals that may lie on each other."""


@dataclass
class View:
    """A modal or a home tab. `body` is what the bot sent; `values` is what the person last sent from it."""

    id: str
    user: str
    body: Json
    root_id: str
    previous_id: str | None = None
    hash: str = ""
    values: Json = field(default_factory=dict)

    def to_slack(self, team: Team) -> Json:
        """As the Web API, the interactions and the page know it."""
        body = self.body
        return {
            "id": self.id,
            "team_id": team.id,
            "type": body["type"],
            "title": body.get("title"),
            "submit": body.get("submit"),
            "close": body.get("close"),
            "blocks": body["blocks"],
            "private_metadata": body.get("private_metadata", ""),
            "callback_id": body.get("callback_id", ""),
            "external_id": body.get("external_id", ""),
            "state": {"values": self.values},
            "hash": self.hash,
            "clear_on_close": bool(body.get("clear_on_close")),
            "notify_on_close": bool(body.get("notify_on_close")),
            "submit_disabled": bool(body.get("submit_disabled")),
            "root_view_id": self.root_id,
            "previous_view_id": self.previous_id,
            "app_id": team.app_id,
            "app_installed_team_id": team.id,
            "bot_id": team.bot_id,
        }


class Views:
    """The open modals (in memory: a restart closes them) and the home tabs (kept)."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._modals: dict[str, View] = {}
        self._homes: dict[str, View] = {}
        for user, body in store.homes().items():
            self._homes[user] = _new_view(user, body)

    def get(self, view_id: str) -> View | None:
        homes = (home for home in self._homes.values() if home.id == view_id)
        return self._modals.get(view_id) or next(homes, None)

    def by_external_id(self, external_id: str) -> View | None:
        return next((each for each in self._modals.values() if each.body.get("external_id") == external_id), None)

    def home(self, user: str) -> View | None:
        return self._homes.get(user)

    def open(self, user: str, body: Json, below: View | None = None) -> View:
        """Opens a modal, on top of `below` when it is pushed. Raises SlackError when the stack is full."""
        external_id = body.get("external_id")
        if external_id and self.by_external_id(external_id):
            raise SlackError("duplicate_external_id")
        if below and sum(each.root_id == below.root_id for each in self._modals.values()) >= STACK:
            raise SlackError("push_limit_reached")
        view = _new_view(user, body)
        if below:
            view.root_id, view.previous_id = below.root_id, below.id
        self._modals[view.id] = view
        return view

    def publish(self, user: str, body: Json) -> View:
        view = self._homes.setdefault(user, _new_view(user, body))
        view.body, view.hash = body, _new_hash()
        self._store.save_home(user, body)
        return view

    def update(self, view: View, body: Json) -> None:
        view.body, view.hash = body, _new_hash()

    def close(self, view: View) -> None:
        self._modals.pop(view.id, None)

    def stack(self, view: View) -> list[View]:
        """The modals that lie on each other with this one, the lowest first."""
        return [each for each in self._modals.values() if each.root_id == view.root_id]


def check_hash(view: View | None, expected: str | None) -> None:
    """Raises SlackError when the bot last saw another state of the view."""
    if expected and view and view.hash != expected:
        raise SlackError("hash_conflict")


def _new_view(user: str, body: Json) -> View:
    view_id = f"V{secrets.token_hex(5).upper()}"
    return View(view_id, user, body, root_id=view_id, hash=_new_hash())


def _new_hash() -> str:
    return f"{secrets.randbelow(10**10)}.{secrets.token_hex(4)}"
