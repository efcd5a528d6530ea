"""A call that had run when its thread was taken back in time: it is asked for, gated or not (rule S5)."""

from __future__ import annotations

from datetime import UTC, datetime

from graphs.agent.arguments import Arguments
from graphs.agent.policy import Gated, settling_terms
from graphs.agent.proposals import claim_key
from graphs.agent.results import read_result, told
from graphs.approvals.terms import Terms
from graphs.runtime.asking import past
from graphs.runtime.effects import idempotency_key
from storage.claims import ClaimRow


async def ran_before(call_id: str) -> str | None:
    """When this call ran in an earlier life of the thread and what came of it, in a sentence; None when it did not."""
    key = claim_key(call_id)
    _, claims = await past()
    earlier = [claim for claim in claims if claim.key == key and claim.idempotency_key != idempotency_key(key)]
    return _sentence(earlier[-1]) if earlier else None


def replay_terms(tool: Gated, arguments: Arguments, *, requester: str) -> Terms:
    """Who may let a call run again that no policy asks for."""
    terms = settling_terms(tool, arguments, requester=requester)
    return terms.model_copy(update={"rule": "the call has run before", "allow": ("approve", "reject")})


def _sentence(claim: ClaimRow) -> str:
    began = datetime.fromtimestamp(claim.claimed_at, UTC).isoformat(sep=" ", timespec="seconds")
    match claim.status:
        case "done":
            return f"This call ran before, on {began}: {told(read_result(claim.result))}"
        case "failed":
            return f"This call was tried before, on {began}, and failed: {claim.error}"
        case _:
            return f"This call was begun before, on {began}; nobody knows whether it took effect."
