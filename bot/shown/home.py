"""The Home tab of one person: what concerns them → the view. Pure.

First what waits for them, then what of theirs waits for others, what is in doubt, the last decisions. A section with
nothing in it says by an example what would be there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from bot.shown import tenses
from bot.shown.overview import Decided, Overview, Some, Usage, Waiting
from bot.shown.pieces import Moment, Person, Piece, Styled, elements, in_mrkdwn
from bot.shown.text import (
    Block,
    context,
    fitted,
    mrkdwn,
    one_line,
    plain_text,
    plain_visible,
    rich,
    section,
    shorten,
)
from bot.shown.wording import NAMES, who_answers, who_decides
from graphs.approvals.states import State
from storage.usage import Sum

OPEN = "open_question"
TRY_EXAMPLE = "try_example"

WAITING_SHOWN = 20
THEIRS_SHOWN = 8
DOUBTS_SHOWN = 6
DECIDED_SHOWN = 8
USERS_SHOWN = 5
"""How many are shown: a view has 100 blocks, and each that waits takes two."""

TITLE_LIMIT = 200
REASON_LIMIT = 150
SPOKEN_LIMIT = 75
"""Characters of what a screen reader says of a button."""

_WHAT_IT_DOES = (
    "Write under Messages, in your own words, what you need. What is harmless runs at once. Before anything that "
    "matters, whoever decides is asked, and nothing runs until they have approved it."
)

EXAMPLE = "refund order 1042, 80 euro"
"""For an agent that has none of its own."""


def view(shown: Overview, examples: Sequence[str], now: float) -> Block:
    """The view to publish."""
    blocks = [*_blocks(shown, examples), _updated(now)]
    return {"type": "home", "callback_id": "home", "blocks": blocks}


def digest(shown: Overview, examples: Sequence[str]) -> str:
    """Tells one view from another, whenever they were made."""
    return hashlib.sha256(repr(_blocks(shown, examples)).encode()).hexdigest()


def unknown(now: float) -> Block:
    """For somebody whom Slack cannot look up now: nothing is shown that may not be theirs."""
    said = "Who you are cannot be looked up right now. This page is filled as soon as it can be."
    return {"type": "home", "callback_id": "home", "blocks": [_section(said), _updated(now)]}


def _blocks(shown: Overview, examples: Sequence[str]) -> list[Block]:
    if shown.refusal is not None:
        refused: list[Block] = [{"type": "section", "text": mrkdwn(shown.refusal)}]
        return refused if shown.is_empty else _apart([refused, _waiting(shown, ""), _doubts(shown)])
    example = fitted(one_line(examples[0]), TITLE_LIMIT) if examples else EXAMPLE
    sections = [_waiting(shown, example), _theirs(shown, example), _doubts(shown), _decided(shown, example)]
    if shown.usage is not None:
        sections.append(_used(shown.usage, shown.reader))
    if shown.is_new:
        begin = _begin(shown, examples)
        sections = [begin, *sections] if shown.is_empty else [*sections, begin]
    return _apart(sections)


def _apart(sections: Sequence[Sequence[Block]]) -> list[Block]:
    """With a line between two."""
    first, *others = sections
    return [*first, *(block for each in others for block in ({"type": "divider"}, *each))]


def _begin(shown: Overview, examples: Sequence[str]) -> list[Block]:
    """What it does, and one thing to try: an example, or to write anything at all where the agent has none."""
    blocks = [_header("Signoff asks before it acts"), _section(_WHAT_IT_DOES)]
    button: Block = {"type": "button"}
    if examples:
        example = fitted(one_line(examples[0]), TITLE_LIMIT)
        blocks.append(_section(f"One thing to try: “{example}”"))
        button |= {"action_id": TRY_EXAMPLE, "text": plain_text("Try It"), "value": "0", "style": "primary"}
        button |= {"accessibility_label": _spoken("Try It", example)}
    elif shown.messages is not None:
        blocks.append(_section("One thing to try: ask what it can do."))
        button |= {"action_id": OPEN, "text": plain_text("Open Messages"), "url": shown.messages, "style": "primary"}
    else:
        return blocks
    return [*blocks, {"type": "actions", "block_id": "begin", "elements": [button]}]


def _waiting(shown: Overview, example: str) -> list[Block]:
    blocks = [_header("Waiting for you"), *questions(shown.waiting, shown.reader)]
    if not shown.waiting.in_all:
        such = f" When “{example}” needs your approval, it is here until you decide." if example else ""
        blocks.append(_section(f"Nothing waits for you.{such}"))
    if shown.unclear:
        blocks.append(_small("It cannot be told right now whether more waits for you. This page is updated then."))
    return blocks


def _theirs(shown: Overview, example: str) -> list[Block]:
    teaches = f"Nothing of yours waits. Where somebody else decides about “{example}”, it is here until they have."
    return _with(_header("Waiting for others"), questions(shown.theirs, shown.reader), teaches)


def _doubts(shown: Overview) -> list[Block]:
    teaches = "Nothing is in doubt. What was cut off while it ran is here until somebody says whether it happened."
    return _with(_header("In doubt"), questions(shown.doubts, shown.reader), teaches)


def _decided(shown: Overview, example: str) -> list[Block]:
    done = fitted(tenses.done(f"{example[:1].upper()}{example[1:]}"), TITLE_LIMIT)
    teaches = f"No decisions yet. The last ones are here, each as “{done} · approved by you”."
    return _with(_header("Last decisions"), [_record(each, shown.reader) for each in shown.decided], teaches)


def _used(usage: Usage, reader: str) -> list[Block]:
    """What the model's replies took, in tokens: today, in seven days, and for whom most of that."""
    if not usage.week:
        return [
            _header("Usage"),
            _section("Nothing in the last 7 days. What the model's replies take is added up here."),
        ]
    lines = [f"Today: {_tokens(usage.today)}", f"Last 7 days: {_tokens(usage.week)}"]
    people = [each for each in usage.people if each.key]
    blocks = [_header("Usage"), *map(_section, lines)]
    named = [
        [" · " if number else "", "you" if each.key == reader else Person(each.key), f" {each.tokens:,}"]
        for number, each in enumerate(people[:USERS_SHOWN])
    ]
    if named:
        more = f" · and {len(people) - USERS_SHOWN} more" if len(people) > USERS_SHOWN else ""
        line: list[Piece] = ["By person: ", *(piece for each in named for piece in each), more]
        blocks.append(_small(in_mrkdwn(line)))
    return blocks


