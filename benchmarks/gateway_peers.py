"""What ``gateway.py`` measures with and against: a fake engine, a bare FastAPI echo, and a minimal proxy.

Each runs as a process of its own: ``python benchmarks/gateway_peers.py engine|echo|proxy PORT [ENGINE_URL]``.
"""

import asyncio
import random
import re
import sys
import time
from collections.abc import Iterator
from itertools import cycle, islice

import orjson
import uvloop

_VOCABULARY = """
    speedrun stream chat tonight boss level hitbox frame skip route glitch practice luck warmup viewers raid clip emote
    music keyboard monitor coffee pizza weather weekend castle dragon puzzle racing ranked season patch update
"""
WORDS = _VOCABULARY.split()
MODEL = "fake-model"
TOKENS = 64
"""Tokens of a whole answer."""
SENTENCE = 12
"""Tokens of a sentence."""


class Script:
    """How the engine answers: at once, or ``events`` tokens ``gap`` seconds apart. ``PUT /script`` changes it."""

    events = TOKENS
    gap = 0.0
    letters = False
    """One letter an event instead of a word, so that a very long stream is still a reply of a usual size."""


def sentences(dice: random.Random) -> Iterator[list[str]]:
    """The words of sentences without end; the last word of each is the moment at which it is asked for."""
    while True:
        words = dice.sample(WORDS, SENTENCE - 1)
        yield [f"{words[0].title()} ", *(f"{word} " for word in words[1:]), f"{time.monotonic_ns()}. "]


def words(dice: random.Random) -> Iterator[str]:
    for sentence in sentences(dice):
        yield from sentence[:-1]
        yield f"{time.monotonic_ns()}. "


def letters(dice: random.Random) -> Iterator[str]:
    for word in words(dice):
        yield from word


def event(text: str) -> bytes:
    choice = {"index": 0, "delta": {"content": text}, "logprobs": None, "finish_reason": None}
    return b"data: %b\n\n" % orjson.dumps(frame("chat.completion.chunk", choice))


def frame(kind: str, choice: dict, **more) -> dict:
    head = {"id": "chatcmpl-6rx0f4b5y1u2k9h3c7d8", "object": kind, "created": 1790000000, "model": MODEL}
    return {**head, "system_fingerprint": MODEL, "choices": [choice], **more}


def usage(body: bytes) -> dict:
    """What the engine says that it read: a token for every five bytes, near enough."""
    read = len(body) // 5
    return {"prompt_tokens": read, "completion_tokens": TOKENS, "total_tokens": read + TOKENS}


def ending(body: bytes) -> bytes:
    """The last events of a stream."""
    last = {"index": 0, "delta": {}, "finish_reason": "stop"}
    return b"data: %b\n\ndata: [DONE]\n\n" % orjson.dumps(frame("chat.completion.chunk", last, usage=usage(body)))


def answers(dice: random.Random) -> Iterator[tuple[str, bytes]]:
    """A few whole answers for ever: each as a text, and as the events of a stream."""
    made = [list(islice(words(dice), TOKENS)) for _ in range(16)]
    return cycle([("".join(pieces), b"".join(map(event, pieces))) for pieces in made])


