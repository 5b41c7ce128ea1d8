"""Metrics as Prometheus reads them, and traces as OpenTelemetry's SDK gets them."""

import asyncio
import json
import re
from pathlib import Path

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse

from llm_service.settings import Settings
from running_service import running_service

DASHBOARD = Path(__file__).parents[1] / "docs" / "grafana-dashboard.json"
PAGE = Path(__file__).parents[1] / "docs" / "metrics.md"
CONVENTION = {text for text in vars(gen_ai_attributes).values() if isinstance(text, str)}
LABELS = {"route", "code", "reason", "outcome", "family", "part", "state", "version", "le"}


async def scrape(bot, accept=""):
    async with bot.http.get(f"{bot.url}/metrics", headers={"Accept": accept}) as answer:
        assert answer.status == 200
        return await answer.text(), answer.content_type


async def families(bot):
    text, _ = await scrape(bot)
    return {family.name: family for family in parse(text)}


async def value(bot, name, **labels):
    """The sample of this name with these labels; 0 where there is none."""
    for family in (await families(bot)).values():
        for sample in family.samples:
            if sample.name == f"llm_service_{name}" and labels.items() <= sample.labels.items():
                return sample.value
    return 0.0


async def busy(bot, lm):
    """A bit of everything."""
    lm.reply("<think>Hm.</think>Hello **there**!")
    await bot.chat("Hello!", "viewer_anna", path="/rooms/secret_lounge/chat")
    await bot.chat("", "viewer_anna")
    lm.fail(401, {"error": "no"})
    await bot.chat("Again!", "viewer_anna")
    await bot.post("/messages", [{"username": "viewer_bob", "message": "hi"}])
    await bot.post("/turn")
    await bot.get("/nowhere")
    await bot.get("/users/viewer_anna")
    ask = {"messages": [{"role": "user", "content": "hi"}]}
    for _ in range(2):
        await bot.post("/v1/chat/completions", ask)


# ── The text ──


async def test_the_text_is_what_a_linter_of_metrics_wants(bot, lm):
    await busy(bot, lm)
    for family in (await families(bot)).values():
        assert family.documentation, family.name
        assert family.documentation.endswith(".") or not family.name.startswith("llm_service")
        assert family.type in {"counter", "gauge", "histogram"}
        assert re.fullmatch(r"[a-z][a-z0-9_]*", family.name)
        assert not re.search(r"_(milliseconds|ms|minutes|percent|kb|mb)(_|$)", family.name)
        for sample in family.samples:
            assert sample.value >= 0
            if family.type == "counter":
                assert sample.name.endswith("_total")
            elif family.type == "gauge":
                assert not sample.name.endswith(("_total", "_count", "_sum", "_bucket"))


async def test_openmetrics_is_spoken_too(bot, lm):
    await busy(bot, lm)
    text, kind = await scrape(bot, "application/openmetrics-text; version=1.0.0")
    assert kind == "application/openmetrics-text"
    assert "llm_service_requests" in {family.name for family in parse_openmetrics(text)}


async def test_histograms_add_up(bot, lm):
    await busy(bot, lm)
    found = [family for family in (await families(bot)).values() if family.type == "histogram"]
    assert len(found) >= 5
    for family in found:
        series = {}
        for sample in family.samples:
            labels = tuple(sorted((key, text) for key, text in sample.labels.items() if key != "le"))
            series.setdefault(labels, []).append(sample)
        for samples in series.values():
            buckets = [sample.value for sample in samples if sample.name.endswith("_bucket")]
            [count] = [sample.value for sample in samples if sample.name.endswith("_count")]
            assert buckets == sorted(buckets)
            assert buckets[-1] == count