def _tokens(sums: Sequence[Sum]) -> str:
    replies = sum(each.replies for each in sums)
    read, written = (sum(each.prompt_tokens for each in sums), sum(each.completion_tokens for each in sums))
    of = f"{replies:,} {'reply' if replies == 1 else 'replies'}"
    return f"{read + written:,} tokens in {of} ({read:,} read, {written:,} written)" if replies else "nothing yet"


def _with(header: Block, blocks: Sequence[Block], teaches: str) -> list[Block]:
    return [header, *(blocks or [_section(teaches)])]


def questions(some: Some[Waiting], reader: str) -> list[Block]:
    """Two blocks for each that is shown, and a line for how many are not."""
    blocks = [block for each in some.shown for block in _question(each, reader)]
    return [*blocks, _small(f"and {some.more} more")] if some.more else blocks


def _question(waiting: Waiting, reader: str) -> list[Block]:
    title = first_line(waiting)
    asked: Block = {"type": "section", "text": plain_visible(title)}
    if waiting.link is not None:
        asked["accessory"] = {
            "type": "button",
            "action_id": OPEN,
            "text": plain_text("Open"),
            "url": waiting.link,
            "accessibility_label": _spoken("Open", title),
        }
    return [asked, _small(small_print(waiting, reader))]


def first_line(waiting: Waiting) -> str:
    """What is to be decided, as a question where it reads as what is to be done."""
    title = fitted(one_line(waiting.title), TITLE_LIMIT)
    return tenses.asked(title) if waiting.about == "call" else title


