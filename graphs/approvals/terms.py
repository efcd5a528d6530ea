"""What an approval is bound to, and who may take part in deciding it: values."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NewType

from pydantic import AwareDatetime, BaseModel, ConfigDict

from graphs.approvals.decisions import Verb

UserId = NewType("UserId", str)
GroupId = NewType("GroupId", str)
REQUESTER = "requester"
CHANNEL = "channel"


class Terms(BaseModel):
    """What an approval is bound to; stored with the question and checked again when the call runs.

    `args_digest`, `schema_digest` and `policy` are SHA-256 in hex; `rule` says why it asks, for the audit. `approvers`
    stay names: a group is resolved when somebody clicks.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    tool: str
    args_digest: str
    schema_digest: str
    policy: str
    rule: str
    requester: UserId
    approvers: tuple[str, ...]
    quorum: int
    self_approval: bool
    allow: tuple[Verb, ...]
    expires_at: AwareDatetime | None


@dataclass(frozen=True)
class Actor:
    """Who clicked, as far as it could be found out. None: it could not.

    `kind`: "stranger" is anybody of another team, or somebody whom Slack does not know. `groups`: the user groups
    among the terms' approvers that the person is in. `in_channel`: whether the person is a member of the conversation.
    """

    user: UserId
    team: str
    kind: Literal["member", "guest", "bot", "deactivated", "stranger"] | None
    groups: frozenset[GroupId] | None = None
    in_channel: bool | None = None


@dataclass(frozen=True)
class Vote:
    """One person's approval of these very terms."""

    user: UserId
    at: datetime
