"""The response cache: in memory, and in a real Redis."""

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from llm_service.cache import MemoryCache, RedisCache, cache_key
from llm_service.cache.redis import PAUSE
from llm_service.types import Completion, Prompt, PromptMessage, Sampling, ToolCallDelta, Usage
from redis_server import INSTALLED, RedisServer
from tiny_redis import TinyRedis

ANSWER = Completion(
    text="Grüße 👋",
    reasoning="hm",
    tool_calls=(ToolCallDelta(index=0, id="1", name="roll", arguments="{}"),),
    finish_reason="tool_calls",
    usage=Usage(prompt_tokens=3, completion_tokens=2, cached_tokens=1),
    model="m",
)


def ask(text: str = "Hi", **fields) -> Prompt:
    return Prompt(messages=(PromptMessage(role="user", content=text),), **fields)


def key(text: str = "Hi"):
    return cache_key(ask(text), "m")


# ── Keys ──


def test_everything_makes_a_difference():
    base = ask()
    others = [
        ask("Ho"),
        ask(model="m"),
        ask(model=""),
        ask(response_format="{}"),
        ask(tools="{}"),
        ask(tool_choice="{}"),
        ask(reasoning_effort="low"),
        replace(base, messages=()),
        replace(base, messages=base.messages * 2),
        replace(base, messages=(PromptMessage(role="assistant", content="Hi"),)),
        replace(base, messages=(PromptMessage(role="user", content="Hi", tool_calls=""),)),
        replace(base, messages=(PromptMessage(role="user", content="Hi", tool_call_id=""),)),
        *(
            ask(sampling=replace(Sampling(), **change))
            for change in (
                {"temperature": 0.5},
                {"top_p": 0.5},
                {"top_k": 1},
                {"min_p": 0.5},
                {"repeat_penalty": 1.0},
                {"presence_penalty": 1.0},
                {"frequency_penalty": 1.0},
                {"max_tokens": 1},
                {"seed": 1},
                {"stop": ("a",)},
            )
        ),
    ]
    keys = {cache_key(prompt, "m") for prompt in [base, *others]} | {cache_key(base, "other")}
    assert len(keys) == len(others) + 2
    assert len({found.digest for found in keys}) == len(keys)
    assert cache_key(ask(), "m") == cache_key(base, "m")


MESSAGES = st.lists(
    st.builds(
        PromptMessage,
        role=st.sampled_from(["system", "user", "assistant", "tool"]),
        content=st.text("ab:1-+", max_size=6),
        tool_calls=st.none() | st.text("ab:1", max_size=4),
        tool_call_id=st.none() | st.text("ab:1", max_size=4),
    ),
    max_size=4,
).map(tuple)
PROMPTS = st.builds(
    Prompt,
    messages=MESSAGES,
    model=st.none() | st.text("m:", max_size=3),
    tools=st.none() | st.text("m:", max_size=3),
    sampling=st.builds(Sampling, stop=st.lists(st.text("a',", max_size=3), max_size=2).map(tuple)),
)


@given(PROMPTS, PROMPTS, st.text("m:1", max_size=3), st.text("m:1", max_size=3))
@settings(max_examples=200, deadline=None)
def test_different_prompts_never_share_a_key(one, other, model, another):
    same = (one, model) == (other, another)
    assert (cache_key(one, model) == cache_key(other, another)) is same


# ── In memory ──


async def test_it_remembers_for_its_time():
    now = 0.0
    cache = MemoryCache(60, clock=lambda: now)
    await cache.put(key(), ANSWER)
    assert await cache.get(key()) == ANSWER
    assert await cache.get(key("other")) is None
    now = 60.0
    assert await cache.get(key()) is None
    assert (len(cache), cache.size) == (0, 0)


async def test_what_was_used_longest_ago_goes_first():
    cache = MemoryCache(max_entries=3)
    for name in "abc":
        await cache.put(key(name), ANSWER)
    await cache.get(key("a"))
    await cache.put(key("d"), ANSWER)
    assert [await cache.get(key(name)) is not None for name in "abcd"] == [True, False, True, True]


async def test_it_is_bounded_in_bytes():
    cache = MemoryCache(max_bytes=20_000)
    for number in range(1000):
        await cache.put(key(str(number)), replace(ANSWER, text="x" * (number % 700)))
        assert cache.size <= 20_000
    assert 0 < len(cache) < 20
    await cache.put(key("huge"), replace(ANSWER, text="x" * 10_000))
    assert await cache.get(key("huge")) is None


async def test_what_has_expired_is_swept_out_without_being_asked_for():
    now = 0.0
    cache = MemoryCache(60, clock=lambda: now)
    for number in range(100):
        await cache.put(key(str(number)), ANSWER)
    now = 61.0
    await cache.put(key("new"), ANSWER)
    assert len(cache) == 1


async def test_storing_again_replaces():
    cache = MemoryCache()
    for _ in range(3):
        await cache.put(key(), ANSWER)
    size = cache.size
    await cache.put(key(), replace(ANSWER, text=ANSWER.text + "!"))
    assert (len(cache), cache.size) == (1, size + 4)
    await cache.clear()
    await cache.close()
    assert (len(cache), cache.size) == (0, 0)


async def test_no_time_means_no_cache():
    cache = MemoryCache(0)
    await cache.put(key(), ANSWER)
    assert await cache.get(key()) is None


# ── In Redis ──


def url_of(port: int) -> str:
    return f"redis://127.0.0.1:{port}/0"


SERVERS = [TinyRedis, RedisServer] if INSTALLED else [TinyRedis]


