"""The demo model's HTTP side: OpenAI's Chat Completions wire, and what tests need beside it.

| call | does |
| --- | --- |
| `POST /v1/chat/completions` | answers, streamed or whole |
| `GET /v1/models`, `GET /v1/models/{id}` | the one model there is; any model name is accepted for a completion |
| `POST /faults` | trouble on demand, see `faults.py` |
| `GET /requests` | `{"requests": [body, …]}`: the completion requests so far, oldest first |

Everything else under `/v1` is 404 in OpenAI's error shape.
"""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.demo import loopback
from bot.demo.model.brain import decide
from bot.demo.model.checks import check_request
from bot.demo.model.errors import ApiError
from bot.demo.model.faults import Fault
from bot.demo.model.script import Script
from bot.demo.model.transcript import Reply
from bot.demo.model.wire import Completion

MODEL = "demo-model"
MODEL_OBJECT = {"object": "model", "created": 0, "owned_by": "signoff-demo"}
LARGEST_BODY = 32 * 1024 * 1024
REMEMBERED_REQUESTS = 1000
SHUTDOWN_SECONDS = 1.0
REFUSALS = {404: "Invalid URL", 405: "Not allowed", 413: "The request body is too large."}
STREAM_HEADERS = {"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache"}
NO_KEY = "You didn't provide an API key. Provide it in an Authorization header: 'Authorization: Bearer YOUR_KEY'."


@dataclass(frozen=True)
class Model:
    """A running demo model; `url` is what `OPENAI_BASE_URL` takes, `port` the loopback port it listens on."""

    url: str
    port: int


@dataclass
class State:
    """What the handlers share. `faults` come one a request; `released` lets the requests that hang now go on."""

    script: Script | None
    latency: float
    examples: Sequence[str]
    faults: deque[Fault] = field(default_factory=deque)
    requests: deque[Any] = field(default_factory=lambda: deque(maxlen=REMEMBERED_REQUESTS))
    released: asyncio.Event = field(default_factory=asyncio.Event)


STATE = web.AppKey("state", State)


@asynccontextmanager
async def serve_model(
    port: int = 0, script: Path | None = None, latency: float = 0.0, examples: Sequence[str] = ()
) -> AsyncIterator[Model]:
    """Serve the demo model on 127.0.0.1 until the block ends.

    `port` 0 takes a free one; `script` plays a file instead of the rules (`script.py`); `latency` is the pause between
    the chunks of a streamed answer, in seconds; `examples` are the agent's, which it understands and offers.
    `ValueError`: the script is unusable. `OSError`: the port is taken.
    """
    app = web.Application(middlewares=[as_openai], client_max_size=LARGEST_BODY)
    app[STATE] = State(Script.load(script) if script else None, latency, examples)
    app.add_routes(
        [
            web.post("/v1/chat/completions", complete),
            web.get("/v1/models", list_models),
            web.get("/v1/models/{id}", show_model),
            web.post("/faults", add_fault),
            web.get("/requests", show_requests),
        ]
    )
    app.on_shutdown.append(release)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        taken: int = runner.addresses[0][1]
        yield Model(f"http://127.0.0.1:{taken}/v1", taken)
    finally:
        await runner.cleanup()


async def release(app: web.Application) -> None:
    """Let the requests that hang now go on."""
    app[STATE].released.set()
    app[STATE].released = asyncio.Event()


