"""A title in other tenses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.shown.tenses import could_not, doing, done


@pytest.mark.parametrize(
    ("title", "now", "then"),
    [
        ("Refund 30 euro on order 7", "Refunding 30 euro on order 7", "Refunded 30 euro on order 7"),
        ("Look up order 7", "Looking up order 7", "Looked up order 7"),
        ("Cancel order 7", "Cancelling order 7", "Cancelled order 7"),
        ("Send an email", "Sending an email", "Sent an email"),
        ("Find order", "Finding order", "Found order"),
        ("Pay bill 3", "Paying bill 3", "Paid bill 3"),
        ("Write note", "Writing note", "Wrote note"),
        ("Set limit", "Setting limit", "Set limit"),
        ("Put it away", "Putting it away", "Put it away"),
        ("Run job", "Running job", "Ran job"),
        ("Delete file", "Deleting file", "Deleted file"),
        ("Copy file", "Copying file", "Copied file"),
        ("Deploy version 2", "Deploying version 2", "Deployed version 2"),
        ("Ship", "Shipping", "Shipped"),
        ("stop it", "stopping it", "stopped it"),
        ("Notify Ana", "Notifying Ana", "Notified Ana"),
        ("Transfer: 3", "Transferring: 3", "Transferred: 3"),
        ("Update row", "Updating row", "Updated row"),
        ("Freeze account 3", "Freezing account 3", "Froze account 3"),
        ("Format disk", "Formatting disk", "Formatted disk"),
    ],
)
def test_a_verb_that_is_known_is_inflected(title: str, now: str, then: str):
    assert (doing(title), done(title)) == (now, then)
    assert could_not(title) == f"Couldn't {title[0].lower()}{title[1:]}"


@pytest.mark.parametrize(
    "title", ["Balance", "Order 7", "42", "Überweisen 3", "Refunds of May", "Report for May", "", "re-send", "Find_it"]
)
def test_any_other_title_is_left_whole(title: str):
    assert doing(title) == f"Running: {title}"
    assert done(title) == f"Ran: {title}"
    assert could_not(title) == f"Couldn't run: {title}"


@given(st.text(max_size=40))
def test_nothing_behind_the_first_word_is_ever_changed(title: str):
    rest = title.partition(" ")[2]
    for said in (doing(title), done(title), could_not(title)):
        assert said.endswith(rest)
