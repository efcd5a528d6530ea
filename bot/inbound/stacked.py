"""A form that goes on over several views: Slack sends only what the one on top holds, so the others are kept here."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from slack_bolt.async_app import AsyncAck

from bot.forms.forms import Form, FormErrors
from bot.inbound.payloads import Submission
from bot.shown.text import Block
from storage import Storage, drafts
from storage.errors import StorageUnavailable

Filled = dict[str, Any]
"""Block id → action id → what the element holds."""


async def filled(storage: Storage, form: Submission, page: int) -> Filled:
    """What all views of a form hold, up to the submitted one; `page` is its place, from 0."""
    earlier = await storage.read(lambda db: drafts.before(db, form.root_id, page)) if page else []
    return {**{block: held for each in earlier for block, held in json.loads(each).items()}, **form.values}


async def keep(storage: Storage, form: Submission, page: int) -> None:
    """Keep what this view holds until the last one is submitted."""
    held, now = json.dumps(form.values), storage.now()
    await storage.write(lambda db: drafts.keep(db, form.root_id, page, held, now), _name(form))


async def mend(
    ack: AsyncAck, submitted: Submission, form: Form, error: FormErrors, again: Callable[[str], Block]
) -> None:
    """Say all that is wrong, each at its field; else what is wrong with the whole, on the view `again`. What was typed
    stays.
    """
    if here := {block: said for block, said in error.errors.items() if block in submitted.values}:
        await ack(response_action="errors", errors=here)
        return
    elsewhere = [f"{form.label_of(block)}: {said}" for block, said in error.errors.items()]
    await ack(response_action="update", view=again(" ".join(filter(None, [error.whole, *elsewhere]))))


async def close(storage: Storage, ack: AsyncAck, form: Submission) -> None:
    """The form is done with: acknowledge its last view so that all are closed, and forget what they held."""
    if form.view_id == form.root_id:
        await ack()
        return
    await ack(response_action="clear")
    with suppress(StorageUnavailable):  # what was submitted counts; and what is left is forgotten in a day
        await storage.write(lambda db: drafts.drop(db, form.root_id), _name(form))


def _name(form: Submission) -> str:
    """Of what is kept of a form, for `Storage.write`."""
    return f"form {form.root_id}"
