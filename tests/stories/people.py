"""People at the workspace's page: they write, click, fill in forms, and read what is there."""

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import aiohttp

from tests.support.waiting import until

Json = dict[str, Any]
T = TypeVar("T")

BOT = "U0SIGNOFF"
SUPPORT = "C0SUPPORT"


class Page:
    """The workspace's and the model's HTTP interfaces."""

    def __init__(self, http: aiohttp.ClientSession, url: str, model_url: str) -> None:
        self._http = http
        self._url = url
        self._model_url = model_url
        self._headers: dict[str, str] = {}

    async def get(self, path: str, **query: str) -> Any:
        async with self._http.get(self._url + path, params=query) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    async def post(self, path: str, **body: Any) -> Json:
        answer = await self.attempt(path, **body)
        assert "error" not in answer, answer
        return answer

    async def attempt(self, path: str, **body: Any) -> Json:
        """As `post`, where the page may refuse it, as when a button is gone that was there a moment ago."""
        if not self._headers:
            self._headers["Authorization"] = f"Bearer {(await self.get('/client/boot'))['token']}"
        async with self._http.post(self._url + path, json=body, headers=self._headers) as response:
            return await response.json()

    async def slack_fails(self, **fault: Any) -> None:
        """See `POST /client/faults`."""
        await self.post("/client/faults", **fault)

    async def model_fails(self, **fault: Any) -> None:
        """See `POST /faults` of the model."""
        async with self._http.post(f"{self._model_url}/faults", json=fault) as response:
            assert response.status == 200, await response.text()

    async def model_requests(self) -> list[Json]:
        """What the model was asked, oldest first."""
        async with self._http.get(f"{self._model_url}/requests") as response:
            return (await response.json())["requests"]

    async def journal(self, after: int = 0) -> list[Json]:
        return await self.get("/client/journal", after=str(after))

    async def calls(self, method: str) -> list[Json]:
        """The bot's calls of a Web API method."""
        return [each for each in await self.journal() if each["kind"] == "call" and each["method"] == method]


@dataclass(frozen=True)
class Thread:
    """A conversation, named by its first message, as `who` sees it."""

    page: Page
    who: str
    channel: str
    ts: str

    async def messages(self) -> list[Json]:
        found = (await self.page.get("/client/history", user=self.who, channel=self.channel))["messages"]
        return [each for each in found if self.ts in (each["ts"], each.get("thread_ts"))]

    async def said(self) -> list[Json]:
        """What the bot said that everybody here can see."""
        return [each for each in await self.messages() if each["user"] == BOT and not each.get("ephemeral_to")]

    async def texts(self) -> list[str]:
        return [words(each) for each in await self.said()]

    async def card(self, having: str = "Approve") -> Json:
        """The newest message with a button that reads so, once there is one."""

        async def look() -> Json | None:
            return next((each for each in reversed(await self.said()) if having in labels(each)), None)

        return await self._until(look, f"a button {having!r}")

    async def now(self, message: Json) -> Json:
        """The message as it is now."""
        return next(each for each in await self.messages() if each["ts"] == message["ts"])

    async def becomes(self, message: Json, pattern: str) -> str:
        """The words of a message once they match."""

        async def look() -> str | None:
            text = words(await self.now(message))
            return text if re.search(pattern, text, re.IGNORECASE) else None

        return await self._until(look, f"the message at {message['ts']} to match {pattern!r}")

    async def says(self, pattern: str, after: str = "") -> str:
        """The words of a finished message of the bot that match, once it is there; below the message `after`."""

        async def look() -> str | None:
            for each in await self.said():
                text = words(each)
                if each["ts"] > after and not each.get("streaming") and re.search(pattern, text, re.IGNORECASE):
                    return text
            return None

        return await self._until(look, f"a message that matches {pattern!r}")

    async def whisper(self, pattern: str = "") -> str:
        """What only this person sees in the thread, once something matches."""

        async def look() -> str | None:
            for each in await self.messages():
                if each.get("ephemeral_to") == self.who and re.search(pattern, words(each), re.IGNORECASE):
                    return words(each)
            return None

        return await self._until(look, f"a private message to {self.who} that matches {pattern!r}")

    async def _until(self, look: Callable[[], Awaitable[T | None]], what: str) -> T:
        texts: list[str] = []

        async def look_and_remember() -> T | None:
            found = await look()
            texts[:] = [] if found else [f"{each['user']}: {words(each)}" for each in await self.messages()]
            return found

        return await until(look_and_remember, lambda: f"{what}. There is:\n" + "\n".join(texts))