def small_print(waiting: Waiting, reader: str) -> str:
    """Who asked and where, who decides where that is not the reader, how far it is, and until when. In mrkdwn."""
    where = f" in <#{waiting.channel}>" if waiting.channel and not waiting.channel.startswith("D") else ""
    asked_by = "You" if waiting.requester == reader else f"<@{waiting.requester}>"
    said = ["It may already have run"] if waiting.about == "doubt" else []
    said += [f"{asked_by} asked{where}"] if waiting.requester else []
    if not waiting.for_reader:
        said.append(who_answers(waiting) if waiting.about == "answer" else who_decides(waiting))
    if waiting.quorum > 1:
        said.append(f"{len(waiting.votes)} of {waiting.quorum} approved")
    if waiting.expires_at is not None:
        said.append(f"until {in_mrkdwn([Moment(waiting.expires_at)])}")
    return " · ".join(said) or "It waits for an answer"


def _record(decided: Decided, reader: str) -> Block:
    """One line: what was decided, by whom, when, and what came of it."""
    line = [_told(decided), *_by(decided, reader)]
    if decided.at is not None:
        line += [" · ", Moment(decided.at)]
    if decided.link is None:
        return rich(section(*elements(line)))
    opens: Block = {"type": "link", "url": decided.link, "text": "Open"}
    return rich(section(*elements([*line, " · "]), opens))


_TENSE = {
    State.APPROVED: tenses.doing,
    State.RUNNING: tenses.doing,
    State.DONE: tenses.done,
    State.FAILED: tenses.could_not,
    State.IN_DOUBT: lambda title: f"In doubt: {title}",
}
"""How the title is told of what was let run, by how it stands."""


def _told(decided: Decided) -> Piece:
    title = fitted(one_line(decided.title), TITLE_LIMIT)
    if decided.state is None:
        return title
    return Styled(_TENSE[decided.state](title), "bold") if decided.state in _TENSE else Styled(title, "strike")


def _by(decided: Decided, reader: str) -> list[Piece]:
    reason = fitted(one_line(decided.reason), REASON_LIMIT) if decided.reason.strip() else ""
    people = _people(decided.by, reader)
    match decided.decision:
        case "approve" | "edit":
            verb = "edited" if decided.decision == "edit" else "approved"
            return [f" · {verb} by ", *people, "" if decided.state in _TENSE else ", not run"]
        case "reject":
            return [" · rejected by ", *people, f": {reason}" if reason else ", not run"]
        case "respond":
            return [" · answered in its place by ", *people]
        case "it_ran" | "run_again" | "give_up" if decided.by:
            return [" · settled by ", *people]
        case "continue":
            return [" · continued by ", *people]
        case None if decided.by:
            return [" · answered by ", *people]
        case _:
            return [" · timed out, not run" if decided.state is not None else " · timed out, not answered"]


def _people(users: Sequence[str], reader: str) -> list[Piece]:
    named: list[Piece] = []
    for number, user in enumerate(users[:NAMES]):
        named += [", " if number else "", "you" if user == reader else Person(user)]
    if len(users) > NAMES:
        named.append(f" and {len(users) - NAMES} more")
    return named or ["nobody"]


def _header(text: str) -> Block:
    return {"type": "header", "text": plain_text(text)}


def _section(text: str) -> Block:
    """A sentence, which may quote others, as `visible` shows them: nothing in it counts as a format."""
    return {"type": "section", "text": plain_visible(text)}


def _small(text: str) -> Block:
    return context(mrkdwn(text))


def _spoken(what: str, title: str) -> str:
    return shorten(f"{what}: {title}", SPOKEN_LIMIT)


def _updated(now: float) -> Block:
    moment = Moment(now, "{date_short_pretty} at {time}")
    return _small(f"Updated {in_mrkdwn([moment])}")
