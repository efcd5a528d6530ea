"""What the page and the tests look at beside the chat: files, the side panel, the journal, and faults on demand.

The calls are described in `client_api`.
"""

from aiohttp import web

from bot.demo.workspace.errors import ClientError
from bot.demo.workspace.orders import read_order
from bot.demo.workspace.tokens import bearer, is_same
from bot.demo.workspace.workspace import Workspace

_ENDINGS = {"is_archived": "channel_archive", "not_in_channel": "channel_left", "channel_not_found": "channel_deleted"}
"""What Slack tells the bot when a channel ends for it."""


class StageApi:
    """The handlers."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/client/files/{file}", self.file),
            web.get("/client/tables", self.tables),
            web.get("/client/journal", self.journal),
            web.post("/client/faults", self.arm_faults),
        ]

    async def file(self, request: web.Request) -> web.Response:
        file = request.match_info["file"]
        stored = self._workspace.store.file(file)
        if stored is None or not self._may_read(request, file):
            raise ClientError("There is no such file.", 404)
        described, content = stored
        # Always as a download: an uploaded page must not run with the rights of this one.
        headers = {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
        return web.Response(body=content, content_type=described["mimetype"], headers=headers)

    def _may_read(self, request: web.Request, file: str) -> bool:
        """Whether it is the bot that asks, whose files they are, or a person who is where the file was posted."""
        if is_same(bearer(request), self._workspace.tokens.bot):
            return True
        return self._workspace.shows_file(request.query.get("user", ""), file)

    async def tables(self, request: web.Request) -> web.Response:
        return web.json_response({"tables": await self._workspace.panel.tables()})

    async def journal(self, request: web.Request) -> web.Response:
        after = request.query.get("after", "0")
        if not after.isdecimal():
            raise ClientError(f"`after` is the number of an entry, not {after!r}.")
        return web.json_response(self._workspace.journal.after(int(after)))

    async def arm_faults(self, request: web.Request) -> web.Response:
        order = await read_order(request)
        self._workspace.faults.arm(order)
        self._workspace.journal.add("fault", armed=order)
        if order.get("disconnect"):
            await self._workspace.connections.refresh()
        if isinstance(closed := order.get("closed"), dict) and (ending := _ENDINGS.get(str(closed.get("error")))):
            self._workspace.send_event({"type": ending, "channel": closed["channel"]})
        if order.get("expire_streams"):
            self._workspace.expire_streams()
        return web.json_response({})