def document(text: str, body: bytes) -> bytes:
    """An answer that is not streamed."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    return orjson.dumps(frame("chat.completion", choice, usage=usage(body)))


def reply(body: bytes, kind: bytes = b"application/json", status: bytes = b"200 OK") -> bytes:
    return b"HTTP/1.1 %b\r\ncontent-type: %b\r\ncontent-length: %d\r\n\r\n%b" % (status, kind, len(body), body)


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
LAST = b"0\r\n\r\n"
PAGES = {
    b"/lmstudio-greeting": {"lmstudio": True},
    b"/api/v1/models": {
        "models": [
            {
                "type": "llm",
                "publisher": "benchmarks",
                "key": MODEL,
                "display_name": MODEL,
                "quantization": {"name": "4bit", "bits_per_weight": 4},
                "size_bytes": 1_000_000,
                "params_string": "1B",
                "loaded_instances": [{"id": MODEL, "config": {"context_length": 4096, "parallel": 256}}],
                "max_context_length": 4096,
                "format": "mlx",
            }
        ]
    },
    b"/v1/models": {"object": "list", "data": [{"id": MODEL, "object": "model"}]},
}
_HEAD = re.compile(rb"(\w+) (\S+) HTTP[^\0]*?\r\n\r\n")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Engine(asyncio.Protocol):
    """LM Studio as far as it is needed here, in as few steps as Python allows."""

    dice = random.Random(1)
    answers: Iterator[tuple[str, bytes]]

    def __init__(self) -> None:
        self.buffer = b""
        self.timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport) -> None:
        """Called by the loop."""
        self.transport = transport

    def connection_lost(self, exc) -> None:
        """Called by the loop; the caller left."""
        if self.timer is not None:
            self.timer.cancel()

    def data_received(self, data: bytes) -> None:
        """Called by the loop."""
        self.buffer += data
        while (head := _HEAD.match(self.buffer)) is not None:
            length = _LENGTH.search(self.buffer, 0, head.end())
            end = head.end() + (int(length[1]) if length else 0)
            if len(self.buffer) < end:
                return
            body, self.buffer = self.buffer[head.end() : end], self.buffer[end:]
            self.answer(head[1], head[2], body)

    def answer(self, verb: bytes, path: bytes, body: bytes) -> None:
        """One request that is there as a whole."""
        if verb == b"GET":
            page = PAGES.get(path)
            self.transport.write(reply(b"{}", status=b"404 Not Found") if page is None else reply(orjson.dumps(page)))
        elif verb == b"PUT":
            for name, value in orjson.loads(body).items():
                setattr(Script, name, value)
            self.transport.write(reply(b"{}"))
        elif b'"stream":true' not in body.replace(b": ", b":"):
            self.transport.write(reply(document(next(self.answers)[0], body)))
        elif not Script.gap:
            self.transport.write(STREAM + chunk(next(self.answers)[1] + ending(body)) + LAST)
        else:
            self.pace(body)

    def pace(self, body: bytes) -> None:
        """One event at a time, each at its moment."""
        loop = asyncio.get_running_loop()
        script, gap, due = (letters if Script.letters else words)(self.dice), Script.gap, loop.time()
        left = Script.events
        self.transport.write(STREAM)

        def step() -> None:
            nonlocal left, due
            if not left:
                self.transport.write(chunk(ending(body)) + LAST)
                return
            self.transport.write(chunk(event(next(script))))
            left, due = left - 1, due + gap
            self.timer = loop.call_at(due, step)

        self.timer = loop.call_at(due + gap * self.dice.random(), step)


async def engine(port: int) -> None:
    Engine.answers = answers(Engine.dice)
    server = await asyncio.get_running_loop().create_server(Engine, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


def echo():
    """FastAPI with one model in and one out: the most that a service written with it could do."""
    from fastapi import FastAPI
    from pydantic import BaseModel

    from gateway_bodies import Asked, Choice, Completed, Said

    class Answer(BaseModel):
        response: str
        message_id: str
        emotes: list[str]

    app = FastAPI()

    @app.get("/health")
    async def health():
        return {}

    @app.post("/chat")
    async def chat(said: Said) -> Answer:
        return Answer(response=said.message, message_id=said.username, emotes=said.emotes)

    @app.post("/v1/chat/completions")
    async def completions(asked: Asked) -> Completed:
        return Completed(model=asked.model, choices=[Choice(index=0, message=asked.messages[-1], finish_reason="stop")])

    return app


def proxy(engine_url: str):
    """FastAPI and aiohttp, and nothing that a chat needs: no store, no window, no cleaning, no queue, no limits."""
    from contextlib import asynccontextmanager

    import aiohttp
    from fastapi import FastAPI
    from fastapi.responses import StreamingResponse
    from pydantic import BaseModel

    from gateway_bodies import Asked, Completed, Said

    class Answer(BaseModel):
        response: str
        model: str

    past = [
        {"role": role, "content": " ".join(islice(cycle(WORDS), at, at + SENTENCE))}
        for at, role in enumerate(["system", "user", "assistant", "user", "assistant", "user", "assistant"])
    ]

    def prompt(said: Said, *, stream: bool) -> dict:
        newest = {"role": "user", "content": f"{said.username}: {said.message}"}
        return {"model": MODEL, "messages": [*past, newest], "stream": stream, "max_tokens": 256}

    @asynccontextmanager
    async def lifespan(app: FastAPI):
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as app.state.http:
            yield

    app = FastAPI(lifespan=lifespan)

    @app.get("/health")
    async def health():
        return {}

    @app.post("/chat")
    async def chat(said: Said) -> Answer:
        async with app.state.http.post(f"{engine_url}/chat/completions", json=prompt(said, stream=False)) as answer:
            document = orjson.loads(await answer.read())
        return Answer(response=document["choices"][0]["message"]["content"], model=document["model"])

    @app.post("/v1/chat/completions")
    async def completions(asked: Asked) -> Completed:
        async with app.state.http.post(f"{engine_url}/chat/completions", json=asked.model_dump()) as answer:
            return Completed.model_validate(orjson.loads(await answer.read()))

    @app.post("/chat/stream")
    async def chat_stream(said: Said):
        async def relay():
            async with app.state.http.post(f"{engine_url}/chat/completions", json=prompt(said, stream=True)) as answer:
                async for line in answer.content:
                    if line.startswith(b"data: {"):
                        delta = orjson.loads(line[6:])["choices"][0]["delta"]
                        yield b"event: delta\ndata: %b\n\n" % orjson.dumps({"text": delta.get("content", "")})
            yield b"event: done\ndata: {}\n\n"

        return StreamingResponse(relay(), media_type="text/event-stream")

    return app


def main(kind: str, port: str, engine_url: str = "") -> None:
    if kind == "engine":
        uvloop.run(engine(int(port)))
        return
    import uvicorn

    app = echo() if kind == "echo" else proxy(engine_url)
    uvicorn.run(app, port=int(port), log_level="error", access_log=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
