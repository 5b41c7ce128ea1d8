"""The training conversations: what the service will send to the model, with the answers that it should give.

``conversation(rng)`` draws one: a persona or none, then turns of one or several speakers, sometimes with the notes that
the service puts under the newest lines. ``python conversations.py 5`` prints five.
"""

# ruff: noqa: E501 - a pattern stays on one line: a break would hide where it ends

from __future__ import annotations

import random
import re
import sys
from dataclasses import dataclass

import anything_else
from grammar import expand
from held_out_lines import LATER, LINES
from names import ROLE_NAMES
from names import name as made_up_name
from phrases import EMOTES, FALLBACK, INTENTS, JOKES, NEUTRAL_EMOTES, REACTION, REMARKS, SLOTS, THINGS, Intent

Messages = list[dict[str, str]]
"""What goes into a chat template: ``role`` and ``content``."""

DEFAULT_PERSONA = (
    "You are a friendly co-host in a live chat. Several viewers talk to you at once; each line starts with the "
    "viewer's name. Answer the newest lines in one or two short sentences of plain text, and call viewers by "
    "their names."
)
PERSONAS = (
    "You are {a} [friendly|helpful|cheerful|witty|calm|funny|polite|grumpy|wise] [assistant|bot|co-host|robot|guide|chat bot|pirate|wizard|host|companion].",
    "You are [Max|Luna|Bolt|Pixel|Robo|Nova|Echo|Ada|Kiki|Byte|Assistant], [the|a|our] [co-host of|bot in|mascot of|helper in|voice of] [a live chat|this stream|a museum|the channel|a game|a Discord server]. [Be brief.|Be kind.|Answer in one sentence.|Keep it short and friendly.|Never use markdown.|]",
    "[Answer|Reply] [briefly|in one sentence|in plain text|politely|in English|with humour]. [Do not use lists.|Be nice to everyone.|Stay on topic.|]",
    "You are a helpful assistant.",
    "You are the [bot|assistant|host] of [a speedrunning channel|an art stream|a cooking show|a chess club|a music channel|a retro gaming stream|a science museum]. [Several viewers talk to you.|Be short.|Call viewers by their names.|Use a warm tone.|]",
    "You [help|welcome|entertain] viewers [in a live chat|on a stream|in a chat room]. [Rules: be kind, be brief, no politics.|Keep answers under 30 words.|]",
)
REMARKED = ("likes", "is new here", "asked you", "waits for", "talked about")
_FEELINGS = ("hype", "laugh", "sympathy", "love", "greet")
_ANSWERED_BY_NAME = {intent.name: intent for intent in INTENTS}
_PLAYED = (*INTENTS, FALLBACK, Intent(name=REACTION, weight=5, asks=(), answers=()))
_WEIGHTS = [intent.weight for intent in _PLAYED]
_SHORT = {
    "u": "you",
    "r": "are",
    "ur": "your",
    "pls": "please",
    "ppl": "people",
    "bc": "because",
    "rn": "right now",
    "2": "to",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One viewer's line and the intent whose answers fit it."""

    text: str
    intent: Intent


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody in the chat: what the line says and what the answer calls them."""

    shown: str
    name: str


NOBODY = Viewer("", "")


def conversation(rng: random.Random, most_turns: int = 8) -> Messages:
    """Draw one conversation of at most ``most_turns`` answered turns."""
    crowd = [_viewer(rng, made_up_name(rng)) for _ in range(rng.choices((1, 2, 3, 5, 8), (40, 25, 15, 12, 8))[0])]
    named = rng.random() > 0.08
    messages = [{"role": "system", "content": _persona(rng)}] if rng.random() < 0.5 else []
    told: list[str] = []
    turns = rng.randint(1, most_turns)
    previous = ""
    for turn in range(turns):
        speaker = rng.choice(crowd) if named else NOBODY
        line = _line(rng, previous)
        heard = _heard(rng, speaker, line, crowd) + (_notes(rng, crowd) if turn == turns - 1 else "")
        heard = _opening(rng, crowd) + heard if turn == 0 else heard
        answer = _answer(rng, line.intent, speaker.name, told)
        messages += [{"role": "user", "content": heard}, {"role": "assistant", "content": answer}]
        previous = line.intent.name
    return messages


def _persona(rng: random.Random) -> str:
    return DEFAULT_PERSONA if rng.random() < 0.55 else expand(rng.choice(PERSONAS), rng, {"a": "a"})


def _viewer(rng: random.Random, name: str) -> Viewer:
    """The service marks a name that reads like a role: ``viewer user``; the answer calls them ``user``."""
    marked = rng.random() < (0.7 if name.lower() in ROLE_NAMES else 0.02)
    return Viewer(f"viewer {name}" if marked else name, name)


# ── What is heard ────────────────────────────────────────────────────────────────────────────────────────────────


def _line(rng: random.Random, previous: str) -> Line:
    """A line that is not among the held-out ones."""
    while _key((line := _any_line(rng, previous)).text) in _HELD_OUT:
        pass
    return line


def _key(text: str) -> str:
    """What two lines have in common that differ only in case, punctuation and blanks."""
    return " ".join(re.findall(r"\w+", text.lower().replace("'", "")))


_HELD_OUT = {
    key for block in (*LINES.values(), *LATER.values()) for line in block.splitlines() if " " in (key := _key(line))
}


def _any_line(rng: random.Random, previous: str) -> Line:
    intent = _next_intent(rng, previous)
    if intent.name == FALLBACK.name:
        text = anything_else.line(rng)
        return Line(_with_emotes(_mess_up(text, rng, 0.03), rng), intent)
    if intent.name == REACTION:
        return _reaction(rng)
    text = expand(rng.choice(intent.asks), rng, SLOTS)
    return Line(_with_emotes(_mess_up(_finish(text, rng), rng), rng), intent)


def _next_intent(rng: random.Random, previous: str) -> Intent:
    follow = {
        "how_are_you": "am_fine",
        "joke": rng.choice(("joke", "laugh")),
        "connect": rng.choice(("doctor", "gguf", "thanks")),
    }
    if previous.startswith("fav_"):
        follow[previous] = rng.choice(("their_favourite", previous))
    if previous in follow and rng.random() < 0.4:
        return _ANSWERED_BY_NAME[follow[previous]]
    return rng.choices(_PLAYED, _WEIGHTS)[0]


def _reaction(rng: random.Random) -> Line:
    """A remark whose emotes say how it is meant, or emotes alone."""
    feeling = rng.choices(_FEELINGS, (35, 20, 32, 8, 5))[0]
    emotes = rng.choices(EMOTES[feeling], k=rng.choices((1, 2, 3), (60, 25, 15))[0])
    if rng.random() < 0.25:
        emotes.append(rng.choice(NEUTRAL_EMOTES))
    remark = "" if rng.random() < 0.3 else _mess_up(_finish(expand(rng.choice(REMARKS), rng, {}), rng), rng)
    return Line(f"{remark} {' '.join(emotes)}".strip(), _ANSWERED_BY_NAME[feeling])


def _finish(text: str, rng: random.Random) -> str:
    return (
        text
        + rng.choices(
            ("", ".", "!", "?", "!!", "??", "...", " :)", " lol", " please", " ^^"),
            (48, 8, 12, 18, 3, 2, 2, 3, 1, 1, 1),
        )[0]
    )


def _with_emotes(text: str, rng: random.Random) -> str:
    if rng.random() > 0.15:
        return text
    emotes = rng.choices((*NEUTRAL_EMOTES, *EMOTES["hype"], *EMOTES["laugh"], *EMOTES["greet"]), k=rng.randint(1, 2))
    return f"{text} {' '.join(emotes)}"


def _mess_up(text: str, rng: random.Random, typos: float = 0.07) -> str:
    """Write as viewers do: other case, no apostrophes, an address, and typos (their share of the words)."""
    if rng.random() < 0.45:
        text = text.lower()
    elif rng.random() < 0.5:
        text = text[:1].upper() + text[1:]
    elif rng.random() < 0.06:
        text = text.upper()
    if rng.random() < 0.3:
        text = text.replace("'", "")
    text = " ".join(_typo(word, rng) if rng.random() < typos else word for word in text.split(" "))
    around = rng.random()
    if around < 0.03:
        return f"@Assistant {text}"
    if around < 0.08:
        return (
            rng.choice(
                ("so ", "hey ", "well ", "ok ", "um ", "hey bot ", "bot ", "please ", "and ", "but ", "oh ", "btw ")
            )
            + text
        )
    if around < 0.12:
        return rng.choice(("hi ", "hello ", "hey ", "hello, ", "hi! ", "Hello! ", "lol ", "haha ")) + text
    if around < 0.16:
        return rng.choice(
            (f"{text} {made_up_name(rng)}", f"@{made_up_name(rng)} {text}", f"{made_up_name(rng)} {text}")
        )
    if around < 0.2:
        return text + rng.choice(
            (" bot", " Assistant", " pls", " please", " thx", " lol", " haha", " <3", " btw", " now", " :D")
        )
    return text


def _typo(word: str, rng: random.Random) -> str:
    if len(word) < 3:
        return word
    at = rng.randrange(len(word) - 1)
    made = rng.choice(("swap", "drop", "double", "other", "stretch"))
    if made == "swap":
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if made == "drop":
        return word[:at] + word[at + 1 :]
    if made == "double":
        return word[:at] + word[at] + word[at:]
    if made == "other":
        return word[:at] + rng.choice("abcdefghijklmnopqrstuvwxyz") + word[at + 1 :]
    return word + word[-1] * rng.randint(1, 4)


def _heard(rng: random.Random, speaker: Viewer, line: Line, crowd: list[Viewer]) -> str:
    """The user turn: up to five other lines first, then the one to answer."""
    if speaker is NOBODY:
        return line.text
    others = rng.choices((0, 1, 2, 3, 5), (64, 20, 9, 4, 3))[0]
    lines = [f"{_somebody(rng, crowd)}: {_line(rng, '').text}" for _ in range(others)]
    return "\n".join([*lines, f"{speaker.shown}: {line.text}"])


def _somebody(rng: random.Random, crowd: list[Viewer]) -> str:
    return rng.choice(crowd).shown if rng.random() < 0.6 else made_up_name(rng)


def _opening(rng: random.Random, crowd: list[Viewer]) -> str:
    """A summary of what came before, above the first lines."""
    if rng.random() > 0.06:
        return ""
    said = (
        f"{_somebody(rng, crowd)} {rng.choice(('likes', 'talked about', 'asked about'))} {rng.choice(THINGS)}."
        for _ in range(rng.randint(1, 3))
    )
    return f"(Earlier in this chat: {' '.join(said)})\n\n"


def _notes(rng: random.Random, crowd: list[Viewer]) -> str:
    """The remarks of the service under the newest lines; they are no line to answer."""
    if rng.random() > 0.4:
        return ""
    kinds = (
        lambda: f"(Topics now: {', '.join(rng.sample(THINGS, rng.randint(1, 3)))})",
        lambda: f"(Earlier, {_age(rng)}, {_somebody(rng, crowd)}: {_line(rng, '').text})",
        lambda: f"({_somebody(rng, crowd)} {rng.choice(REMARKED)} {rng.choice(THINGS)}.)",
    )
    return "\n\n" + "\n".join(rng.choice(kinds)() for _ in range(rng.choice((1, 1, 2, 3))))


def _age(rng: random.Random) -> str:
    return rng.choice(
        (
            "just now",
            f"{rng.randint(2, 59)} minutes ago",
            f"{rng.randint(2, 23)} hours ago",
            f"{rng.randint(2, 30)} days ago",
        )
    )


# ── What is answered ─────────────────────────────────────────────────────────────────────────────────────────────


def _answer(rng: random.Random, intent: Intent, speaker: str, told: list[str]) -> str:
    answers = intent.nameless if intent.nameless and not speaker else intent.answers
    slots = {"n": f" {speaker}" if speaker else "", "cn": f", {speaker}" if speaker else "", "joke": _joke(rng, told)}
    return expand(rng.choice(answers), rng, slots)


def _joke(rng: random.Random, told: list[str]) -> str:
    """A joke that this conversation has not heard; ``told`` remembers."""
    fresh = [joke for joke in JOKES if joke not in told] or list(JOKES)
    joke = rng.choice(fresh)
    told.append(joke)
    return joke


def main() -> None:
    """Print as many conversations as the first argument says."""
    rng = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    for _ in range(int(sys.argv[1])):
        for message in conversation(rng):
            print(f"[{message['role']}] {message['content']}")
        print()


if __name__ == "__main__":
    main()
