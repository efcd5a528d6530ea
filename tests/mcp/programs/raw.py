"""A server by stdio that is written by hand, so that it may do what the SDK's never would.

`python raw.py ERA FOLDER`: ERA is 2025-11-25 or 2026-07-28. FOLDER/tools.json is what it lists, read anew each time;
each call is a line in FOLDER/calls. What a tool does follows from its name.
"""

import base64
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

ERA, FOLDER = sys.argv[1], Path(sys.argv[2])
MODERN = ERA == "2026-07-28"
OUT = sys.stdout.buffer
PICTURE = base64.b64encode(b"\x89PNG" + bytes(2000)).decode()
NAME = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
SURE = {"type": "object", "properties": {"sure": {"type": "boolean"}}, "required": ["sure"]}


def send(message: dict[str, Any]) -> None:
    OUT.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
    OUT.flush()


def reply(id_: Any, **result: Any) -> None:
    send({"id": id_, "result": result})


def text(id_: Any, said: str, **more: Any) -> None:
    complete = {"resultType": "complete"} if MODERN else {}
    reply(id_, content=[{"type": "text", "text": said}], **complete, **more)


def read() -> dict[str, Any]:
    line = sys.stdin.buffer.readline()
    if not line:
        sys.exit()
    return json.loads(line)


def ask(number: int, message: str, schema: dict[str, Any]) -> Any:
    """In the middle of a call, as the older protocol has it. What else comes meanwhile is for later."""
    params = {"message": message, "requestedSchema": schema, "mode": "form"}
    send({"id": f"ask-{number}", "method": "elicitation/create", "params": params})
    while True:
        answer = read()
        if answer.get("id") == f"ask-{number}":
            return answer.get("result") or {"action": "refused", "why": answer.get("error")}
        if answer.get("method") == "notifications/cancelled":
            note("cancelled")
            return None
        LATER.append(answer)


LATER: list[dict[str, Any]] = []


def note(what: str) -> None:
    with (FOLDER / "calls").open("a") as calls:
        calls.write(f"{what}\n")


def asking(id_: Any, params: dict[str, Any]) -> None:
    if not MODERN:
        first = ask(1, "Whose name?", NAME)
        if first is None:
            return
        second = ask(2, "Are you sure?", SURE) if first["action"] == "accept" else first
        text(id_, json.dumps([first, second]))
        return
    state, given = params.get("requestState"), params.get("inputResponses") or {}
    if state is None:
        asked = {"who": {"method": "elicitation/create", "params": _form("Whose name?", NAME)}}
        reply(id_, resultType="input_required", inputRequests=asked, requestState="first")
    elif state == "first":
        asked = {"sure": {"method": "elicitation/create", "params": _form("Are you sure?", SURE)}}
        reply(id_, resultType="input_required", inputRequests=asked, requestState=json.dumps(given))
    else:
        text(id_, json.dumps([json.loads(state)["who"], given["sure"]]))


def _form(message: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"mode": "form", "message": message, "requestedSchema": schema}


def call(id_: Any, params: dict[str, Any]) -> None:  # noqa: C901 - a list of what it may do
    name, arguments = params["name"], params.get("arguments") or {}
    note(f"{name} {json.dumps(arguments, sort_keys=True)} {params.get('requestState')}")
    match name:
        case "die":
            os._exit(1)
        case "never":
            pass
        case "huge":
            text(id_, "x" * 50_000_000)
        case "many":
            text(id_, "many", _meta={"values": [[]] * 1_000_000})
        case "long":
            text(id_, "A" + "y" * 300_000 + "Z")
        case "flood":
            for number in range(5000):
                sys.stderr.write(f"line {number} of sk-abcdefghijklmnop\n")
            text(id_, "flooded")
        case "garbage":
            OUT.write(b'this is no JSON\n{"jsonrpc": 7}\n')
            text(id_, "after garbage")
        case "picture":
            content = [{"type": "text", "text": "Here."}, {"type": "image", "data": PICTURE, "mimeType": "image/png"}]
            reply(id_, content=content, **({"resultType": "complete"} if MODERN else {}))
        case "fails":
            text(id_, "There is no such thing.", isError=True)
        case "structured":
            reply(id_, content=[], structuredContent={"a": 1}, **({"resultType": "complete"} if MODERN else {}))
        case "environment":
            text(id_, json.dumps(dict(os.environ)))
        case "asks":
            asking(id_, params)
        case "samples" if MODERN:
            wanted = {"method": "sampling/createMessage", "params": {"messages": [], "maxTokens": 1}}
            reply(id_, resultType="input_required", inputRequests={"x": wanted}, requestState="s")
        case "change":
            (FOLDER / "tools.json").write_text(arguments["to"])
            send({"method": "notifications/tools/list_changed"})
            text(id_, "changed")
        case _:
            text(id_, json.dumps(arguments, sort_keys=True))


def answer(message: dict[str, Any]) -> None:
    id_, params = message.get("id"), message.get("params") or {}
    match message.get("method"):
        case "server/discover" if MODERN:
            note(f"client {json.dumps(params['_meta']['io.modelcontextprotocol/clientCapabilities'])}")
            reply(
                id_, supportedVersions=[ERA], capabilities={"tools": {}}, resultType="complete", ttlMs=0,
                cacheScope="public",
            )  # fmt: skip
        case "initialize" if not MODERN:
            note(f"client {json.dumps(params['capabilities'])}")
            info = {"name": "raw", "version": "1"}
            reply(id_, protocolVersion=ERA, capabilities={"tools": {"listChanged": True}}, serverInfo=info)
        case "tools/list":
            listed = json.loads((FOLDER / "tools.json").read_text())
            more = {"resultType": "complete", "ttlMs": 0, "cacheScope": "public"} if MODERN else {}
            reply(id_, tools=listed, **more)
        case "tools/call":
            call(id_, params)
        case None | "notifications/initialized":
            pass
        case "notifications/cancelled":
            note("cancelled")
        case method if id_ is not None:
            send({"id": id_, "error": {"code": -32601, "message": f"no {method}"}})
        case _:
            pass


if __name__ == "__main__":
    if (FOLDER / "stubborn").exists():
        import signal

        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    (FOLDER / "pid").write_text(str(os.getpid()))
    try:
        while True:
            answer(LATER.pop(0) if LATER else read())
    except SystemExit:
        while (FOLDER / "stubborn").exists():
            time.sleep(0.05)