@dataclass(frozen=True)
class Person:
    """Somebody at the page. `home` is the direct message with the bot."""

    page: Page
    id: str
    home: str

    async def say(self, text: str, thread: Thread | None = None, channel: str | None = None) -> Thread:
        """Write; in the direct message with the bot unless told otherwise. The thread that it starts or stands in."""
        place = {"channel": channel or self.home} if thread is None else {"channel": thread.channel}
        reply = {} if thread is None else {"thread_ts": thread.ts}
        message = (await self.page.post("/client/messages", user=self.id, text=text, **place, **reply))["message"]
        return self.at(thread) if thread is not None else Thread(self.page, self.id, message["channel"], message["ts"])

    def at(self, thread: Thread) -> Thread:
        """The thread as this person sees it."""
        return Thread(self.page, self.id, thread.channel, thread.ts)

    async def click(self, message: Json, label: str, nth: int = 0, *, survives: bool = True) -> None:
        """The click has to be acknowledged in time. `nth`: of several buttons that read so, from the top. A bot that
        does not survive what it begins upon the click may be gone before it has acknowledged it.
        """
        block_id, element = [each for each in _buttons(message) if each[1]["text"]["text"] == label][nth]
        place = {"channel": message["channel"], "message_ts": message["ts"]}
        action = {"block_id": block_id, "action_id": element["action_id"]}
        answer = await self.page.post("/client/actions", user=self.id, **place, **action)
        assert answer["acked"] or not survives, answer

    async def open(self, message: Json, label: str, nth: int = 0) -> Json:
        """Click what opens a form; its view."""
        before = (await self.page.journal())[-1]["n"]
        await self.click(message, label, nth)

        async def opened() -> Json | None:
            calls = [each for each in await self.page.journal(before) if each.get("method") == "views.open"]
            return next((call["answer"]["view"] for call in calls if call["answer"]["ok"]), None)

        return await until(opened, "a form to open")

    async def submit(self, view: Json, **values: Any) -> Json:
        """Send a form with these values by label, all else as it is. The page's answer."""
        state: dict[str, Json] = {}
        for label, value in values.items():
            block = inputs(view)[label]
            state[block["block_id"]] = {block["element"]["action_id"]: _state(block["element"], value)}
        return await self.page.post(f"/client/views/{view['id']}/submit", user=self.id, values=state)


def inputs(view: Json) -> dict[str, Json]:
    """The input blocks of a form by label."""
    return {block["label"]["text"]: block for block in view["blocks"] if block["type"] == "input"}


def filled(view: Json) -> dict[str, str]:
    """What the inputs of a form show at first, by label."""
    return {label: _initial(block["element"]) for label, block in inputs(view).items()}


def labels(message: Json) -> list[str]:
    """What a message's buttons read, from the top."""
    return [element["text"]["text"] for _, element in _buttons(message)]


def words(message: Json) -> str:
    """Everything that a message says, buttons aside."""
    silent = ("actions", "context_actions")
    blocks = [block for block in message.get("blocks") or () if block["type"] not in silent]
    return "\n".join(_texts(blocks)) or message["text"]


def _buttons(message: Json) -> Iterator[tuple[str, Json]]:
    for block in message.get("blocks") or ():
        if block["type"] == "actions":
            yield from ((block["block_id"], element) for element in block["elements"])


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, Mapping):
        if value.get("type") == "rich_text_section":
            yield "".join(map(_said, value["elements"]))
            return
        for key, inner in value.items():
            if key == "text" and isinstance(inner, str):
                yield inner
            else:
                yield from _texts(inner)


def _said(element: Json) -> str:
    """A piece of a line, people and times as tokens."""
    if element["type"] == "user":
        return f"<@{element['user_id']}>"
    return f"<!date^{element['timestamp']}>" if element["type"] == "date" else "".join(_texts(element))


def _initial(element: Json) -> str:
    option = element.get("initial_option")
    return option["text"]["text"] if option else element.get("initial_value", "")


def _state(element: Json, value: Any) -> Json:
    """As Slack sends what was put into an input."""
    if "options" not in element:
        return {"type": element["type"], "value": value}
    option = next(each for each in element["options"] if each["text"]["text"] == value)
    return {"type": element["type"], "selected_option": option}
