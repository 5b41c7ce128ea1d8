"""Serves the overlay to OBS, and passes the room's events on to it.

A browser source cannot send an API key, and the service answers no web page but its own. So the page and the events
come from one address here, which only this machine reaches: `python examples/overlay/relay.py`, then
http://127.0.0.1:8010/ as browser source.
"""

import os
from pathlib import Path

from aiohttp import ClientSession, ClientTimeout, web

URL = os.environ.get("LLM_SERVICE_URL", "http://127.0.0.1:8000")
ROOM = os.environ.get("ROOM", "default")
KEY = os.environ.get("LLM_SERVICE_KEY", "")
PAGE = Path(__file__).with_name("index.html")


async def page(_: web.Request) -> web.FileResponse:
    """The overlay itself."""
    return web.FileResponse(PAGE)


async def events(request: web.Request) -> web.StreamResponse:
    """The room's events, from where the page says it stopped."""
    headers = {"Authorization": f"Bearer {KEY}"} if KEY else {}
    if last := request.headers.get("Last-Event-ID"):
        headers["Last-Event-ID"] = last
    async with (
        ClientSession(timeout=ClientTimeout(sock_read=60)) as http,
        http.get(f"{URL}/rooms/{ROOM}/events", headers=headers) as source,
    ):
        response = web.StreamResponse(status=source.status, headers={"Content-Type": source.headers["Content-Type"]})
        await response.prepare(request)
        async for piece in source.content.iter_any():
            await response.write(piece)
        return response


def app() -> web.Application:
    """Two addresses, and nothing that changes anything."""
    made = web.Application()
    made.add_routes([web.get("/", page), web.get("/events", events)])
    return made


if __name__ == "__main__":
    web.run_app(app(), host="127.0.0.1", port=int(os.environ.get("PORT", "8010")), shutdown_timeout=1, print=None)
