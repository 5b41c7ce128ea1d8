"""From a room to a prompt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_service.engine import EmbeddedEngine
from llm_service.errors import PromptTooLong
from llm_service.prompt import (
    REPLY_FLOOR,
    UNKNOWN_CONTEXT,
    Composed,
    Turn,
    before,
    budget,
    compose,
    in_order,
    notes,
    one_line_each,
    share_of,
    summary_prompt,
    warming,
)
from llm_service.prompt import turns as in_turns
from llm_service.prompt.trimming import newest_alone, trim
from llm_service.tokens import TokenEstimator
from llm_service.types import (
    EngineKind,
    Entry,
    Message,
    ModelInfo,
    Persona,
    PromptMessage,
    Recalled,
    Reply,
    Sampling,
    Summary,
    Topic,
)
from tiny_gguf import write_gguf

PERSONA = Persona(text="You are kind.")


@dataclass
class Characters:
    """A tokenizer of one token a character, and a template of four tokens a message."""

    counted = "exact"
    kept_free: int = 0

    def estimate(self, messages: Sequence[PromptMessage]) -> float:
        return 2 + sum(4 + len(message.content) for message in messages)

    def margin(self, messages: Sequence[PromptMessage]) -> int:
        return self.kept_free


def model(context_length: int | None = 4096, **more: object) -> ModelInfo:
    return ModelInfo(id="m", engine=EngineKind.LM_STUDIO, context_length=context_length, **more)


def message(position: int, line: str = "hello", speaker: str = "ann") -> Message:
    return Message(
        id=f"m{position}",
        username=speaker,
        text=line,
        speaker=speaker,
        line=line,
        sent_at=float(position),
        position=position,
    )


def reply(after: int, raw: str = "hi there") -> Reply:
    return Reply(id=f"r{after}", text=raw.strip(), raw=raw, answers=(f"m{after}",), after=after)


def talk(turns: int, line: str = "hello", raw: str = "hi there") -> list[Entry]:
    """That many turns of one message and one reply each, and a message that waits."""
    entries: list[Entry] = []
    for position in range(1, turns + 1):
        entries += [message(position, f"{line} {position}"), reply(position, f"{raw} {position}")]
    return [*entries, message(turns + 1, f"{line} {turns + 1}")]


def composed(entries: Sequence[Entry], **more: object) -> Composed:
    given_or_default = {"persona": PERSONA, "model": model(), "counter": Characters(), **more}
    return compose(entries, **given_or_default)


def contents(result: Composed) -> list[tuple[str, str]]:
    return [(message.role, message.content) for message in result.prompt.messages]


# ── Layout ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_lines_between_two_replies_are_one_user_turn():
    entries = [message(1, "hi"), message(2, "yo", "bob"), reply(2, "Hey both!"), message(3, "ok")]
    assert contents(composed(entries, stable="Emotes: KEKW is laughter.")) == [
        ("system", "You are kind.\n\nEmotes: KEKW is laughter."),
        ("user", "ann: hi\nbob: yo"),
        ("assistant", "Hey both!"),
        ("user", "ann: ok"),
    ]


def test_a_reply_stands_after_the_newest_message_that_it_saw():
    late = [message(1, "hi"), message(2, "and I?", "bob"), reply(1, "Hi Ann!")]
    assert contents(composed(late))[1:] == [("user", "ann: hi"), ("assistant", "Hi Ann!"), ("user", "bob: and I?")]
    assert in_order(reversed(late)) == [late[0], late[2], late[1]]


def test_the_prompt_of_a_stored_reply_can_be_made_again():
    entries = talk(5)
    last = entries[-2]
    assert composed(before([*entries, message(7, "later")], last)).prompt == composed(entries[:-2]).prompt


def test_replies_in_a_row_are_one_assistant_turn():
    entries = [message(1), reply(1, "One."), reply(1, "Two."), message(2)]
    assert contents(composed(entries))[2] == ("assistant", "One.\nTwo.")


def test_a_reply_goes_in_as_the_engine_wrote_it():
    assert contents(composed([message(1), reply(1, "  <b>Hi</b>\n "), message(2)]))[2][1] == "  <b>Hi</b>\n "


def test_a_reply_without_text_leaves_no_hole():
    entries = [message(1, "a"), reply(1, " \n"), message(2, "b")]
    assert contents(composed(entries))[1:] == [("user", "ann: a\nann: b")]


def test_a_conversation_that_begins_with_a_reply_drops_it():
    assert contents(composed([reply(1), message(2, "hi")]))[1:] == [("user", "ann: hi")]


def test_what_changes_every_turn_is_last():
    entries = talk(1)
    told = notes(
        recalled=[Recalled(message=message(0, "my cat is called Tom", "bob"), score=1.0)],
        topics=[Topic(label=word, weight=0.5, since=0, since_id="m1", people=2) for word in ("speedrun", "music")],
        hints=["Reply to ann"],
        now=2 * 86400.0,
    )
    *before, (role, last) = contents(composed(entries, notes=told))
    assert before == contents(composed(entries))[:-1]
    assert role == "user"
    assert last.splitlines() == [
        "ann: hello 2",
        "",
        "(Topics now: speedrun, music)",
        "(Earlier, 2 days ago, bob: my cat is called Tom)",
        "(Reply to ann)",
    ]


def test_notes_are_single_lines_in_parentheses():
    assert contents(composed([message(1, "x")], notes=["two\nlines", "  ", "(as is)"]))[-1][1] == (
        "ann: x\n\n(two lines)\n(as is)"
    )


@pytest.mark.parametrize(
    ("seconds", "age"), [(0, "just now"), (60, "1 minute ago"), (7300, "2 hours ago"), (-5, "just now")]
)
def test_ages(seconds, age):
    old = Recalled(message=message(0, "hi"), score=1.0)
    assert notes(recalled=[old], now=float(seconds)) == (f"Earlier, {age}, ann: hi",)


def test_the_summary_never_enters_the_system_message():
    summary = Summary(text="Ann\nlikes tea.", covers=("m0",))
    assert contents(composed([message(1, "hi")], summary=summary)) == [
        ("system", "You are kind."),
        ("user", "(Earlier in this chat: Ann likes tea.)\n\nann: hi"),
    ]


def test_a_template_without_a_system_role_gets_it_in_the_first_user_turn():
    summary = Summary(text="Tea.", covers=("m0",))
    result = composed(talk(1), summary=summary, fold_system=True)
    assert contents(result)[0] == ("user", "You are kind.\n\n(Earlier in this chat: Tea.)\n\nann: hello 1")
    assert [role for role, _ in contents(result)] == ["user", "assistant", "user"]


def test_no_persona_means_no_system_message():
    assert contents(composed([message(1, "x")], persona=Persona(text=" "))) == [("user", "ann: x")]


@pytest.mark.parametrize("entries", [[], [message(1), reply(1)]])
def test_silence_still_ends_with_a_user_turn(entries):
    assert contents(composed(entries))[-1] == ("user", "(No new messages.)")
    assert contents(composed(entries, notes=["Say something"]))[-1] == ("user", "(Say something)")


def test_a_crowd_may_take_fewer_lines():
    def counted(messages: Sequence[Message]) -> Sequence[str]:
        return [f"(×{len(messages)})"] if len(messages) > 2 else []

    crowd = [message(position, "KEKW") for position in range(1, 40)]
    assert contents(composed(crowd, lines=counted))[-1] == ("user", "(×39)")
    assert contents(composed(crowd[:1], lines=counted))[-1] == ("user", "ann: KEKW")


def test_a_turn_only_appends():
    before = composed(talk(5)).prompt.messages
    after = composed(talk(6)).prompt.messages
    assert after[: len(before)] == before
    assert composed(talk(5)).prompt == composed(list(reversed(talk(5)))).prompt


# ── Budget ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_prompt_and_reply_fill_the_context():
    assert budget(4096, 256).prompt == 3840
    assert budget(512, 4000).reply == 256


def test_the_reply_shrinks_to_a_short_sentence_before_a_prompt_is_too_long():
    assert budget(512, 256, needed=400).reply == 112
    assert budget(512, 256, needed=512 - REPLY_FLOOR).reply == REPLY_FLOOR
    with pytest.raises(PromptTooLong):
        budget(512, 256, needed=513 - REPLY_FLOOR)


def test_slots_that_share_one_context_get_a_part_each():
    shared = model(4096, slots=4, shared_context=True)
    assert share_of(shared) == 1024
    assert share_of(shared, sharing=2) == 2048
    assert share_of(model(4096, slots=4)) == 4096
    assert share_of(model(None)) == UNKNOWN_CONTEXT


def test_what_cannot_fit_is_said():
    with pytest.raises(PromptTooLong, match="message"):
        composed([message(1, "x" * 600)], model=model(512))
    with pytest.raises(PromptTooLong, match="persona"):
        composed([message(1)], model=model(512), persona=Persona(text="x" * 600))


def test_summary_and_notes_give_way_to_the_newest_message():
    told = ["first " * 10, "second " * 10, "third"]
    summary = Summary(text="s" * 100, covers=("m0",))
    small = composed([message(1, "x" * 150)], model=model(512), notes=told, summary=summary)
    assert contents(small)[-1][1] == f"ann: {'x' * 150}\n\n(third)"
    assert "Earlier" in contents(composed([message(1)], model=model(1024), notes=told, summary=summary))[1][1]


def test_the_window_reports_what_was_counted():
    result = composed(talk(3), counter=Characters(kept_free=30), sampling=Sampling(max_tokens=100))
    window = result.window
    assert (window.context_length, window.budget, window.margin, window.counted) == (4096, 3966, 30, "exact")
    assert window.tokens == Characters().estimate(result.prompt.messages)
    assert (window.messages_in, window.messages_out) == (4, 0)


# ── Trimming ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_full_window_is_cut_in_one_large_step_between_turns():
    entries = talk(20)
    assert composed(entries, most_messages=41).dropped == ()
    result = composed(entries, most_messages=40)
    assert result.window.messages_in == 10
    assert result.cut == 12
    assert result.dropped == tuple(entries[:22])
    assert result.window.messages_out == 11


def test_the_cut_stays_where_it_is_until_the_window_is_full_again():
    cut, cuts = 0, []
    for turns in range(100):
        result = composed(talk(turns), cut=cut, most_messages=40)
        assert result.cut >= cut
        cuts += [turns] * (result.cut > cut)
        cut = result.cut
    assert [later - earlier for earlier, later in pairwise(cuts)] == [11] * (len(cuts) - 1)


def test_tokens_fill_the_window_too():
    result = composed(talk(100, line="x" * 50), model=model(2048))
    assert result.window.tokens <= result.window.budget
    assert 0.4 * result.window.budget < result.window.tokens < 0.52 * result.window.budget


def test_retention_is_the_share_that_stays():
    assert composed(talk(40), most_messages=40, retention=0.75).window.messages_in == 15
    assert composed(talk(40), most_messages=40, retention=1).window.messages_in == 20
    assert composed(talk(40), most_messages=40, retention=0).window.messages_in == 1


def test_a_flood_without_replies_is_cut_within_the_turn():
    flood = [message(position, "spam") for position in range(1, 1001)]
    result = composed(flood, most_messages=40)
    assert result.window.messages_in == 20
    assert result.cut == 981
    assert len(result.dropped) == 980


def test_a_smaller_context_after_a_reload_is_respected():
    first = composed(talk(100, line="x" * 100), model=model(16384))
    second = composed(talk(100, line="x" * 100), cut=first.cut, model=model(1024))
    assert second.window.tokens <= second.window.budget < 1024


def test_an_idle_room_is_cut_before_it_overflows():
    for turns in range(10, 40):
        before = [*talk(turns), reply(turns + 1)]
        ahead = composed(before, most_messages=40, idle=True)
        after = composed([*before, message(turns + 2)], cut=ahead.cut, most_messages=40)
        assert after.dropped == ()
        assert after.prompt.messages[:-1] == ahead.prompt.messages[:-1]


def test_warming_asks_for_next_to_nothing():
    prompt = composed(talk(3)).prompt
    assert warming(prompt).messages == prompt.messages
    assert warming(prompt).sampling.max_tokens == 1


# ── From one turn to the next ────────────────────────────────────────────────────────────────────────────────────


def test_only_what_is_new_is_rendered():
    rendered = []

    def lines(messages: Sequence[Message]) -> list[str]:
        rendered.extend(message.id for message in messages)
        return [f"{message.speaker}: {message.line}" for message in messages]

    entries = talk(5)
    known = composed(entries, lines=lines).conversation
    rendered.clear()
    composed([*entries, reply(6), message(7)], lines=lines, known=known)
    assert rendered == ["m7"]
    rendered.clear()
    composed([*entries, reply(6), message(7)][3:], lines=lines, known=known)
    assert rendered == ["m7"]


STEPS = ["say", "say", "answer", "answer late", "answer nothing", "store again", "forget", "cut", "be idle"]


@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 9)), max_size=50), st.integers(300, 1500))
def test_a_conversation_that_goes_on_is_composed_as_if_anew(steps, context):
    """Whatever happens between two turns: the turns that are known from the last one change nothing but the work."""
    entries, known, cut = [message(1)], (), 0
    for number, (step, which) in enumerate(steps, 2):
        entries = after_step(entries, step, which, number)
        cut += step == "cut"
        given_or_default = {"model": model(context), "cut": cut, "idle": step == "be idle", "most_messages": 12}
        anew = composed(entries, **given_or_default)
        result = composed(entries, known=known, **given_or_default)
        assert result == anew
        known, cut = result.conversation, result.cut


def after_step(entries: list[Entry], step: str, which: int, number: int) -> list[Entry]:
    """The room after one more thing has happened in it."""
    newest = max((entry.position for entry in entries if isinstance(entry, Message)), default=0)
    some = which % len(entries) if entries else 0
    match step:
        case "say":
            return [*entries, message(number, "x" * which)]
        case "answer":
            return in_order([*entries, reply(newest, f"answer {number}")])
        case "answer late":
            return in_order([*entries, reply(max(newest - 1, 0), f"late {number}")])
        case "answer nothing":
            return in_order([*entries, reply(newest, " ")])
        case "store again":
            return [replace(entry, id=f"{entry.id}") for entry in entries]
        case "forget":
            return entries[:some] + entries[some + 1 :]
    return entries


@given(st.lists(st.integers(0, 300), min_size=1, max_size=40), st.floats(0, 1))
def test_a_cut_keeps_as_much_as_fits(lengths, retention):
    talked = in_turns(
        [entry for at, length in enumerate(lengths, 1) for entry in (message(at, "x" * length), reply(at))]
    )
    size = sum(turn.length for turn in talked)

    def fill(some: Sequence[Turn]) -> float:
        return sum(turn.length for turn in some) / size

    kept = trim(talked, fill, full=0.9, retention=retention, lines=one_line_each)
    fitting = [talked[at:] for at in range(1, len(talked)) if fill(talked[at:]) <= retention]
    assert kept in ([fitting[0]] if fitting else [talked[-1:], (newest_alone(talked, one_line_each)[0],)])


# ── A real engine ────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_engine_reads_little_more_than_what_is_new(tmp_path):
    """Three cuts of a window of twelve in sixteen turns; a window that slid would be read anew every turn."""
    room, cut, counter, read, sent = [], 0, TokenEstimator(), 0, 0
    path = write_gguf(tmp_path / "talks.gguf", end_bias=-30.0)
    async with EmbeddedEngine(path, slots=1, threads=1) as engine, aiohttp.ClientSession() as http:
        for position in range(1, 17):
            room.append(message(position, f"line {position} of a rather long talk"))
            made = composed(room, counter=counter, cut=cut, most_messages=12, sampling=Sampling(max_tokens=16))
            cut = made.cut
            answer = await ask(http, engine, made)
            usage = answer["usage"]
            counter.observe(made.prompt.messages, usage["prompt_tokens"])
            assert usage["prompt_tokens"] <= made.window.tokens + made.window.margin
            sent += usage["prompt_tokens"]
            read += usage["prompt_tokens"] - usage["prompt_tokens_details"]["cached_tokens"]
            room.append(reply(position, answer["choices"][0]["message"]["content"]))
    assert cut > 1
    assert read < 0.35 * sent


async def ask(http: aiohttp.ClientSession, engine: EmbeddedEngine, made: Composed) -> dict:
    body = {
        "messages": [{"role": m.role, "content": m.content} for m in made.prompt.messages],
        "max_tokens": made.prompt.sampling.max_tokens,
        "seed": 1,
        "n_cache_reuse": 0,
    }
    async with http.post(f"{engine.base_url}/chat/completions", json=body) as answer:
        return await answer.json()


# ── Summaries ────────────────────────────────────────────────────────────────────────────────────────────────────


def summarised(dropped: Sequence[Entry], previous: Summary | None = None, **more: object):
    return summary_prompt(dropped, previous, **{"persona": PERSONA, "model": model(), "counter": Characters(), **more})


def test_a_summary_is_asked_for_from_what_fell_out_alone():
    task = summarised([message(1, "I live in Oslo"), reply(1, "Nice!")], Summary(text="Bob left.", covers=("m0",)))
    system, user = task.prompt.messages
    assert system.role == "system"
    assert "Oslo" not in system.content
    assert user.content == (
        "(Earlier in this chat: Bob left.)\n\nann: I live in Oslo\nAssistant: Nice!\n\n(Write the summary now.)"
    )
    assert task.covers == ("m0", "m1", "r1")
    assert task.prompt.sampling.max_tokens < 256


def test_a_summary_covers_only_what_was_sent():
    task = summarised(talk(300, line="x" * 60))
    assert 2 < len(task.covers) < 100
    assert task.covers[-1] == "m301"
    assert Characters().estimate(task.prompt.messages) + task.prompt.sampling.max_tokens <= 4096
    with pytest.raises(PromptTooLong):
        summarised([message(1, "x" * 5000)])


def test_the_sources_of_a_summary_do_not_grow_with_the_room():
    old = Summary(text="Long ago.", covers=tuple(f"m{n}" for n in range(999)))
    task = summarised(talk(2), old)
    assert len(task.covers) == 5
    assert "Long ago" not in task.prompt.messages[1].content


# ── Laws ─────────────────────────────────────────────────────────────────────────────────────────────────────────

words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=80)


@st.composite
def rooms(draw: st.DrawFn) -> list[Entry]:
    spoken = draw(st.lists(st.tuples(words, words, st.booleans()), max_size=60))
    said = draw(words) * draw(st.integers(1, 10))
    entries: list[Entry] = []
    for position, (speaker, line, answered) in enumerate(spoken, 1):
        entries.append(message(position, line, speaker))
        if answered:
            entries.append(reply(position, said))
    return draw(st.permutations(entries)) if len(entries) < 8 else entries


@given(
    rooms(),
    st.text(max_size=700),
    st.integers(512, 5000),
    st.integers(1, 600),
    st.integers(0, 40),
    st.integers(0, 70),
    st.floats(0, 1),
    st.booleans(),
    st.booleans(),
    st.text(max_size=300),
    st.lists(words, max_size=5),
)
def test_any_room_gives_a_valid_prompt_or_a_clear_error(
    entries, persona, context, max_tokens, margin, cut, retention, fold, idle, summary, told
):
    newest = max((e for e in entries if isinstance(e, Message)), key=lambda m: m.position, default=None)
    try:
        result = composed(
            entries,
            persona=Persona(text=persona),
            model=model(context),
            counter=Characters(kept_free=margin),
            sampling=Sampling(max_tokens=max_tokens),
            summary=Summary(text=summary, covers=()),
            notes=told,
            cut=cut,
            retention=retention,
            most_messages=30,
            fold_system=fold,
            idle=idle,
        )
    except PromptTooLong:
        least = 60 + len(persona) + (len(newest.speaker) + len(newest.line) if newest else 0)
        assert least + REPLY_FLOOR + margin > context
        return
    messages = result.prompt.messages
    rest = messages[1:] if messages[0].role == "system" else messages
    assert [m.role for m in rest] == ["user", "assistant"] * (len(rest) // 2) + ["user"]
    assert all(m.content.strip() for m in messages)
    assert result.window.tokens <= result.window.budget
    assert result.window.tokens + result.prompt.sampling.max_tokens + margin <= context
    assert result.prompt.sampling.max_tokens <= max_tokens
    assert result.cut >= cut
    if newest and newest.position >= cut:
        assert f"{newest.speaker}: {newest.line}" in "".join(m.content for m in rest[-3:])
