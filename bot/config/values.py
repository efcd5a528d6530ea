"""What the configuration comes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from graphs.agent.governing import NOTHING, Rule, Said
from graphs.agent.ruling import Ruling
from graphs.mcp.spec import ServerSpec


@dataclass(frozen=True)
class Config:
    """What the file says. `agents` are paths by channel (`#name` or id); `places` says where each stands. `admins` are
    people's ids. `defaults` are for what a rule of `rules` does not say, in the order in which they are looked at;
    `defaults_place` is where they stand. `context_window` is in tokens, None where nothing is said.
    Finished threads that nobody touched for `retention` are deleted, where it is not None; `retention_place` says so.
    """

    agents: Mapping[str, str] = field(default_factory=dict[str, str])
    places: Mapping[str, str] = field(default_factory=dict[str, str])
    admins: Sequence[str] = ()
    defaults: Said = NOTHING
    defaults_place: str = ""
    rules: Sequence[Rule] = ()
    servers: Sequence[ServerSpec] = ()
    context_window: int | None = None
    retention: timedelta | None = None
    retention_place: str = ""

    @property
    def ruling(self) -> Ruling:
        """What tools are put under."""
        return Ruling(self.rules, self.defaults)
