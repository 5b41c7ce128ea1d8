"""A scripted LM Studio: a real server on loopback that speaks LM Studio's API and does what it is told.

::

    async with ScriptedLMStudio() as lm:
        lm.reply("Hi")                      # the next chat is answered with this …
        lm.fail(400, {"error": "…"})        # … and the one after it is refused
        client = LMStudioClient(lm.base_url)

What is not scripted is answered with ``lm.default``. ``python -m scripted_lm_studio --port 1234`` (in tests/) runs it
by itself, so that the whole service can be tried without an engine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from aiohttp import web

Api = Literal["v1", "v0", "plain"]
Scene = Callable[["Stage"], Awaitable[web.StreamResponse]]
"""What happens to one chat request."""

HANG = 3600.0


@dataclass(kw_only=True)
class ScriptedModel:
    """A model as the inventory tells it."""

    key: str = "scripted-model"
    type: str = "llm"
    instances: list[str] = field(default_factory=list)
    """Ids of what is loaded of it; empty means not loaded."""
    context_length: int = 4096
    max_context_length: int = 131072
    parallel: int | None = 4
    format: str = "gguf"

    def v1(self) -> dict[str, Any]:
        config = {"context_length": self.context_length}
        if self.parallel is not None:
            config["parallel"] = self.parallel
        return {
            "type": self.type,
            "publisher": "tests",
            "key": self.key,
            "display_name": self.key,
            "quantization": {"name": "Q4_K_M", "bits_per_weight": 4},
            "size_bytes": 1_000_000,
            "params_string": "1B",
            "loaded_instances": [{"id": instance, "config": config} for instance in self.instances],
            "max_context_length": self.max_context_length,
            "format": self.format,
        }

    def v0(self) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "id": self.key,
            "object": "model",
            "type": "embeddings" if self.type == "embedding" else self.type,
            "compatibility_type": self.format,
            "quantization": "Q4_K_M",
            "state": "loaded" if self.instances else "not-loaded",
            "max_context_length": self.max_context_length,
        }
        if self.instances:
            entry["loaded_context_length"] = self.context_length
        return entry


@dataclass
class Stage:
    """One chat request, and the tools to answer it."""

    studio: ScriptedLMStudio
    request: web.Request
    body: dict[str, Any]
    _response: web.StreamResponse | None = None

    @property
    def streaming(self) -> bool:
        return bool(self.body.get("stream"))

    @property
    def model(self) -> str:
        return self.studio.answering_model(self.body)

    async def open(self, content_type: str = "text/event-stream") -> None:
        """Begin a stream."""
        headers = {"Content-Type": content_type, "Cache-Control": "no-cache", "X-Powered-By": "Express"}
        self._response = web.StreamResponse(headers=headers)
        await self._response.prepare(self.request)

    async def raw(self, data: bytes) -> None:
        """Send bytes of the stream as they are."""
        if self._response is None:
            await self.open()
        assert self._response is not None
        await self._response.write(data)

    async def event(self, document: Any, name: str = "") -> None:
        text = document if isinstance(document, str) else json.dumps(document)
        await self.raw((f"event: {name}\n" if name else "").encode() + f"data: {text}\n\n".encode())

    async def delta(self, delta: dict[str, Any], finish: str | None = None, model: str | None = None) -> None:
        """One chunk. As LM Studio does, the role stands in every delta that has content."""
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        await self.event(self._chunk([choice], model))

    async def usage(self, completion_tokens: int, model: str | None = None) -> None:
        await self.event({**self._chunk([], model), "usage": self._usage(completion_tokens)})

    async def close(self) -> web.StreamResponse:
        """End the stream cleanly."""
        if self._response is None:
            await self.open()
        assert self._response is not None
        await self._response.write_eof()
        return self._response

    def cut(self) -> web.StreamResponse:
        """Break the connection off."""
        assert self.request.transport is not None
        self.request.transport.abort()
        return self._response or web.Response()

    def json(self, document: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
        return web.json_response(document, status=status, headers=headers)

    def completion(self, message: dict[str, Any], finish: str = "stop", model: str | None = None) -> dict[str, Any]:
        """A whole answer as one JSON document."""
        name = model or self.model
        choice = {"index": 0, "logprobs": None, "finish_reason": finish, "message": {"role": "assistant", **message}}
        tokens = len(str(message.get("content", "")).split())
        return {
            "id": "chatcmpl-scripted",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": name,
            "choices": [choice],
            "usage": self._usage(tokens),
            "stats": {},
            "system_fingerprint": name,
        }

    def _chunk(self, choices: list[Any], model: str | None) -> dict[str, Any]:
        name = model or self.model
        return {
            "id": "chatcmpl-scripted",
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": name,
            "system_fingerprint": name,
            "choices": choices,
        }

    def _usage(self, completion_tokens: int) -> dict[str, int]:
        prompt = prompt_tokens(self.body)
        return {
            "prompt_tokens": prompt,
            "completion_tokens": completion_tokens,
            "total_tokens": prompt + completion_tokens,
        }


def prompt_tokens(body: dict[str, Any]) -> int:
    """Tokens of a prompt: a word is one, and a message takes four more."""
    return sum(len(str(message.get("content", "")).split()) + 4 for message in body.get("messages", ()))


def pieces_of(text: str) -> list[str]:
    """Text cut as a model would: a word at a time."""
    words = text.split(" ")
    return [words[0], *(f" {word}" for word in words[1:])]


class ScriptedLMStudio:
    """The server. Everything may be changed while it runs."""

    def __init__(self, port: int = 0, *, api: Api = "v1", models: Sequence[ScriptedModel] | None = None) -> None:
        self.api = api
        self.models = list(models) if models is not None else [ScriptedModel(instances=["scripted-model"])]
        self.default = "Hello there, nice to see you!"
        """What is said when nothing is scripted: text, or a function of the request's body."""
        self.requests: list[dict[str, Any]] = []
        """The bodies of the chat requests, in order."""
        self.calls: list[tuple[str, str]] = []
        """Method and path of every request."""
        self.headers: list[dict[str, str]] = []
        """Headers of the chat requests."""
        self.disconnects: list[float] = []
        """When clients hung up on a chat that was not over (monotonic clock)."""
        self.running = 0
        self.most_running = 0
        """How many chats ran at once, at most."""
        self.tokens = 0
        self.most_tokens = 0
        """Tokens that the chats which ran at once could take of the context together, at most."""
        self.api_key: str | None = None
        """If set, requests must carry it."""
        self.delay = 0.0
        """Seconds between two pieces of every reply that does not say otherwise."""
        self.think_time = 0.0
        """Seconds before the first piece."""
        self.load_time = 0.0
        """Seconds that loading a model takes."""
        self.telling = asyncio.Event()
        """Cleared, it tells nothing of itself: only chats are answered."""
        self.telling.set()
        self.load_failure: dict[str, Any] | None = None
        self._script: deque[Scene] = deque()
        self._port = port
        self._runner: web.AppRunner | None = None

    # ── Running ──

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(
            app, handler_cancellation=True, access_log=None, keepalive_timeout=5, shutdown_timeout=0.1
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Go away, as when the app is closed. ``start`` brings it back on the same port."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @property
    def port(self) -> int:
        return self._port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def base_url(self) -> str:
        return f"{self.url}/v1"

    # ── The script ──

    def enqueue(self, *scenes: Scene) -> None:
        """What happens to the next chat requests, in order."""
        self._script.extend(scenes)

    def reply(
        self,
        text: str = "Hi",
        *,
        pieces: Sequence[str] | None = None,
        reasoning: str = "",
        reasoning_field: str = "reasoning_content",
        finish: str = "stop",
        usage: bool = True,
        done: bool = True,
        delay: float | None = None,
        model: str | None = None,
    ) -> None:
        """Answer the next chat with this text. ``delay`` is in seconds between two pieces."""

        async def scene(stage: Stage) -> web.StreamResponse:
            if not stage.streaming:
                message = {"content": "".join(pieces) if pieces else text}
                return stage.json(
                    stage.completion({**message, reasoning_field: reasoning} if reasoning else message, finish, model)
                )
            await stage.open()
            for thought in pieces_of(reasoning) if reasoning else ():
                await stage.delta({"role": "assistant", reasoning_field: thought}, model=model)
            said = list(pieces) if pieces is not None else pieces_of(text)
            for piece in said:
                await stage.delta({"role": "assistant", "content": piece}, model=model)
                await asyncio.sleep(self.delay if delay is None else delay)
            await stage.delta({}, finish, model)
            if usage:
                await stage.usage(len(said), model)
            if done:
                await stage.raw(b"data: [DONE]\n\n")
            return await stage.close()

        self.enqueue(scene)

    def fail(self, status: int, body: Any, *, headers: dict[str, str] | None = None) -> None:
        """Refuse the next chat with this status and JSON body."""

        async def scene(stage: Stage) -> web.StreamResponse:
            return stage.json(body, status, headers)

        self.enqueue(scene)

    def fail_in_stream(self, text: str, *, after: int = 0) -> None:
        """Answer 200, say ``after`` pieces, then send an error event as LM Studio does."""

        async def scene(stage: Stage) -> web.StreamResponse:
            await stage.open()
            for number in range(after):
                await stage.delta({"role": "assistant", "content": f"piece{number} "})
            await stage.event({"error": {"message": text}, "message": text}, name="error")
            return await stage.close()

        self.enqueue(scene)

    def empty_stream(self) -> None:
        """Answer 200 with a stream in which nothing is said."""

        async def scene(stage: Stage) -> web.StreamResponse:
            await stage.open()
            return await stage.close()

        self.enqueue(scene)

    def hang(self, *, after: int | None = None, seconds: float = HANG) -> None:
        """Be silent: before any byte, or after so many pieces."""

        async def scene(stage: Stage) -> web.StreamResponse:
            if after is not None:
                await stage.open()
            for number in range(after or 0):
                await stage.delta({"role": "assistant", "content": f"piece{number} "})
            await asyncio.sleep(seconds)
            return stage.cut()

        self.enqueue(scene)

    def hang_up(self, *, after: int | None = None) -> None:
        """Break the connection: before any byte, or in the middle of a chunk after so many pieces."""

        async def scene(stage: Stage) -> web.StreamResponse:
            if after is not None:
                await stage.open()
                for number in range(after):
                    await stage.delta({"role": "assistant", "content": f"piece{number} "})
                await stage.raw(b'data: {"id":"chatcmpl-scri')
                await asyncio.sleep(0.01)
            return stage.cut()

        self.enqueue(scene)

    def stream_bytes(self, data: bytes, *, content_type: str = "text/event-stream") -> None:
        """Answer 200 with exactly these bytes."""

        async def scene(stage: Stage) -> web.StreamResponse:
            await stage.open(content_type)
            await stage.raw(data)
            return await stage.close()

        self.enqueue(scene)

    # ── Serving ──

    def answering_model(self, body: dict[str, Any]) -> str:
        """The instance that answers: the one asked for, else whatever is loaded."""
        loaded = [instance for model in self.models if model.type != "embedding" for instance in model.instances]
        asked = str(body.get("model", ""))
        return asked if asked in loaded or not loaded else loaded[0]

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.calls.append((request.method, request.path))
        if request.method == "GET":
            await self.telling.wait()
        if self.api_key is not None and request.headers.get("Authorization") != f"Bearer {self.api_key}":
            return web.json_response({"error": UNAUTHORISED}, status=401)
        routes: dict[tuple[str, str], Callable[[web.Request], Awaitable[web.StreamResponse]]] = {
            ("GET", "/lmstudio-greeting"): self._greet,
            ("GET", "/v1/models"): self._list,
            ("POST", "/v1/chat/completions"): self._chat,
            ("POST", "/v1/embeddings"): self._embed,
        }
        if self.api in {"v1", "v0"}:
            routes["GET", "/api/v0/models"] = self._list_v0
        if self.api == "v1":
            routes["GET", "/api/v1/models"] = self._list_v1
            routes["POST", "/api/v1/models/load"] = self._load
            routes["POST", "/api/v1/models/unload"] = self._unload
            routes["POST", "/api/v1/models/download"] = self._download
            routes["GET", "/api/v1/models/download/status/job-1"] = self._download_status
        handler = routes.get((request.method, request.path), self._unexpected)
        return await handler(request)

    async def _unexpected(self, request: web.Request) -> web.Response:
        return web.json_response({"error": f"Unexpected endpoint or method. ({request.method} {request.path})"})

    async def _greet(self, request: web.Request) -> web.Response:
        return await self._unexpected(request) if self.api == "plain" else web.json_response({"lmstudio": True})

    async def _list(self, _: web.Request) -> web.Response:
        entries = [{"id": model.key, "object": "model", "owned_by": "organization_owner"} for model in self.models]
        return web.json_response({"data": entries, "object": "list"})

    async def _list_v0(self, _: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [model.v0() for model in self.models]})

    async def _list_v1(self, _: web.Request) -> web.Response:
        return web.json_response({"models": [model.v1() for model in self.models]})

    async def _load(self, request: web.Request) -> web.Response:
        body = await request.json()
        await asyncio.sleep(self.load_time)
        if self.load_failure is not None:
            return web.json_response({"error": self.load_failure}, status=500)
        model = next(model for model in self.models if model.key == body["model"])
        instance = model.key if not model.instances else f"{model.key}:{len(model.instances) + 1}"
        model.instances.append(instance)
        model.context_length = body.get("context_length", model.context_length)
        return web.json_response(
            {"type": "llm", "instance_id": instance, "load_time_seconds": self.load_time, "status": "loaded"}
        )

    async def _unload(self, request: web.Request) -> web.Response:
        instance = (await request.json())["instance_id"]
        for model in self.models:
            model.instances = [other for other in model.instances if other != instance]
        return web.json_response({"instance_id": instance})

    async def _download(self, _: web.Request) -> web.Response:
        return web.json_response({"job_id": "job-1", "status": "downloading", "total_size_bytes": 1000})

    async def _download_status(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "completed", "total_size_bytes": 1000, "downloaded_bytes": 1000})

    async def _embed(self, request: web.Request) -> web.Response:
        body = await request.json()
        texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
        entries = [
            {"object": "embedding", "index": index, "embedding": [float(len(text)), 1.0]}
            for index, text in enumerate(texts)
        ]
        usage = {"prompt_tokens": 0, "total_tokens": 0}
        return web.json_response({"object": "list", "data": entries, "model": body["model"], "usage": usage})

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.requests.append(body)
        self.headers.append(dict(request.headers))
        if not self._script:
            self._say_default(body)
        scene = self._script.popleft()
        tokens = prompt_tokens(body) + body["max_tokens"]
        self.running += 1
        self.tokens += tokens
        self.most_running = max(self.most_running, self.running)
        self.most_tokens = max(self.most_tokens, self.tokens)
        try:
            await asyncio.sleep(self.think_time)
            return await scene(Stage(self, request, body))
        except (asyncio.CancelledError, ConnectionError):
            self.disconnects.append(time.monotonic())
            raise
        finally:
            self.running -= 1
            self.tokens -= tokens

    def _say_default(self, body: dict[str, Any]) -> None:
        self.reply(self.default(body) if callable(self.default) else self.default)


UNAUTHORISED = {
    "type": "invalid_request",
    "code": "invalid_api_key",
    "message": "An LM Studio API token is required to make requests to this server, but none was provided.",
}


async def _run(port: int, delay: float) -> None:
    async with ScriptedLMStudio(port) as studio:
        studio.delay = delay
        print(f"scripted LM Studio on {studio.base_url}", flush=True)
        await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description="A scripted LM Studio.")
    parser.add_argument("--port", type=int, default=1234)
    parser.add_argument("--delay", type=float, default=0.05, help="seconds between two pieces of a reply")
    arguments = parser.parse_args()
    asyncio.run(_run(arguments.port, arguments.delay))


if __name__ == "__main__":
    main()
