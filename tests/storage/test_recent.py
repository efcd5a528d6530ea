"""What is kept for a moment: only so much, and for one taker."""

from storage.recent import Recent


def test_what_was_put_is_taken_once():
    recent = Recent()
    recent.put("thread", "value")
    assert recent.look("thread") == "value"
    assert recent.take("thread") == "value"
    assert recent.take("thread") is None
    assert recent.look("thread") is None


def test_the_ones_that_were_put_longest_ago_make_way():
    recent = Recent(limit=2)
    for key in ("a", "b", "a", "c"):
        recent.put(key, key)
    assert len(recent) == 2
    assert [recent.take(key) for key in "abc"] == ["a", None, "c"]
