"""What came of a call, told as a person would: each way in which a call can end reads as itself, none as another."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.demo.model.transcript import Made

LONGEST = 1500
LONGEST_VALUE = 40
ENDINGS: tuple[tuple[str, bool | None, str], ...] = (
    (r"Rejected by (?P<by>.+?), without a reason\..*", False, "{By} rejected {deed}, so it did not happen."),
    (r"Rejected by (?P<by>.+?): (?P<why>.*)", False, "{By} rejected {deed}, so it did not happen. The reason: {why}"),
    (r"Answered by (?P<by>.+?) in .*?Their answer: (?P<why>.*)", False, "{By} answered instead of {deed}: {why}"),
    (r"Invalid: the edit by (?P<by>.+?) cannot be run\.(?P<why>.*)", False, "The edit of {deed} cannot be run.{why}"),
    (r"Expired\b.*", False, "Nobody decided about {deed} in time, so it did not happen. Ask me again if you want it."),
    (r"Unreachable: (?P<why>.*?) Nobody was asked.*", False, "I could not ask anybody about {deed}: {why}"),
    (r"Cancelled: .*", False, "The question about {deed} was taken back before anybody decided; it did not happen."),
    (r"Stale: .*", False, "The rules for {deed} changed after it was approved, so it did not happen. Ask me again."),
    (r"Timed out\b.*", None, "I cannot say whether {deed} happened: it took too long. I will not try again by myself."),
    (r"In doubt\b.*", None, "I cannot say whether {deed} happened, and nobody knows. I will not repeat it by myself."),
    (r"Done: (?P<by>.+?) checked .*", True, "{By} checked that {deed} did happen."),
    (r"Lost: .*", False, "I lost track of {deed}, but it did not run."),
    (r"(?:Failed|Impossible|Invalid|Unusable|Unknown|Error): (?P<why>.*)", False, "That did not work: {why}"),
)


@dataclass(frozen=True)
class Outcome:
    """`happened` is None when nobody knows; `arguments` are those that ran, or would have."""

    happened: bool | None
    text: str
    arguments: Mapping[str, Any]


def outcome(made: Made, deed: str) -> Outcome:
    """`deed` names the call in a sentence: "the booking of room 4"."""
    if edited := read_edit(made.result):
        by, shown, ran, result = edited
        inner = outcome(Made(made.name, ran, result), deed)
        changes = (
            f"{key} {brief(ran[key])} instead of {brief(shown.get(key))}" for key in ran if ran[key] != shown.get(key)
        )
        return Outcome(
            inner.happened, f"{inner.text} {subject(by)} edited it first: {', '.join(changes) or 'no change'}.", ran
        )
    for pattern, happened, sentence in ENDINGS:
        if match := re.fullmatch(pattern, made.result.strip(), re.DOTALL):
            by, why = ({"by": "", "why": ""} | match.groupdict()).values()
            told = sentence.format(By=subject(by), deed=deed, why=why.replace("The call did not run.", ""))
            return Outcome(happened, told.strip(), made.arguments)
    return Outcome(True, readable(made.result) or f"Done: {deed}.", made.arguments)


def read_edit(result: str) -> tuple[str, dict[str, Any], dict[str, Any], str] | None:
    """Who edited, what was proposed, what it was made into, and what came of that."""
    match = re.match(r"Edited by (.+?)(?: before it ran)?\. Proposed: ", result)
    try:
        shown, end = json.JSONDecoder().raw_decode(result, match.end() if match else len(result))
        made = re.compile(r"\. (?:Ran instead|Edited to): ").match(result, end)
        ran, end = json.JSONDecoder().raw_decode(result, made.end()) if made else (shown, end)
        came = re.compile(r"\. (?:Result|Then): ").match(result, end)
        return (match[1], dict(shown), dict(ran), result[came.end() :]) if match and came else None
    except (ValueError, TypeError, RecursionError):
        return None


def brief(value: Any) -> str:
    text = str(value)
    return text if len(text) <= LONGEST_VALUE else f"“{text[:LONGEST_VALUE]}…”"


def subject(by: str) -> str:
    """Who decided, as the first word of a sentence to the person who asked."""
    return "You" if by == "the person who asked" else by[:1].upper() + by[1:]


def readable(result: str) -> str:
    """A result in its own words; the parts of an object after their names."""
    try:
        text = spoken(json.loads(result))
    except (ValueError, RecursionError):
        text = result.strip()
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def spoken(data: Any) -> str:
    """JSON as it would be read out."""
    if isinstance(data, dict):
        return ", ".join(f"{key.replace('_', ' ')} {spoken(value)}" for key, value in data.items() if value is not None)
    if isinstance(data, list):
        return "\n".join(f"• {spoken(item)}" for item in data)
    return {True: "yes", False: "no", None: ""}.get(data, str(data)) if isinstance(data, bool | None) else str(data)
