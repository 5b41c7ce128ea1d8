"""Models for tests: llama-shaped GGUF files with random weights, written in a fraction of a second.

They know no language; what they have is a real tokenizer, a real chat template, a real context length and a real KV
cache, which is all that a test of the service can ask of an engine. Two kindnesses make them pleasant:

- One dimension of the residual stream carries a constant that no layer writes to, so that the output matrix can hold
  a bias. With it only printable ASCII and the end of a turn are ever likely: replies are one line of valid UTF-8.
- Everything comes from a fixed seed: the same arguments write the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import gguf
import numpy as np
import pytest

Template = Literal["chatml", "no-system", "alternating"]

_RENDER = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_NO_SYSTEM = (
    "{% for message in messages %}{% if message.role == 'system' and message.content | length > 14 %}"
    "{{ raise_exception('System role not supported') }}{% endif %}{% endfor %}"
)
# llama.cpp tries a template with the words "System message" first; where that fails it moves every system message into
# the user's, and nothing is ever refused. Other engines do not, so this template lets those fourteen letters pass.
_ALTERNATING = (
    "{% for message in messages %}{% if (message.role == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}"
    "{% endif %}{% endfor %}"
)
TEMPLATES: dict[Template, str] = {
    "chatml": _RENDER,
    "no-system": _NO_SYSTEM + _RENDER,
    "alternating": _ALTERNATING + _RENDER,
}
"""ChatML; ChatML that refuses a system message; ChatML that wants user and assistant strictly in turn, user first."""

CONTROL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
MERGES = ("Ġ t", "h e", "Ġt he", "i n", "e r", "a n", "Ġ a", "o n", "r e", "Ġ w")
"""Ġ is how GPT-2's vocabulary writes a blank."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How large the model is, in the words of llama.cpp's metadata."""

    layers: int = 2
    width: int = 128
    heads: int = 4
    heads_kv: int = 2
    feed_forward: int = 256
    context: int = 4096
    vocabulary: int = 320


TINY = Shape()
"""Under a megabyte; loads in a fraction of a second."""
SLOW = Shape(layers=8, width=512, heads=8, heads_kv=8, feed_forward=1376)
"""26 million parameters: slow enough to see what a warm KV cache saves."""


def write_gguf(
    path: Path, *, shape: Shape = TINY, template: Template = "chatml", seed: int = 1, end_bias: float = 2.0
) -> Path:
    """Write a model to ``path`` and return it. ``end_bias`` says how readily it ends its turn: at 2 sampled replies
    have five to some seventy tokens, at -30 it talks until it is stopped."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny")
    _describe(writer, shape)
    tokens = _add_tokenizer(writer, shape, TEMPLATES[template])
    for name, tensor in _tensors(shape, tokens, end_bias, np.random.default_rng(seed)):
        writer.add_tensor(name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _describe(writer: gguf.GGUFWriter, shape: Shape) -> None:
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads_kv)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(shape.width // shape.heads)
    writer.add_rope_freq_base(10_000.0)
    writer.add_vocab_size(shape.vocabulary)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)


def _byte_letters() -> list[str]:
    """The printable stand-in of each byte, as GPT-2's vocabulary has it (``bytes_to_unicode`` of its encoder)."""
    plain = {*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)}
    others = iter(range(256, 512))
    return [chr(byte if byte in plain else next(others)) for byte in range(256)]


def _add_tokenizer(writer: gguf.GGUFWriter, shape: Shape, template: str) -> list[str]:
    words = _byte_letters() + [merge.replace(" ", "") for merge in MERGES]
    unused = [f"<|unused_{n}|>" for n in range(shape.vocabulary - len(words) - len(CONTROL))]
    kinds = gguf.TokenType
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list([*words, *CONTROL, *unused])
    writer.add_token_types([kinds.NORMAL] * len(words) + [kinds.CONTROL] * len(CONTROL) + [kinds.UNUSED] * len(unused))
    writer.add_token_merges(list(MERGES))
    writer.add_bos_token_id(len(words))
    writer.add_pad_token_id(len(words))
    writer.add_eos_token_id(len(words) + CONTROL.index("<|im_end|>"))
    writer.add_add_bos_token(False)
    writer.add_chat_template(template)
    return [*words, *CONTROL, *unused]


def _tensors(shape: Shape, tokens: list[str], end_bias: float, rng: np.random.Generator):
    kv_width = shape.width // shape.heads * shape.heads_kv

    def matrix(rows: int, columns: int) -> np.ndarray:
        return rng.normal(0, columns**-0.5, (rows, columns)).astype(np.float16)

    def leaving_the_constant(rows: int, columns: int) -> np.ndarray:
        weights = matrix(rows, columns)
        weights[0] = 0
        return weights

    def norm() -> np.ndarray:
        return np.ones(shape.width, dtype=np.float32)

    embedding = (matrix(shape.vocabulary, shape.width).astype(np.float32) * shape.width**0.5).astype(np.float16)
    embedding[:, 0] = _CONSTANT
    yield "token_embd.weight", embedding
    for n in range(shape.layers):
        yield f"blk.{n}.attn_norm.weight", norm()
        yield f"blk.{n}.attn_q.weight", matrix(shape.width, shape.width)
        yield f"blk.{n}.attn_k.weight", matrix(kv_width, shape.width)
        yield f"blk.{n}.attn_v.weight", matrix(kv_width, shape.width)
        yield f"blk.{n}.attn_output.weight", leaving_the_constant(shape.width, shape.width)
        yield f"blk.{n}.ffn_norm.weight", norm()
        yield f"blk.{n}.ffn_gate.weight", matrix(shape.feed_forward, shape.width)
        yield f"blk.{n}.ffn_up.weight", matrix(shape.feed_forward, shape.width)
        yield f"blk.{n}.ffn_down.weight", leaving_the_constant(shape.width, shape.feed_forward)
    yield "output_norm.weight", norm()
    yield "output.weight", _output(shape, tokens, end_bias, matrix(shape.vocabulary, shape.width))


_CONSTANT = 4.0
"""Of the first dimension in every embedding; about the size that the final norm leaves it at, too."""


def _output(shape: Shape, tokens: list[str], end_bias: float, weights: np.ndarray) -> np.ndarray:
    weights[:, 0] = [_bias(token, end_bias) / _CONSTANT for token in tokens]
    return weights


def _bias(token: str, end_bias: float) -> float:
    if token == "<|im_end|>":
        return end_bias
    likely = not token.startswith("<|") and all(letter == "Ġ" or letter.isascii() for letter in token)
    return 0.0 if likely else -60.0


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The path of a tiny model, written once a session."""
    return write_gguf(tmp_path_factory.mktemp("models") / "tiny.gguf")