@web.middleware
async def as_openai(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Ask for a key, any key, and put every refusal into OpenAI's error object, the router's own included."""
    try:
        if loopback.comes_from_elsewhere(request):
            raise ApiError(loopback.REFUSAL, status=403)
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        if request.path.startswith("/v1/") and (scheme.lower() != "bearer" or not key.strip()):
            raise ApiError(NO_KEY, status=401)
        return await handler(request)
    except ApiError as error:
        failure = error
    except web.HTTPClientError as error:
        text = f"{REFUSALS.get(error.status, error.reason)} ({request.method} {request.path})"
        failure = ApiError(text, error.status)
    error = {"message": failure.message, "type": failure.kind, "param": failure.param, "code": failure.code}
    return web.json_response({"error": error}, status=failure.status, headers=failure.headers)


async def complete(request: web.Request) -> web.StreamResponse:
    """Answer one completion request."""
    state = request.app[STATE]
    body = await read_json(request)
    state.requests.append(body)
    fault = state.faults.popleft() if state.faults else None
    await suffer(fault, state)
    check_request(body)
    if fault is None and state.script:
        fault = state.script.take_fault(body["messages"])
        await suffer(fault, state)
    completion = Completion(state.script.reply(body["messages"]) if state.script else think(body, state.examples), body)
    if not body.get("stream"):
        return web.json_response(completion.body())
    include_usage = bool((body.get("stream_options") or {}).get("include_usage"))
    events = [json.dumps(chunk, ensure_ascii=False) for chunk in completion.chunks(include_usage=include_usage)]
    return await stream(request, [*events, "[DONE]"], fault.cut if fault else None)


def think(body: dict[str, Any], examples: Sequence[str]) -> Reply:
    """What the rules answer, within what the request allows."""
    tools = [] if body.get("tool_choice") == "none" else [tool["function"] for tool in body.get("tools") or []]
    reply = decide(body["messages"], tools, examples)
    return Reply(reply.text, reply.calls[:1]) if body.get("parallel_tool_calls") is False else reply


async def stream(request: web.Request, events: Sequence[str], cut: int | None) -> web.StreamResponse:
    """Send server-sent events; with `cut`, drop the connection after so many.

    Each event leaves in two writes, cut anywhere, because a network does not keep events or characters together either.
    """
    response = web.StreamResponse(headers=STREAM_HEADERS)
    await response.prepare(request)
    for number, event in enumerate(events):
        if number == cut and request.transport:
            request.transport.close()
            return response
        data = f"data: {event}\n\n".encode(errors="backslashreplace")  # half a surrogate pair as JSON escapes it
        middle = len(data) * 2 // 3
        await response.write(data[:middle])
        await response.write(data[middle:])
        await asyncio.sleep(request.app[STATE].latency)
    await response.write_eof()
    return response


async def suffer(fault: Fault | None, state: State) -> None:
    """Do what a fault says before the answer; `ApiError` when it is an answer itself."""
    if fault is None:
        return
    if fault.hang:
        await state.released.wait()
    await asyncio.sleep(fault.delay)
    if fault.status is not None:
        headers = {} if fault.retry_after is None else {"Retry-After": f"{fault.retry_after:g}"}
        kind = "rate_limit_exceeded" if fault.status == 429 else "server_error"
        raise ApiError(fault.message, status=fault.status, kind=kind, code=kind, headers=headers)


async def read_json(request: web.Request) -> Any:
    """The request's JSON; 400 when it is none."""
    try:
        return json.loads(await request.read())
    except (ValueError, RecursionError):
        raise ApiError("We could not parse the JSON body of your request: it is not valid JSON.") from None


async def list_models(_request: web.Request) -> web.Response:
    return web.json_response({"object": "list", "data": [{"id": MODEL} | MODEL_OBJECT]})


async def show_model(request: web.Request) -> web.Response:
    return web.json_response({"id": request.match_info["id"]} | MODEL_OBJECT)


async def add_fault(request: web.Request) -> web.Response:
    """Queue trouble, or clear it."""
    body = await read_json(request)
    if isinstance(body, dict) and body.get("clear"):
        request.app[STATE].faults.clear()
        await release(request.app)
        return web.json_response({})
    try:
        fault = Fault.parse(body)
    except (TypeError, ValueError) as error:
        raise ApiError(str(error)) from error
    request.app[STATE].faults.extend([fault] * fault.times)
    return web.json_response({})


async def show_requests(request: web.Request) -> web.Response:
    return web.json_response({"requests": list(request.app[STATE].requests)})