async def test_labels_are_few_and_nobodys_name(bot, lm):
    await busy(bot, lm)
    for number in range(30):
        await bot.chat("hi", f"viewer_{number}", path=f"/rooms/room_{number}/chat")
        await bot.get(f"/rooms/room_{number}/nowhere")
    text, _ = await scrape(bot)
    assert "viewer" not in re.sub(r"(?m)^#.*$", "", text)
    assert "secret_lounge" not in text
    assert "room_1" not in text
    ours = [sample for family in parse(text) for sample in family.samples if sample.name.startswith("llm_service")]
    assert {label for sample in ours for label in sample.labels} <= LABELS
    assert len({tuple(sorted(sample.labels.items())) for sample in ours if "le" not in sample.labels}) < 100


# ── The numbers ──


async def test_what_happened_is_counted(bot, lm):
    await busy(bot, lm)
    expected = {
        ("requests_total", ("route", "/rooms/{room}/chat"), ("code", "200")): 1,
        ("requests_total", ("route", "/chat"), ("code", "422")): 1,
        ("requests_total", ("route", "/chat"), ("code", "502")): 1,
        ("requests_total", ("route", "-"), ("code", "404")): 1,
        ("turns_total", ("outcome", "replied")): 1,
        ("turns_total", ("outcome", "silent")): 1,
        ("turns_total", ("outcome", "upstream_auth")): 1,
        ("turns_total", ("outcome", "invalid_message")): 1,
        ("messages_total",): 3,
        ("cache_hits_total",): 1,
        ("engine_failures_total", ("code", "upstream_auth")): 1,
        ("engine_up",): 1,
        ("engine_slots",): 4,
        ("engine_breaker", ("state", "closed")): 1,
        ("engine_breaker", ("state", "open")): 0,
        ("store_up",): 1,
        ("cleaning_removals_total", ("family", "think")): 2,
    }
    for (name, *labels), number in expected.items():
        assert await value(bot, name, **dict(labels)) == number, (name, labels)
    for name in ("prompt_tokens_total", "completion_tokens_total", "first_token_seconds_count", "queue_seconds_count"):
        assert await value(bot, name) > 0, name
    assert await value(bot, "store_seconds_count") >= 3


async def test_one_answer_for_many_is_counted_as_that(bot, lm):
    lm.think_time = 0.05
    ask = {"messages": [{"role": "user", "content": "hi"}]}
    await asyncio.gather(*(bot.post("/v1/chat/completions", ask) for _ in range(10)))
    assert await value(bot, "single_flight_joins_total") == 9
    assert await value(bot, "engine_attempts_total") == 1


async def test_an_answer_out_of_the_cache_is_counted_once(bot, lm):
    for seed in (1, 1, 1, 2):
        await bot.post("/v1/chat/completions", {"messages": [{"role": "user", "content": "hi"}], "seed": seed})
    counted = [await value(bot, f"{name}_total") for name in ("prompts", "cache_hits", "cache_misses")]
    assert counted == [4, 2, 2]


async def test_what_waits_is_seen_while_it_waits(lm, tmp_path):
    tight = Settings(engine="lmstudio", base_url=lm.base_url, data_dir=tmp_path, rate_limit=None, slots=1)
    lm.think_time = 0.3
    async with running_service(tight) as bot:
        waiting = [asyncio.create_task(bot.chat(f"hi {number}", path=f"/rooms/r{number}/chat")) for number in range(3)]
        async with asyncio.timeout(2):
            while bot.service.engines.state().queued < 2:
                await asyncio.sleep(0.005)
        assert (await value(bot, "engine_in_flight"), await value(bot, "engine_queued")) == (1, 2)
        assert 256 < await value(bot, "engine_tokens_in_flight") <= await value(bot, "engine_pool_tokens") == 4096
        await asyncio.gather(*waiting)


async def test_without_an_engine_there_are_metrics_all_the_same(tmp_path):
    nothing = Settings(base_url="http://127.0.0.1:9/v1", builtin=False, data_dir=tmp_path, rate_limit=None)
    async with running_service(nothing) as bot:
        assert await value(bot, "engine_up") == 0
        assert await value(bot, "store_up") == 1


