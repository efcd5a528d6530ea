"""What people wrote, by who they are: whether they ever did, and what of it is at work."""

from storage import Connection, Storage, inbox, threads
from storage.ids import ThreadId
from storage.inbox import Delivery


def wrote(user: str, channel: str, ts: str, text: str = "hello") -> Delivery:
    return Delivery(f"Ev{ts}", "message", ThreadId(f"T0/{channel}/{ts}"), "T0", channel, ts, ts, user, text)


async def test_what_somebody_wrote_last_in_a_conversation_and_is_at_work_is_found(storage: Storage) -> None:
    def job(db: Connection) -> list[str | None]:
        for each in (
            wrote("ana", "C0", "1.0", "first"),
            wrote("ana", "C0", "2.0", "second"),
            wrote("ana", "C0", "3.0", "not begun"),
            wrote("lea", "C0", "4.0", "of another"),
            wrote("ana", "C1", "5.0", "elsewhere"),
        ):
            inbox.receive(db, each, 0.0)
            if each.text != "not begun":
                threads.take(db, each.thread_id, storage.owner, 0.0)
        first = inbox.at_work(db, "ana", "C0")
        db.execute("update threads set status = 'done', owner = null where thread_id = 'T0/C0/2.0'")
        db.execute("update threads set status = 'waiting', owner = null where thread_id = 'T0/C0/1.0'")
        others = [inbox.at_work(db, "ana", "C0"), inbox.at_work(db, "lea", "C1"), inbox.at_work(db, "kim", "C0")]
        return [each and each.text for each in (first, *others)]

    assert await storage.write(job) == ["second", "first", None, None]


async def test_who_ever_wrote_is_known(storage: Storage) -> None:
    def job(db: Connection) -> list[bool]:
        inbox.receive(db, wrote("ana", "C0", "1.0"), 0.0)
        inbox.mark_done(db, "Ev1.0")
        return [inbox.has_written(db, user) for user in ("ana", "lea")]

    assert await storage.write(job) == [True, False]
