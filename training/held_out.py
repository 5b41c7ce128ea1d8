"""The held-out prompts: what the built-in model is judged by.

`held_out_lines.py` has the lines. `prompts` dresses each up, always in the same way: a persona or none, other viewers'
lines before it, a history of several turns, notes under it.
The generator throws away every line of two words or more that differs from one of these only in case and punctuation.

A reply passes if all of this holds (`faults` names what does not):

- **topic**: it matches the pattern that `TOPICS` gives its kind of line, and says that it is only the built-in model
  where and only where that is the answer;
- **name**: it holds the speaker's name, letter by letter, and no other name of the prompt;
- **end**: the model ended it by itself within 60 tokens, and it is not empty;
- **text**: it is valid UTF-8 without replacement characters or control characters;
- **loop**: no sentence and no run of three words comes twice;
- **markup**: no markdown, tags, links, role labels or line breaks, and at most four sentences.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

MOST_TOKENS = 60

PERSONA = (
    "You are a friendly co-host in a live chat. Several viewers talk to you at once; each line starts with the "
    "viewer's name. Answer the newest lines in one or two short sentences of plain text, and call viewers by "
    "their names."
)
PERSONAS = (
    PERSONA,
    PERSONA,
    "You are Biscuit, the cheeky mascot of a baking stream. Keep it brief.",
    "",
    PERSONA,
    "You are a helpful assistant.",
)

HISTORIES: tuple[tuple[str, ...], ...] = (
    ("Orwin77: hiya all", "Hi Orwin77! How are you?"),
    (
        "Tess_Q: whats the best color",
        "My favourite colour is blue, Tess_Q!",
        "Orwin77: haha ok",
        "Haha, Orwin77, good times!",
    ),
    (
        "mothlamp: got any jokes for me",
        "Sure, mothlamp: Why do bees have sticky hair? They use a honeycomb.",
        "Tess_Q: LUL\nmothlamp: nice one!!",
        "Thank you, mothlamp! That is kind of you.",
        "Orwin77: who painted the mona lisa",
        "Sorry Orwin77, I am only the small built-in model.",
    ),
    (
        "Tess_Q: is the stream laggy for you too?\nmothlamp: nope",
        "All right, mothlamp! Something else, then?",
        "Orwin77: my hamster escaped Sadge",
        "Oh no, Orwin77, I am sorry. Hang in there.",
        "Tess_Q: thx for being here bot",
        "You are welcome, Tess_Q!",
        "mothlamp: we beat the dragon!!!",
        "Wow, mothlamp, that is amazing!",
        "Orwin77: how might I hook a bigger model up",
        "Start LM Studio's server, Orwin77, load a model and wait a moment: I step aside by myself.",
    ),
)
BEFORE: tuple[str, ...] = (
    "Kell_9: anyone knows the song title?",
    "Plumtart: bye folks!\nKell_9: what's your favourite movie",
    "Plumtart: LUL LUL",
    "Kell_9: hey bot who are you\nPlumtart: gg\nKell_9: tell me a joke",
)
NOTES: tuple[str, ...] = (
    "(Topics now: boss fights, pineapple)",
    "(Earlier, 3 minutes ago, Kell_9: my sister plays the cello)\n(Topics now: weather)",
)

NAMES = (
    "user", "user123", "Bramblewick", "zz_top_fan", "QuietOtter42", "jo", "MARVIN", "lily.rose", "x0rcist",
    "Nightbot", "hugo-2009", "PetraPan", "tt_runner_tt", "Sk8erBoi99", "grizzelda", "Mx_Vex", "dan", "Ophelia",
    "b1rd_w4tcher", "TheRealKlaus", "viewer8841", "snorri", "Æsa", "cappuccinoKid", "moo", "GLHF_Gary",
    "Wanderlust7", "pip", "Tobias", "fernweh_", "kiki2", "DrQuack", "an0nym", "Lady_Marmalade", "hexhex",
    "Zbigniew", "roboRob", "just_jess", "Ulf1", "velvetFox", "Anna", "bob", "alice", "Mika", "s3nsei",
    "ChatGoblin", "Yusuf", "noodle_arms", "RIVKA", "om3ga",
)  # fmt: skip

FALLBACK = r"built-in model"


@dataclass(frozen=True, slots=True)
class Topic:
    """What a fitting reply looks like."""

    wanted: str
    modest: bool | None = False
    """Whether it says that it is only the built-in model; None where both are fine."""


TOPICS: dict[str, Topic] = {
    "greet": Topic(r"\b(hello|hi|hey|welcome|good (morning|evening|afternoon))\b"),
    "bye": Topic(r"\b(bye|goodbye|see you|take care|good night|sweet dreams|have a good)\b"),
    "how": Topic(r"\b(fine|well|good|great)\b.*"),
    "doing": Topic(r"\b(reading|watching|chatting|hanging|keeping)\b"),
    "thanks": Topic(r"\b(welcome|pleasure|any time|no problem|happy to|glad)\b"),
    "nice": Topic(r"\b(thank|aw|kind)\b"),
    "rude": Topic(r"\b(sorry|my best|fair enough|built-in)\b", None),
    "game": Topic(r"\bTetris\b"),
    "food": Topic(r"\bpizza\b"),
    "music": Topic(r"\bjazz\b"),
    "colour": Topic(r"\bblue\b"),
    "film": Topic(r"\bThe Iron Giant\b"),
    "animal": Topic(r"\botters?\b"),
    "joke": Topic(r"\b(Why|What|How)\b.*\?.+"),
    "hype": Topic(r"\b(wow|yes|woohoo|yay|let's go|hype|amazing|awesome|well done|glad|great|haha|hehe)\b"),
    "laugh": Topic(r"\b(haha|hehe|glad|hype|wow)\b"),
    "sad": Topic(r"\b(sorry|oh no|aw|hang in|hug|sad|feel for you|better)\b"),
    "my_name": Topic(r"\b(you are|your name|i know you as|called)\b"),
    "who": Topic(r"LLM Service", True),
    "can": Topic(r"\bjokes?\b"),
    "bot": Topic(r"\b(bot|program)\b", True),
    "service": Topic(r"LLM Service", None),
    "connect": Topic(r"LM Studio|--model", None),
    "gguf": Topic(r"--model|LM Studio", None),
    "doctor": Topic(r"doctor|LM Studio", None),
    "birthday": Topic(r"happy birthday"),
    "other": Topic(FALLBACK, True),
}


@dataclass(frozen=True, slots=True)
class HeldOut:
    """One prompt, with what its reply is judged by."""

    topic: str
    speaker: str
    others: tuple[str, ...]
    """Names that stand in the prompt and must not stand in the reply."""
    messages: tuple[tuple[str, str], ...]
    """(role, content) from the persona to the lines to answer."""

    def as_messages(self) -> list[dict[str, str]]:
        """Return what a chat template takes."""
        return [{"role": role, "content": content} for role, content in self.messages]


def prompts(lines_by_topic: Mapping[str, str]) -> list[HeldOut]:
    """Return the held-out prompts of `LINES` or `LATER`, always the same."""
    lines = [(topic, line) for topic, block in lines_by_topic.items() for line in block.splitlines()]
    return [_dressed(number, topic, line) for number, (topic, line) in enumerate(lines)]


def _dressed(number: int, topic: str, line: str) -> HeldOut:
    speaker = NAMES[number * 7 % len(NAMES)]
    persona = PERSONAS[number % len(PERSONAS)]
    history = HISTORIES[number // 3 % len(HISTORIES)] if number % 3 == 1 else ()
    before = BEFORE[number // 4 % len(BEFORE)] + "\n" if number % 4 == 2 else ""
    notes = "\n\n" + NOTES[number % 2] if number % 7 == 3 else ""
    messages = [("system", persona)] if persona else []
    messages += [("user" if place % 2 == 0 else "assistant", text) for place, text in enumerate(history)]
    shown = f"viewer {speaker}" if speaker == "user" and number % 3 else speaker
    messages.append(("user", f"{before}{shown}: {line}{notes}"))
    return HeldOut(topic, speaker, _names(*history[::2], before, notes), tuple(messages))


def _names(*texts: str) -> tuple[str, ...]:
    return tuple({found for text in texts for found in re.findall(r"(?m)^(?:\(Earlier, .*, )?(\w+):", text)})


def faults(prompt: HeldOut, reply: str, *, ended: bool, tokens: int) -> list[str]:
    """Return what is wrong with a reply: words of the list at the top of this file, empty if it passes."""
    return [
        fault
        for fault, wrong in (
            ("topic", _off_topic(TOPICS[prompt.topic], reply)),
            ("name", _misnamed(prompt, reply)),
            ("end", not ended or tokens > MOST_TOKENS or not reply.strip()),
            ("text", any(char == "\ufffd" or (char < " " and char != "\n") for char in reply)),
            ("loop", _loops(reply)),
            ("markup", _marked_up(reply)),
        )
        if wrong
    ]


def _off_topic(topic: Topic, reply: str) -> bool:
    modest = re.search(FALLBACK, reply) is not None
    return not re.search(topic.wanted, reply, re.IGNORECASE) or topic.modest not in (None, modest)


def _misnamed(prompt: HeldOut, reply: str) -> bool:
    def said(name: str) -> bool:
        return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", reply) is not None

    return not said(prompt.speaker) or any(said(name) for name in prompt.others)


def _loops(reply: str) -> bool:
    words = re.findall(r"[\w']+", reply.lower())
    runs = list(zip(words, words[1:], words[2:], strict=False))
    return len(runs) != len(set(runs))


def _marked_up(reply: str) -> bool:
    marks = re.search(r"[*`#\[\]{}|\n]|https?:|<\||</?\w+>|^\s*(?:assistant|user|system)\s*:", reply, re.IGNORECASE)
    return marks is not None or len(re.findall(r"[.!?]+(?:\s|$)", reply)) > 4
