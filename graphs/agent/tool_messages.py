"""What the model reads in the place of a result: one sentence per outcome, each starting with the outcome's own word.

None is told as another (rule C4): a rejected call did not run by a person's will, an expired one because nobody
answered, a failed one did run or tried to, and of one in doubt nobody knows.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from graphs.agent.errors import InvalidArguments, UnknownTool, UnstorableArguments

ARGUMENTS_LENGTH = 10_000
"""Characters of arguments that are repeated to the model, which wrote most of them."""


def rejected(by: str, reason: str = "") -> str:
    """A person said no; `by` is who, as the model may name them."""
    because = f": {reason}" if reason else ", without a reason."
    return f"Rejected by {by}{because}{_stop(because)} The call did not run."


def responded(by: str, message: str) -> str:
    """A person answered in the tool's place."""
    return f"Answered by {by} in the tool's place; the call did not run. Their answer: {message}"


def edited(by: Sequence[str], proposed: Mapping[str, Any], made: Mapping[str, Any], outcome: str, *, ran: bool) -> str:
    """People changed the arguments, one after the other, until they were as `made` (empty: they cannot be shown);
    `outcome` is what came of that call: its result when it `ran`, else another of these.
    """
    who = ", then by ".join(by)
    if ran:
        return (
            f"Edited by {who} before it ran. Proposed: {_json(proposed)}. Ran instead: {_json(made)}. Result: {outcome}"
        )
    changed = f" Edited to: {_json(made)}." if made else ""
    return f"Edited by {who}. Proposed: {_json(proposed)}.{changed} Then: {outcome}"


def useless_edit(by: str, problem: str) -> str:
    """A person changed the arguments into something that cannot run."""
    return f"Invalid: the edit by {by} cannot be run. {problem}{_stop(problem)} The call did not run."


def expired() -> str:
    """Nobody decided in time."""
    return "Expired: nobody decided in time. The call did not run. This is not a rejection."


def impossible(why: str) -> str:
    """The tool's own check says that it cannot work; `why` is its sentence."""
    return f"Impossible: {why}{_stop(why)} The call did not run."


def unreachable(why: str) -> str:
    """There are not enough people who could approve it; `why` is a sentence that says who is missing."""
    return f"Unreachable: {why} Nobody was asked, and the call did not run."


def unreached(why: str) -> str:
    """It was to be asked, and those who may decide could not be reached; `why` is a sentence that says who."""
    return f"Unreachable: {why} The call did not run."


def cancelled() -> str:
    """It was taken back before it ran, as when the request was stopped, or a new message came first."""
    return "Cancelled: this was withdrawn before it ran. The call did not run."


def cut_off() -> str:
    """The request was stopped while this was at work, or about to be; running it twice does no harm."""
    return "Stopped: the request was stopped before this came to its end. It may have run in part."


def failed(message: str) -> str:
    """The tool ran and raised; `message` is the error's, without a traceback."""
    return f"Failed: {message}"


def timed_out(seconds: float) -> str:
    """The tool was still at work when its time was up."""
    return (
        f"Timed out: the tool did not finish within {seconds:g} seconds. "
        "It may or may not have taken effect; do not repeat it without asking."
    )


def in_doubt() -> str:
    """It was begun, its end was never recorded, and a person gave up finding out."""
    return "In doubt: the call was begun, and nobody knows whether it took effect. Do not repeat it without asking."


def was_done(by: str) -> str:
    """It was in doubt, and a person found that it did run; its result is lost."""
    return f"Done: {by} checked that the call did run. Its result was lost; do not repeat it."


def stale() -> str:
    """What was approved is no longer what would run."""
    return "Stale: the tool or its rules changed after the approval. The call did not run."


def invalid(error: InvalidArguments) -> str:
    """The arguments did not pass; the model can mend them."""
    return f"Invalid: {error}{_stop(str(error))} The call did not run. Correct the arguments and call again."


def unstorable(error: UnstorableArguments) -> str:
    """The arguments cannot be written down, and so neither shown nor approved; no other ones will do."""
    return f"Unusable: {error} The call did not run, and cannot be made to."


def unknown(error: UnknownTool) -> str:
    """The model called a tool that is not there."""
    return f"Unknown: {error} The call did not run."


def lost() -> str:
    """Nothing is on record about this call. One that may be repeated is not claimed when it begins."""
    return "Lost: there is no record of this call. Nobody knows whether it ran; do not repeat it without asking."


def _stop(sentence: str) -> str:
    return "" if sentence.rstrip().endswith((".", "!", "?", "…")) else "."


def _json(arguments: Mapping[str, Any]) -> str:
    text = json.dumps(arguments, ensure_ascii=False)
    if len(text) <= ARGUMENTS_LENGTH:
        return text
    half = ARGUMENTS_LENGTH // 2
    return f"{text[:half]} [… {len(text) - 2 * half} of {len(text)} characters left out here …] {text[-half:]}"
