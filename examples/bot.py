"""A chat bot in a few lines. Here the chat is the terminal: type `ann: hello Assistant`, end with Ctrl-D.

The room must take its turns by itself: `PUT /policy` with `{"mode": "auto"}`, once.
"""

import asyncio
import json
import os
import sys
from uuid import uuid4

from aiohttp import ClientError, ClientSession, ClientTimeout

URL = os.environ.get("LLM_SERVICE_URL", "http://127.0.0.1:8000")


async def hand_over(http: ClientSession, said: dict[str, str]) -> None:
    """Send one line until it is taken. Its id makes that safe where it is not known whether it arrived."""
    while True:
        wait = 1.0
        try:
            async with http.post(f"{URL}/messages", json=said) as answer:
                if answer.status < 500 and answer.status != 429:
                    return
                wait = float(answer.headers.get("Retry-After", wait))
        except ClientError:
            print("no connection, trying again", file=sys.stderr)
        await asyncio.sleep(wait)


async def listen(http: ClientSession) -> None:
    """Hand over what viewers say."""
    while line := await asyncio.to_thread(sys.stdin.readline):
        username, _, text = line.strip().partition(": ")
        await hand_over(http, {"username": username, "message": text, "message_id": uuid4().hex})


async def speak(http: ClientSession, headers: dict[str, str]) -> None:
    """Post what is answered, until the stream ends; `headers` remember how far that was."""
    async with http.get(f"{URL}/events", headers=headers) as events:
        kind = ""
        async for line in events.content:
            field, _, value = line.decode().rstrip("\n").partition(": ")
            if field == "id":
                headers["Last-Event-ID"] = value
            elif field == "event":
                kind = value
            elif field == "data" and kind == "reply":
                print("Assistant:", json.loads(value)["response"], flush=True)


async def keep_speaking(http: ClientSession) -> None:
    """Whatever breaks the connection, go on where it broke."""
    headers: dict[str, str] = {}
    while True:
        try:
            await speak(http, headers)
        except ClientError:
            print("no connection, trying again", file=sys.stderr)
        await asyncio.sleep(1)


async def main() -> None:
    """Listen and speak, until the chat is over."""
    async with ClientSession(timeout=ClientTimeout(sock_read=60)) as http:
        speaking = asyncio.create_task(keep_speaking(http))
        await listen(http)
        speaking.cancel()


if __name__ == "__main__":
    asyncio.run(main())
