"""What a tool returned for people is a file in the thread, posted once, over a restart too."""

from graphs.agent.results import ResultFile, ToolResult
from graphs.agent.tools import tool
from storage import kept_results
from storage.ids import ThreadId
from tests.agent.conversing import calls, says
from tests.bot.running import running
from tests.bot.test_own import Theatre, theatre
from tests.support.waiting import until

__all__ = ["theatre"]

PIXEL = bytes.fromhex("89504e470d0a1a0a") + b"not all of a picture"


@tool
def draw(what: str) -> ToolResult:
    """Draw something."""
    return ToolResult(f"[picture of {what}]", [ResultFile("drawing.png", "image/png", PIXEL)])


async def files(theatre: Theatre, root: str) -> list[str]:
    messages = await theatre.page.messages("D0ANA")
    return [f["name"] for m in messages if m.get("thread_ts") == root for f in m.get("files") or ()]


async def test_a_picture_is_a_file_in_the_thread_once(theatre: Theatre):
    lines = [calls(("draw", {"what": "a lantern"})), says("There it is.")]
    async with running(theatre.workspace, theatre.storage, [draw], *lines, http=theatre.http) as bot:
        root = (await theatre.page.say("draw a lantern", "D0ANA"))["ts"]
        await bot.reads(root, "There it is.")
        await until(lambda: files(theatre, root), "the file")
        told = next(m for m in bot.model.asked[-1] if m["role"] == "tool")["content"]
        assert told == "[picture of a lantern]"
    async with running(theatre.workspace, theatre.storage, [draw], *lines, says("Yes."), http=theatre.http) as bot:
        await theatre.page.say("thanks", "D0ANA", thread_ts=root)
        await bot.reads(root, "Yes.")
        assert await files(theatre, root) == ["drawing.png"]


async def test_a_file_that_slack_does_not_take_now_comes_later(theatre: Theatre):
    lines = [calls(("draw", {"what": "a lantern"})), says("There it is.")]
    await theatre.page.fault(method="files.getUploadURLExternal", status=503, times=2)
    async with running(theatre.workspace, theatre.storage, [draw], *lines, http=theatre.http) as bot:
        root = (await theatre.page.say("draw a lantern", "D0ANA"))["ts"]
        await bot.reads(root, "There it is.")
        await until(lambda: files(theatre, root), "the file")

        async def noted() -> bool:
            thread_id = ThreadId(f"T0LOCAL/D0ANA/{root}")
            return not await theatre.storage.read(lambda db: kept_results.not_shown(db, thread_id))

        await until(noted, "a row that says so")
