"""The tokenizer: byte-level BPE whose merges never leave a word, so that names fall into small pieces to copy.

Cutting into words follows GPT-2 (llama.cpp's pre-tokenizer ``gpt-2``); merges were learnt on letters alone, so digits
and punctuation stay single. A user's lines start with a blank each, which makes a name the same tokens where it is read
and where it is written in the middle of an answer.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

from conversations import Messages, conversation
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

END, SYSTEM, USER, ASSISTANT = "<|end|>", "<|system|>", "<|user|>", "<|assistant|>"
CONTROL = (END, SYSTEM, USER, ASSISTANT)
OPENERS = {"system": SYSTEM, "user": USER, "assistant": ASSISTANT}
CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{% if message['role'] == 'user' %}{{ '<|user|> ' + message['content'] | trim | replace('\\n', '\\n ') }}"
    "{% elif message['role'] == 'assistant' %}{{ '<|assistant|>' + message['content'] | trim }}"
    "{% else %}{{ '<|system|>' + message['content'] | trim }}{% endif %}"
    "{{ '<|end|>' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


def rendered(message: dict[str, str]) -> str:
    """Return one message as `CHAT_TEMPLATE` writes it, without its opening and closing tokens."""
    content = message["content"].strip()
    return " " + content.replace("\n", "\n ") if message["role"] == "user" else content


class Codec:
    """Text to token ids and back, and conversations to ids with a mark on what is to be learnt."""

    def __init__(self, path: Path) -> None:
        self.bpe = Tokenizer.from_file(str(path))
        self.control = {token: self.bpe.token_to_id(token) for token in CONTROL}

    def encode(self, text: str) -> list[int]:
        """Return the ids of plain text."""
        return self.bpe.encode(text).ids

    def decode(self, ids: list[int]) -> str:
        """Return the text of ids, control tokens left out."""
        return self.bpe.decode(ids)

    def conversation(self, messages: Messages, longest: int) -> tuple[list[int], list[bool]]:
        """Return the ids of whole messages that fit into ``longest`` tokens, and which of them are to be learnt."""
        ids: list[int] = []
        learnt: list[bool] = []
        for message in messages:
            body = [*self.encode(rendered(message)), self.control[END]]
            if len(ids) + 1 + len(body) > longest:
                break
            ids += [self.control[OPENERS[message["role"]]], *body]
            learnt += [False, *[message["role"] == "assistant"] * len(body)]
        return ids, learnt

    def prompt(self, messages: Messages) -> list[int]:
        """Return the ids of a conversation that the assistant is to answer."""
        return [*self.conversation(messages, 1 << 30)[0], self.control[ASSISTANT]]


def learn(vocabulary: int, seed: int, conversations: int = 40_000) -> Tokenizer:
    """Learn the merges from that many conversations."""
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(r" ?\p{L}+|."), "isolated"), pre_tokenizers.ByteLevel(False, use_regex=False)]
    )
    bpe.train_from_iterator(
        _texts(seed, conversations),
        trainers.BpeTrainer(
            vocab_size=vocabulary,
            special_tokens=list(CONTROL),
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
            show_progress=False,
        ),
    )
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(False, use_regex=True)
    bpe.decoder = decoders.ByteLevel()
    return bpe


def pieces(path: Path) -> tuple[list[str], list[str]]:
    """Return the tokens by id and the merges ("left right") of a saved tokenizer, as GGUF wants them."""
    model = json.loads(path.read_text("utf-8"))["model"]
    tokens = sorted(model["vocab"], key=model["vocab"].__getitem__)
    return tokens, [" ".join(merge) if isinstance(merge, list) else merge for merge in model["merges"]]


def _texts(seed: int, conversations: int) -> Iterator[str]:
    rng = random.Random(seed)
    for _ in range(conversations):
        yield from map(rendered, conversation(rng))
