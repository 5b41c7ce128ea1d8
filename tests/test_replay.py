"""Made rooms, played through the whole service at several times their speed, and what they must get."""

import asyncio
import json

import pytest
from click.testing import CliRunner

from llm_service.cli import main
from llm_service.cli.replay import play, read, read_policy
from llm_service.errors import InputError
from llm_service.settings import Settings
from llm_service.turn_taking import Policy
from made_rooms import BOT, burst, busy, calm, chorus, flooded, moderated, raid, write
from scripted_lm_studio import ScriptedLMStudio

ENGINE_TIME = 0.02
"""Seconds that the scripted engine thinks: times the speed, what a model takes in the room's time."""


@pytest.fixture
async def lm():
    async with ScriptedLMStudio() as studio:
        studio.think_time = ENGINE_TIME
        answered = iter(range(1_000_000))
        studio.default = lambda body: f"Good point, number {next(answered)}."
        yield studio


async def played(lm, tmp_path, room, *, speed, **knobs):
    """The scorecard of a room under the default policy with these knobs changed."""
    settings = Settings(engine="lmstudio", base_url=lm.base_url, data_dir=tmp_path, bot_name=BOT, summaries=False)
    lines = read(write(room, tmp_path / "chat.jsonl"))
    card = await play(settings, lines, Policy(mode="auto", **knobs), speed=speed)
    assert card.unaccounted == 0
    assert card.repeats == 0
    assert not card.refusals
    assert lm.most_running == 1, "a room speaks with one voice"
    return card


async def test_a_calm_room_has_every_call_answered(lm, tmp_path):
    card = await played(lm, tmp_path, calm(minutes=6), speed=40)
    assert card.calls_answered_share == 1.0
    assert card.calls_waiting.p50 < 10


async def test_ten_messages_a_second(lm, tmp_path):
    card = await played(lm, tmp_path, busy(seconds=60), speed=8)
    assert card.calls_answered_share >= 0.99
    assert card.replies <= 60 / 2 + 2, "the gap between replies holds"


async def test_fifty_a_second_for_ten_seconds(lm, tmp_path):
    card = await played(lm, tmp_path, burst(), speed=3)
    assert card.calls_answered_share >= 0.99
    assert sum(card.dropped.values()) > 100, "what is stale is dropped, and counted"


async def test_five_hundred_identical_lines_become_one(lm, tmp_path):
    card = await played(lm, tmp_path, chorus(), speed=2)
    assert card.replies <= 3
    assert card.merged > 0.9 * card.answered
    assert any("×" in body["messages"][-1]["content"] for body in lm.requests)
    assert len(str(lm.requests[-1])) < 4_000


async def test_a_flooder_among_ten_talkers(lm, tmp_path):
    card = await played(lm, tmp_path, flooded(seconds=60), speed=8)
    assert card.fairness > 0.9
    assert card.largest_share < 0.75


async def test_a_raid_is_greeted(lm, tmp_path):
    card = await played(lm, tmp_path, raid(), speed=12)
    assert card.calls_answered_share >= 0.99
    assert card.answered >= 10, "as many newcomers make a raid"


async def test_what_a_moderator_deletes_is_never_answered_afterwards(lm, tmp_path):
    card = await played(lm, tmp_path, moderated(), speed=60)
    assert card.forgotten > 0


async def test_two_policies_side_by_side(lm, tmp_path):
    room = write(calm(minutes=1), tmp_path / "chat.jsonl")
    for name, knobs in (("quiet", {"ambient_per_minute": 0}), ("lively", {"ambient_gap": 1, "ambient_share": 1})):
        (tmp_path / f"{name}.json").write_text(json.dumps(knobs))

    def run():
        return CliRunner().invoke(
            main,
            [
                "replay", str(room), "--speed", "40", "--engine", "lmstudio", "--base-url", lm.base_url,
                "--policy", str(tmp_path / "quiet.json"), "--policy", str(tmp_path / "lively.json"),
                "--json", str(tmp_path / "out.json"), "--bot-name", BOT,
            ],
        )  # fmt: skip

    result = await asyncio.to_thread(run)
    assert result.exit_code == 0, result.output
    assert "quiet" in result.output
    figures = json.loads((tmp_path / "out.json").read_text())
    assert figures["quiet"]["answered"] < figures["lively"]["answered"]


@pytest.mark.parametrize(
    "line", ["{", '{"username": "a"}', '{"username": "a", "message": "x"}', '{"forget": "m"}', "[]", ""]
)
def test_a_bad_recording_is_named_by_its_line(tmp_path, line):
    file = tmp_path / "chat.jsonl"
    file.write_text(line + "\n")
    with pytest.raises(InputError):
        read(file)


def test_a_bad_policy_is_refused(tmp_path):
    file = tmp_path / "policy.json"
    file.write_text('{"gpa": 1}')
    with pytest.raises(InputError):
        read_policy(file)
