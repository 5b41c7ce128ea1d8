"""The same bot, for a stream that lasts: it goes on where its connection broke, and sends again what was not taken.

Type `ann: hello Assistant`, end with Ctrl-D. It needs `aiohttp`.
"""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

from aiohttp import ClientError, ClientSession, ClientTimeout

URL = os.environ.get("LLM_SERVICE_URL", "http://127.0.0.1:8000")


async def persist(work: Callable[..., Awaitable[None]], *arguments: Any) -> None:
    """Try until it works."""
    while True:
        try:
            return await work(*arguments)
        except ClientError:
            await asyncio.sleep(1)


async def hear(http: ClientSession, said: dict[str, str]) -> None:
    """Hand one line over. Its id makes it safe to do that again."""
    async with http.post(f"{URL}/messages", json=said) as answer:
        if answer.status == 429 or answer.status >= 500:
            answer.raise_for_status()


async def speak(http: ClientSession, headers: dict[str, str]) -> None:
    """Post what is answered. `headers` remember how far that was when the connection breaks."""
    async with http.get(f"{URL}/events", headers=headers, raise_for_status=True) as events:
        kind = ""
        async for line in events.content:
            field, _, value = line.decode().rstrip("\n").partition(": ")
            if field == "id":
                headers["Last-Event-ID"] = value
            elif field == "event":
                kind = value
            elif field == "data" and kind == "reply":
                for text in json.loads(value)["messages"]:
                    print("Assistant:", text, flush=True)
    raise ClientError("The events never end by themselves.")


async def main() -> None:
    """Listen and speak, until the chat is over."""
    async with ClientSession(timeout=ClientTimeout(sock_read=60)) as http:
        speaking = asyncio.create_task(persist(speak, http, {}))
        while line := await asyncio.to_thread(sys.stdin.readline):
            username, _, text = line.strip().partition(": ")
            await persist(hear, http, {"username": username, "message": text, "message_id": uuid4().hex})
        speaking.cancel()


if __name__ == "__main__":
    asyncio.run(main())
