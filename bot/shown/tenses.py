"""What a call does, is doing and has done: a title that begins with an imperative, in other tenses. Pure.

"Refund 30 euro" → "Refunding 30 euro" → "Refunded 30 euro", or "Couldn't refund 30 euro". A title that does not begin
with a verb that is known is left whole, behind a word that is right for any.
"""

from __future__ import annotations

import re

_PAST = {
    "bring": "brought",
    "build": "built",
    "buy": "bought",
    "choose": "chose",
    "cut": "cut",
    "do": "did",
    "draw": "drew",
    "find": "found",
    "forget": "forgot",
    "freeze": "froze",
    "get": "got",
    "give": "gave",
    "go": "went",
    "hide": "hid",
    "hold": "held",
    "keep": "kept",
    "leave": "left",
    "let": "let",
    "make": "made",
    "overwrite": "overwrote",
    "pay": "paid",
    "put": "put",
    "read": "read",
    "rebuild": "rebuilt",
    "redo": "redid",
    "resend": "resent",
    "reset": "reset",
    "rerun": "reran",
    "rewrite": "rewrote",
    "run": "ran",
    "say": "said",
    "see": "saw",
    "sell": "sold",
    "send": "sent",
    "set": "set",
    "show": "showed",
    "shut": "shut",
    "speak": "spoke",
    "spend": "spent",
    "split": "split",
    "take": "took",
    "teach": "taught",
    "tell": "told",
    "think": "thought",
    "undo": "undid",
    "unfreeze": "unfroze",
    "withdraw": "withdrew",
    "write": "wrote",
}

_REGULAR_ONES = """
    accept activate add adjust allow amend announce answer append apply approve archive ask assign attach authorize
    award back ban block call cancel capture change charge check clean clear clone close collect commit
    compare complete compute configure confirm connect convert copy correct count create credit deactivate debit
    decline decrease delegate delete deliver deploy describe destroy detach disable disconnect discount dismiss display
    download drain drop email enable end enter erase escalate estimate evaluate exchange execute expire export extend
    fetch fill filter finish fix flag flush follow force format forward generate grant halt import
    increase inform insert inspect install invite invoice join kill launch limit link list load lock log
    look lower mark measure merge migrate modify monitor mount move mute name notify open pack park
    pause perform pin place post prepare print process promote provide provision prune publish pull purge
    push query quarantine queue raise reactivate rebalance reboot receive recharge record recover redirect reduce
    refresh refund register reject release reload remind remove rename render renew reopen reorder repair replace reply
    reschedule reserve resize resolve respond restart restore resume retry return review revise revoke
    rotate save scale scan schedule search select separate share ship sign skip snooze solve sort start stop
    subscribe submit summarize suspend swap switch sync terminate toggle top transfer translate trigger
    trim truncate try turn unarchive unassign unblock uninstall unlink unlock unmute unpin unsubscribe update
    upgrade upload validate verify view void vote wait warn wipe
"""
"""Verbs with an ordinary past. None that a title would rather have as a noun: "Order status"."""

_DOUBLED_ONES = """
    ban begin cancel clip commit control cut drop equip flag forget format get let log map pin plan prefer ban put refer
    rerun reset run scan set ship shop shut skip slip snap spin split stop submit swap tag top transfer trim unpin
    unplug wrap zip
"""
"""Verbs whose last letter is written twice before an ending; "cancel" as British English has it."""

_REGULAR = frozenset(_REGULAR_ONES.split())
_DOUBLED = frozenset(_DOUBLED_ONES.split())

_FIRST = re.compile(r"([A-Za-z]+)(?=$|\s|[,:;])(.*)", re.DOTALL)


def doing(title: str) -> str:
    """While it runs."""
    verb, rest = _split(title)
    return f"{_like(title, _present(verb))}{rest}" if verb else f"Running: {title}"


def done(title: str) -> str:
    """Once it ran."""
    verb, rest = _split(title)
    return f"{_like(title, _past(verb))}{rest}" if verb else f"Ran: {title}"


def could_not(title: str) -> str:
    """Where it failed."""
    verb, rest = _split(title)
    return f"Couldn't {verb}{rest}" if verb else f"Couldn't run: {title}"


def asked(title: str) -> str:
    """As a question, where it reads as what is to be done: "Refund 30 euro?"."""
    return f"{title}?" if is_imperative(title) and title[-1] not in ".?!…" else title


def is_imperative(title: str) -> bool:
    """Whether it begins with a verb that is known, so that it can be asked as it stands: "Refund 30 euro?"."""
    return bool(_split(title)[0])


def _split(title: str) -> tuple[str, str]:
    """The verb that it begins with, in small letters, and the rest; no verb where it begins with none that is known."""
    found = _FIRST.match(title)
    if found is None:
        return "", title
    verb = found[1].lower()
    return (verb, found[2]) if verb in _PAST or verb in _REGULAR else ("", title)


def _like(title: str, verb: str) -> str:
    return verb[0].upper() + verb[1:] if title[0].isupper() else verb


def _present(verb: str) -> str:
    if verb in _DOUBLED:
        return f"{verb}{verb[-1]}ing"
    if verb.endswith("ie"):
        return f"{verb[:-2]}ying"
    if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")):
        return f"{verb[:-1]}ing"
    return f"{verb}ing"


def _past(verb: str) -> str:
    if verb in _PAST:
        return _PAST[verb]
    if verb in _DOUBLED:
        return f"{verb}{verb[-1]}ed"
    if verb.endswith("e"):
        return f"{verb}d"
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return f"{verb[:-1]}ied"
    return f"{verb}ed"
