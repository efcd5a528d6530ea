"""Slack's side of the HTTP server: /api/<method>, the WebSocket, uploads and response URLs."""

from typing import Any

from aiohttp import web

from bot.demo.workspace.answers import post_answer
from bot.demo.workspace.broken_answers import WAYS
from bot.demo.workspace.errors import SlackError
from bot.demo.workspace.faults import HttpFault
from bot.demo.workspace.methods import METHODS, READ_BY_GET, Method
from bot.demo.workspace.methods.arguments import Arguments, read_arguments
from bot.demo.workspace.scopes import GRANTED, lacking
from bot.demo.workspace.tokens import Tokens, bearer, is_same
from bot.demo.workspace.workspace import Workspace

Json = dict[str, Any]


class WebApi:
    """The handlers of Slack's side."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def routes(self) -> list[web.RouteDef]:
        return [
            web.route("*", "/api/{method}", self.call),
            web.get("/link", self.link, allow_head=False),
            web.post("/upload/{file}", self.upload),
            web.post("/response/{token}", self.response),
        ]

    async def call(self, request: web.Request) -> web.StreamResponse:
        """One Web API call: business errors are HTTP 200 with `ok: false`."""
        method = request.path.removeprefix("/api/")
        if request.method != "POST" and not (request.method == "GET" and method in READ_BY_GET):
            refusal = {"ok": False, "error": "method_not_allowed"}
            return web.json_response(refusal, status=405, headers={"Allow": "POST"})
        arguments = Arguments()
        fault = None
        try:
            arguments = await read_arguments(request)
            fault = self._workspace.faults.take_http(method, arguments.text("channel"))
            if fault and not fault.after_commit:
                return await self._fail(request, method, fault)
            handler = _handler(method)
            _authorize(self._workspace.tokens, method, request, arguments)
            self._check_scope(method)
            answer = {"ok": True, **await handler(self._workspace, arguments)}
        except SlackError as error:
            answer = _refusal(error)
        if fault:
            return await self._fail(request, method, fault)
        self._workspace.journal.add("call", method=method, arguments=dict(arguments), answer=answer)
        return web.json_response(answer, headers={"X-OAuth-Scopes": ",".join(sorted(self._scopes()))})

    async def link(self, request: web.Request) -> web.StreamResponse:
        """The bot's WebSocket (Socket Mode)."""
        if fault := self._workspace.faults.take_http("link"):
            return await self._fail(request, "link", fault)
        socket = web.WebSocketResponse()
        if not socket.can_prepare(request) or not self._workspace.take_ticket(request.query.get("ticket", "")):
            return web.json_response({"ok": False, "error": "invalid_ticket"}, status=403)
        await socket.prepare(request)
        await self._workspace.connections.serve(socket)
        return socket

    async def upload(self, request: web.Request) -> web.StreamResponse:
        if fault := self._workspace.faults.take_http("upload"):
            return await self._fail(request, "upload", fault)
        file = self._workspace.uploads.get(request.match_info["file"])
        content = await request.read()
        if file is None or len(content) != file["size"]:
            return web.Response(status=400, text="the upload was not announced, or not with this length")
        self._workspace.store.save_file(file, content)
        return web.Response(text=f"OK - {len(content)}")

    async def response(self, request: web.Request) -> web.StreamResponse:
        """A response_url: answers to a click or a command without a token."""
        if fault := self._workspace.faults.take_http("response"):
            return await self._fail(request, "response", fault)
        try:
            arguments = await read_arguments(request)
            target = self._workspace.permissions.use_response(request.match_info["token"])
            post_answer(self._workspace, target, arguments)
        except SlackError as error:
            return web.json_response(_refusal(error), status=404 if error.error == "expired_url" else 400)
        return web.Response(text="ok")

    def _scopes(self) -> frozenset[str]:
        """What the app may do: what it was installed with, less what a fault took away."""
        return frozenset(GRANTED) - self._workspace.faults.without_scopes

    def _check_scope(self, method: str) -> None:
        granted = self._scopes()
        if needed := lacking(method, granted):
            raise SlackError("missing_scope", more={"needed": needed, "provided": ",".join(sorted(granted))})

    async def _fail(self, request: web.Request, method: str, fault: HttpFault) -> web.StreamResponse:
        met = {"status": fault.status, "error": fault.error, "way": fault.way, "after_commit": fault.after_commit}
        self._workspace.journal.add("fault", method=method, **met)
        if fault.way:
            return await WAYS[fault.way](request)
        if fault.status == web.HTTPTooManyRequests.status_code:
            headers = {"Retry-After": str(fault.retry_after)}
            return web.json_response({"ok": False, "error": "ratelimited"}, status=fault.status, headers=headers)
        return web.json_response({"ok": False, "error": fault.error or "internal_error"}, status=fault.status)


def _handler(method: str) -> Method:
    handler = METHODS.get(method)
    if handler is None:
        raise SlackError("unknown_method")
    return handler


def _authorize(tokens: Tokens, method: str, request: web.Request, arguments: Arguments) -> None:
    """Checks the token, in the header or (as older clients send it) in the body, and removes it from the arguments.

    An address is no place for a token: it is in logs, and in what a page can make a browser fetch.
    """
    in_body = arguments.pop("token", None)
    if "token" in request.query:
        raise SlackError("not_authed", ["[ERROR] send the token in the Authorization header, not in the address"])
    given = bearer(request) or str(in_body or "")
    expected = tokens.app if method == "apps.connections.open" else tokens.bot
    if not is_same(given, expected):
        raise SlackError("not_allowed_token_type" if given in (tokens.app, tokens.bot) else "invalid_auth")


def _refusal(error: SlackError) -> Json:
    """Slack's shape of a refusal; the messages stand in it twice."""
    answer: Json = {"ok": False, "error": error.error, **error.more}
    if error.messages:
        answer["errors"] = [message.removeprefix("[ERROR] ") for message in error.messages]
        answer["response_metadata"] = {"messages": error.messages}
    return answer
