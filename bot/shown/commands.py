"""What a slash command is answered with, privately. Pure."""

from __future__ import annotations

from bot.shown import home
from bot.shown.cards import Shown
from bot.shown.overview import Overview
from bot.shown.text import Block, context, escape, escape_visible, fitted, mrkdwn, one_line, plain_visible

LISTED = 10
"""Questions that are listed: a message has half as many blocks as Home."""

FALLBACK_TITLES = 3
"""Questions that are named in the notification."""

WORD_LIMIT = 60
WORDS_LIMIT = 200

NOT_NOW = "This cannot be looked up right now. Try again in a minute."

NOTHING_AT_WORK = "Nothing that you asked for runs or waits in this conversation."

_COMMANDS = (
    ("/signoff", "what waits for you, with links"),
    ("/signoff list", "the same"),
    ("/signoff stop", "stop what runs or waits for you in this conversation"),
    ("/signoff help", "this list"),
)

_OPENING = "Signoff asks before it acts. Write to it in a direct message, or name it in a channel."


def listed(shown: Overview) -> Shown:
    """What waits for somebody, and what of theirs is in doubt."""
    some, doubts = shown.waiting.first(LISTED), shown.doubts.first(LISTED // 2)
    if shown.refusal is not None and shown.is_empty:
        return told(shown.refusal)
    first = _counted(some.in_all)
    blocks = [_line(first), *home.questions(some, shown.reader)]
    if doubts.in_all:
        blocks += [_line("In doubt"), *home.questions(doubts, shown.reader)]
    if shown.unclear:
        blocks.append(context(mrkdwn("It cannot be told right now whether more waits for you.")))
    named = [escape_visible(home.first_line(each)) for each in some.shown[:FALLBACK_TITLES]]
    return Shown(" · ".join([first, *named]), tuple(blocks))


def _counted(number: int) -> str:
    match number:
        case 0:
            return "Nothing waits for you."
        case 1:
            return "One question waits for you."
        case _:
            return f"{number} questions wait for you."


def help_(word: str = "") -> Shown:
    """What there is; `word` is one that there is not."""
    first = f"There is no command “{escape(word, WORD_LIMIT)}”." if word else _OPENING
    lines = "\n".join(f"`{name}` {does}" for name, does in _COMMANDS)
    return Shown(f"{first}\n{lines}", ({"type": "section", "text": mrkdwn(first)}, _formatted(lines)))


def stopped(said: str, words: str) -> Shown:
    """What came of stopping what somebody asked for in these words."""
    quoted = f"You asked: “{fitted(one_line(words), WORDS_LIMIT)}”"
    return Shown(f"{said}\n{escape_visible(quoted)}", (_formatted(said), _line(quoted)))


def told(sentence: str) -> Shown:
    """A sentence of ours in mrkdwn."""
    return Shown(sentence, (_formatted(sentence),))


def _formatted(text: str) -> Block:
    return {"type": "section", "text": mrkdwn(text)}


def _line(text: str) -> Block:
    return {"type": "section", "text": plain_visible(text)}
