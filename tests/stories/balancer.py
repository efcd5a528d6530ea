"""`python -m tests.stories.balancer PORT …`: a balancer on loopback, for bots on these ports.

It asks each a few times a second whether it is ready, and hands each request to the next one that is (to any, when none
is), over connections that it keeps. A bot that takes no connection is passed over; a request that was begun is not sent
twice. `GET /there` says which ports are ready, and how many requests each has answered.
"""

import asyncio
import sys
from contextlib import suppress

import aiohttp
from aiohttp import web

ASKS_EVERY = 0.1

_KEPT = ("Content-Type", "X-Slack-Request-Timestamp", "X-Slack-Signature", "X-Slack-Retry-Num", "X-Slack-Retry-Reason")


class Balancer:
    def __init__(self, ports: list[str], http: aiohttp.ClientSession) -> None:
        self._http = http
        self._turn = ports
        self.answered = dict.fromkeys(ports, 0)
        self.ready: set[str] = set()

    async def watch(self) -> None:
        while True:
            for port in self.answered:
                is_ready = False
                with suppress(aiohttp.ClientError, TimeoutError):
                    async with self._http.get(f"http://127.0.0.1:{port}/readyz") as answer:
                        is_ready = answer.status == 200
                (self.ready.add if is_ready else self.ready.discard)(port)
            await asyncio.sleep(ASKS_EVERY)

    async def forward(self, request: web.Request) -> web.Response:
        body = await request.read()
        headers = {name: request.headers[name] for name in _KEPT if name in request.headers}
        for port in [each for each in self._turn if each in self.ready] or list(self._turn):
            self._turn.remove(port)
            self._turn.append(port)
            try:
                async with self._http.post(
                    f"http://127.0.0.1:{port}{request.path}", data=body, headers=headers
                ) as answer:
                    content = await answer.read()
                self.answered[port] += 1
                return web.Response(status=answer.status, body=content, content_type=answer.content_type)
            except aiohttp.ClientConnectorError:
                continue
            except aiohttp.ClientError:
                return web.Response(status=502)
        return web.Response(status=503)

    async def there(self, _: web.Request) -> web.Response:
        return web.json_response({"ready": sorted(self.ready), "answered": self.answered})


async def main() -> None:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(5)) as http:
        balancer = Balancer(sys.argv[1:], http)
        app = web.Application()
        app.router.add_get("/there", balancer.there)
        app.router.add_post("/slack/events", balancer.forward)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        sys.stdout.write(f"ready http://127.0.0.1:{runner.addresses[0][1]}\n")
        sys.stdout.flush()
        await balancer.watch()


if __name__ == "__main__":
    asyncio.run(main())