# ── Dashboard and page ──


def dashboard():
    return json.loads(DASHBOARD.read_text(encoding="utf-8"))


def targets():
    return [target for panel in dashboard()["panels"] for target in panel["targets"]]


SELECTOR = re.compile(r"\b((?:llm_service|process)_\w+)(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)\s*=~?\s*"([^"]*)"')


async def test_the_dashboard_asks_for_what_exists(bot, lm):
    await busy(bot, lm)
    await bot.post("/messages", [{"username": "nightbot", "message": "Follow us!"}])
    await bot.post("/turn")
    found = await families(bot)
    kinds = {sample.name: family.type for family in found.values() for sample in family.samples}
    samples = [sample for family in found.values() for sample in family.samples]
    asked = set()
    for target in targets():
        query = target["expr"]
        [(name, matchers)] = SELECTOR.findall(query)
        asked.add(name)
        series = [sample.labels for sample in samples if sample.name == name]
        assert series, name
        for label, text in MATCHER.findall(matchers):
            assert any(re.fullmatch(text, labels.get(label, "")) for labels in series), (query, label)
        summed = {label for by in re.findall(r"by \(([^)]*)\)", query) for label in re.split(r",\s*", by)}
        assert summed <= {label for labels in series for label in labels}, query
        assert set(re.findall(r"\{\{(\w+)\}\}", target.get("legendFormat", ""))) <= summed | set(series[0]), query
        assert ("rate(" in query) == (kinds[name] in {"counter", "histogram"}), query
        assert ("histogram_quantile(" in query) == name.endswith("_bucket") == ("le" in summed), query
    assert len(asked) > 15


def test_the_dashboard_has_the_shape_that_grafana_imports():
    board = dashboard()
    assert board["title"]
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,40}", board["uid"])
    assert 36 <= board["schemaVersion"] <= 42  # what Grafana 9 to 12 write; later ones migrate it
    assert {"from", "to"} <= board["time"].keys()
    [source] = board["templating"]["list"]
    assert (source["type"], source["query"]) == ("datasource", "prometheus")
    panels = board["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        assert panel["type"] == "timeseries"
        assert panel["title"]
        assert panel["datasource"] == {"type": "prometheus", "uid": f"${{{source['name']}}}"}
        assert {"defaults", "overrides"} <= panel["fieldConfig"].keys()
        letters = [target["refId"] for target in panel["targets"]]
        assert letters == sorted(set(letters))
        assert letters


def test_the_panels_lie_side_by_side():
    taken = set()
    for panel in dashboard()["panels"]:
        place = panel["gridPos"]
        assert all(isinstance(place[side], int) and place[side] >= 0 for side in "xywh")
        assert place["x"] + place["w"] <= 24
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert cells
        assert not cells & taken, panel["title"]
        taken |= cells


async def test_the_page_tells_of_every_metric(bot, lm):
    await busy(bot, lm)
    page = PAGE.read_text(encoding="utf-8")
    for name, family in (await families(bot)).items():
        if name.startswith("llm_service"):
            assert f"`{name}{'_total' if family.type == 'counter' else ''}`" in page, name


# ── Traces ──


@pytest.fixture(scope="module")
def provider():
    """OpenTelemetry takes one provider a process."""
    exporter, made = InMemorySpanExporter(), TracerProvider()
    made.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(made)
    return exporter


@pytest.fixture
def spans(provider):
    provider.clear()
    return provider


def answers(exporter):
    """The spans of answers. FastAPI has spans of its own for requests: ours hang under them."""
    finished = exporter.get_finished_spans()
    return [span for span in finished if "gen_ai.operation.name" in span.attributes]


def tree(exporter):
    """The newest answer's span, and its children by name."""
    root = answers(exporter)[-1]
    children = [span for span in exporter.get_finished_spans() if span.parent]
    return root, {span.name: span for span in children if span.parent.span_id == root.context.span_id}


async def test_a_turn_is_a_span_with_its_parts(bot, lm, spans):
    lm.reply("Hello there!")
    _, body = await bot.chat("Hello!", "ann")
    root, parts = tree(spans)
    assert root.name == "chat scripted-model"
    assert set(parts) == {"queue", "engine", "clean", "store"}
    told = root.attributes
    assert told["gen_ai.operation.name"] == "chat"
    assert told["gen_ai.provider.name"] == "lmstudio"
    assert told["gen_ai.request.model"] == told["gen_ai.response.model"] == "scripted-model"
    assert told["gen_ai.response.id"] == body["reply_id"]
    assert told["gen_ai.response.finish_reasons"] == ("stop",)
    assert told["gen_ai.usage.input_tokens"] == body["usage"]["prompt_tokens"]
    assert told["gen_ai.conversation.id"] == "default"
    assert not {name for name in told if name.startswith("gen_ai.")} - CONVENTION
    assert all(root.start_time <= span.start_time <= span.end_time <= root.end_time for span in parts.values())
    everything = str([dict(span.attributes) for span in (root, *parts.values())])
    assert "Hello" not in everything
    assert "ann" not in everything


@pytest.mark.parametrize("path", ["/chat", "/chat/stream"])
async def test_a_failed_turn_says_why(bot, lm, spans, path):
    lm.fail_in_stream("Secret words.", after=2)
    async with bot.http.post(bot.url + path, json={"username": "a", "message": "hi"}) as answer:
        await answer.read()
    root, _ = tree(spans)
    assert root.attributes["error.type"] == "upstream_error"
    assert not root.status.is_ok
    assert "Secret" not in str(root.to_json())


async def test_a_caller_who_leaves_ends_the_trace(bot, lm, spans):
    lm.hang(after=2)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await bot.events("/chat/stream", {"username": "a", "message": "hi"})
    async with asyncio.timeout(2):
        while not answers(spans):
            await asyncio.sleep(0.01)
    assert await value(bot, "turns_total", outcome="left") == 1


async def test_an_answer_is_traced_beneath_its_request(bot, lm, spans):
    await bot.chat("Hello!", path="/rooms/lounge/chat")
    root, _ = tree(spans)
    [request] = [span for span in spans.get_finished_spans() if span.context.span_id == root.parent.span_id]
    assert request.name == "POST /rooms/{room}/chat"
    assert request.attributes["http.response.status_code"] == 200


@pytest.mark.parametrize("path", ["/users/ann", "/rooms/lounge/users/ann?user_id=ann"])
async def test_no_span_tells_whom_a_request_is_about(bot, lm, spans, path):
    await bot.chat("Hello!", "ann", path="/rooms/lounge/chat")
    for method in ("GET", "DELETE"):
        async with bot.http.request(method, bot.url + path) as answer:
            assert answer.status in {200, 404}
    told = [(span.name, dict(span.attributes)) for span in spans.get_finished_spans()]
    assert told
    assert "ann" not in str(told)


async def test_a_completion_for_a_program_is_traced_too(bot, lm, spans):
    await bot.post("/v1/chat/completions", {"messages": [{"role": "user", "content": "hi"}], "seed": 5})
    root, parts = tree(spans)
    assert root.name == "chat scripted-model"
    assert set(parts) == {"engine"}
    assert root.attributes["gen_ai.request.seed"] == 5
    assert root.attributes["gen_ai.usage.output_tokens"] > 0


async def test_an_answer_out_of_the_cache_is_traced_as_one(bot, lm, spans):
    for _ in range(2):
        await bot.post("/v1/chat/completions", {"messages": [{"role": "user", "content": "hi"}]})
    first, again = answers(spans)
    assert (first.attributes["llm_service.cached"], again.attributes["llm_service.cached"]) == (False, True)
    assert again.name == first.name
    assert again.attributes["gen_ai.usage.output_tokens"] == first.attributes["gen_ai.usage.output_tokens"]
