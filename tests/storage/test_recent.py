"""What is kept for a moment: only the newest, only so much, and for one taker."""

from storage.recent import Recent


def test_what_was_put_is_taken_once():
    recent = Recent()
    recent.put("thread", "id", "value")
    assert recent.take("thread", "id") == "value"
    assert recent.take("thread", "id") is None


def test_what_is_not_the_newest_is_not_given():
    recent = Recent()
    recent.put("thread", "old", "value")
    assert recent.take("thread", "new") is None


def test_the_ones_that_were_put_longest_ago_make_way():
    recent = Recent(limit=2)
    for key in ("a", "b", "a", "c"):
        recent.put(key, "id", key)
    assert len(recent) == 2
    assert [recent.take(key, "id") for key in "abc"] == ["a", None, "c"]