@pytest.fixture(params=SERVERS)
async def redis_server(request):
    """A real Redis where one is installed, and everywhere what the cache needs of one."""
    server = request.param()
    await server.start()
    yield server
    server.stop()


async def test_redis_remembers_everything_of_an_answer(redis_server):
    cache = RedisCache(url_of(redis_server.port))
    assert await cache.get(key()) is None
    await cache.put(key(), ANSWER)
    assert await cache.get(key()) == ANSWER
    assert await cache.get(key("other")) is None
    await cache.close()


async def test_redis_forgets_in_time(redis_server):
    cache = RedisCache(url_of(redis_server.port), ttl=0.05)
    await cache.put(key(), ANSWER)
    await asyncio.sleep(0.1)
    assert await cache.get(key()) is None
    never = RedisCache(url_of(redis_server.port), ttl=0)
    await never.put(key(), ANSWER)
    assert await never.get(key()) is None
    await cache.close()
    await never.close()


async def test_two_processes_share_and_clear_together(redis_server):
    one, other = RedisCache(url_of(redis_server.port)), RedisCache(url_of(redis_server.port))
    await one.put(key("a"), ANSWER)
    assert await other.get(key("a")) == ANSWER
    await one.clear()
    assert await other.get(key("a")) is None
    await one.put(key("b"), ANSWER)
    assert await other.get(key("b")) == ANSWER
    await one.close()
    await other.close()


async def test_what_is_stored_late_from_before_a_clearing_is_not_served(redis_server):
    one, other = RedisCache(url_of(redis_server.port)), RedisCache(url_of(redis_server.port))
    assert await other.get(key()) is None
    await one.clear()
    await other.put(key(), ANSWER)
    assert await one.get(key()) is None
    await one.close()
    await other.close()


async def test_redis_away_is_slower_and_never_wrong(redis_server):
    now = 0.0
    cache = RedisCache(url_of(redis_server.port), clock=lambda: now)
    await cache.put(key(), ANSWER)
    redis_server.stop()
    with capture_logs() as events:
        for _ in range(3):
            assert await cache.get(key()) is None
            await cache.put(key("b"), ANSWER)
            now += PAUSE
        assert [event["event"] for event in events] == ["response cache away"]
        now += 60
        await cache.get(key())
        assert len(events) == 2
    await redis_server.start()
    now += PAUSE
    await cache.put(key(), ANSWER)
    assert await cache.get(key()) == ANSWER
    await cache.close()


async def test_clearing_while_redis_is_away_is_made_up_for(redis_server):
    now = 0.0
    cache = RedisCache(url_of(redis_server.port), clock=lambda: now)
    await cache.put(key(), ANSWER)
    async with SlowProxy(redis_server.port, delay=1.0) as proxy:
        cut_off = RedisCache(url_of(proxy.port), clock=lambda: now)
        await cut_off.clear()
        proxy.delay = 0.0
        now += PAUSE
        assert await cut_off.get(key()) is None
        await cut_off.close()
    assert await cache.get(key()) is None
    await cache.close()


async def test_something_else_under_our_key_is_no_answer(redis_server):
    cache = RedisCache(url_of(redis_server.port), prefix="x:")
    redis = cache._redis
    await cache.put(key("other"), ANSWER)
    [others] = await redis.mget("x:" + key("other").digest)
    broken = b"%d:" % (len(key().material) + 2) + b"0\n" + key().material + b"{]"
    for junk in (b"", b"5:hello{}", b"nonsense", broken, others):
        await redis.set("x:" + key().digest, junk)
        cache._away_until = 0.0
        assert await cache.get(key()) is None
    await cache.close()


class SlowProxy:
    """Passes bytes on, each piece a little later."""

    def __init__(self, port: int, delay: float) -> None:
        self.target = port
        self.delay = delay
        self.server: asyncio.Server | None = None
        self.pipes: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        assert self.server is not None
        return self.server.sockets[0].getsockname()[1]

    async def __aenter__(self) -> "SlowProxy":
        self.server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self.server is not None
        self.server.close()
        for pipe in self.pipes:
            pipe.cancel()
        await asyncio.gather(*self.pipes, return_exceptions=True)

    async def _accept(self, reader, writer) -> None:
        back, forth = await asyncio.open_connection("127.0.0.1", self.target)
        for source, sink in ((reader, forth), (back, writer)):
            task = asyncio.create_task(self._pipe(source, sink))
            self.pipes.add(task)

    async def _pipe(self, source, sink) -> None:
        try:
            while data := await source.read(65536):
                await asyncio.sleep(self.delay)
                sink.write(data)
        except ConnectionError:
            pass
        finally:
            sink.close()


async def test_a_storm_of_cancellations_mixes_nothing_up(redis_server):
    direct = RedisCache(url_of(redis_server.port))
    for number in range(50):
        await direct.put(key(str(number)), replace(ANSWER, text=str(number)))

    async def one(cache: RedisCache, number: int) -> int:
        try:
            async with asyncio.timeout((number % 11) * 0.002 if number % 11 < 10 else None):
                found = await cache.get(key(str(number % 50)))
        except TimeoutError:
            return 0
        assert found is None or found.text == str(number % 50)
        return found is not None

    async with SlowProxy(redis_server.port, delay=0.003) as proxy:
        cache = RedisCache(url_of(proxy.port), clock=lambda: 0.0)
        hits = 0
        for batch in range(20):
            cache._away_until = 0.0
            hits += sum(await asyncio.gather(*[one(cache, batch * 50 + number) for number in range(50)]))
        assert hits > 0
        await cache.close()
    await direct.close()
