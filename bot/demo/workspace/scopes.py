"""What each Web API method needs of the app's scopes (docs.slack.dev/reference/methods)."""

GRANTED = (
    "app_mentions:read",
    "assistant:write",
    "channels:history",
    "channels:read",
    "chat:write",
    "commands",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "im:read",
    "im:write",
    "reactions:write",
    "usergroups:read",
    "users:read",
)
"""What the one app of this workspace was installed with."""

_READS_ANY = ("channels:read", "groups:read", "im:read")
_HISTORY_ANY = ("channels:history", "groups:history", "im:history")

NEEDED: dict[str, tuple[str, ...]] = {
    "agents.sessions.rename": ("assistant:write", "chat:write"),
    "agents.sessions.setStatus": ("assistant:write", "chat:write"),
    "assistant.threads.setStatus": ("assistant:write", "chat:write"),
    "assistant.threads.setSuggestedPrompts": ("assistant:write",),
    "assistant.threads.setTitle": ("assistant:write",),
    "bots.info": ("users:read",),
    "chat.appendStream": ("chat:write",),
    "chat.delete": ("chat:write",),
    "chat.postEphemeral": ("chat:write",),
    "chat.postMessage": ("chat:write",),
    "chat.startStream": ("chat:write",),
    "chat.stopStream": ("chat:write",),
    "chat.update": ("chat:write",),
    "conversations.history": _HISTORY_ANY,
    "conversations.info": _READS_ANY,
    "conversations.list": _READS_ANY,
    "conversations.members": _READS_ANY,
    "conversations.open": ("im:write",),
    "conversations.replies": _HISTORY_ANY,
    "files.completeUploadExternal": ("files:write",),
    "files.getUploadURLExternal": ("files:write",),
    "reactions.add": ("reactions:write",),
    "reactions.remove": ("reactions:write",),
    "usergroups.list": ("usergroups:read",),
    "usergroups.users.list": ("usergroups:read",),
    "users.info": ("users:read",),
    "users.list": ("users:read",),
}
"""By method, the scopes of which one is enough. A method that is not here needs none."""


def lacking(method: str, granted: frozenset[str]) -> str | None:
    """The scope that the method needs and the app has not; None when it may be called."""
    needed = NEEDED.get(method, ())
    return ",".join(needed) if needed and not granted & set(needed) else None
