"""The model: a small Llama (pre-norm, RoPE in interleaved pairs as llama.cpp rotates them, SwiGLU)."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How large the model is: widths in numbers, ``context`` in tokens."""

    vocabulary: int = 2048
    width: int = 256
    layers: int = 4
    heads: int = 4
    inner: int = 704
    context: int = 2048
    rope_base: float = 10_000.0
    epsilon: float = 1e-5

    def as_dict(self) -> dict[str, float]:
        """Return the shape as it is written into a checkpoint."""
        return asdict(self)


class Attention(nn.Module):
    """Causal attention whose queries and keys are rotated by their position.

    Written out: in bf16 on a CPU with AMX it takes a fifth less time than PyTorch's fused kernel at these lengths.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.q = nn.Linear(shape.width, shape.width, bias=False)
        self.k = nn.Linear(shape.width, shape.width, bias=False)
        self.v = nn.Linear(shape.width, shape.width, bias=False)
        self.output = nn.Linear(shape.width, shape.width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, future: Tensor) -> Tensor:
        """Map (batch, time, width) to the same shape; ``future`` (time, time) is -inf where none may look."""
        batch, time, width = x.shape
        q, k, v = (part(x).view(batch, time, self.heads, -1).transpose(1, 2) for part in (self.q, self.k, self.v))
        fit = (rotate(q, cos, sin) @ rotate(k, cos, sin).transpose(-1, -2)).float() * q.shape[-1] ** -0.5
        mixed = (fit + future).softmax(-1).to(v.dtype) @ v
        return self.output(mixed.transpose(1, 2).reshape(batch, time, width))


class FeedForward(nn.Module):
    """SwiGLU."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.gate = nn.Linear(shape.width, shape.inner, bias=False)
        self.up = nn.Linear(shape.width, shape.inner, bias=False)
        self.down = nn.Linear(shape.inner, shape.width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, time, width) to the same shape."""
        return self.down(F.silu(self.gate(x)) * self.up(x))


class Block(nn.Module):
    """One layer."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.attention_norm = nn.RMSNorm(shape.width, eps=shape.epsilon)
        self.attention = Attention(shape)
        self.feed_forward_norm = nn.RMSNorm(shape.width, eps=shape.epsilon)
        self.feed_forward = FeedForward(shape)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, future: Tensor) -> Tensor:
        """Map (batch, time, width) to the same shape."""
        x = x + self.attention(self.attention_norm(x), cos, sin, future)
        return x + self.feed_forward(self.feed_forward_norm(x))


class Llama(nn.Module):
    """The whole model: token ids in, logits of the next token out."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.vocabulary, shape.width)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = nn.RMSNorm(shape.width, eps=shape.epsilon)
        self.output = nn.Linear(shape.width, shape.vocabulary, bias=False)
        cos, sin = rotations(shape)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)
        initialise(self)

    def hidden(self, ids: Tensor) -> Tensor:
        """Map ids (batch, time) to normed states (batch, time, width)."""
        x = self.embedding(ids)
        cos, sin = self.cos[: ids.shape[1]], self.sin[: ids.shape[1]]
        future = torch.full((ids.shape[1], ids.shape[1]), float("-inf")).triu(1)
        for block in self.blocks:
            x = block(x, cos, sin, future)
        return self.norm(x)

    def loss(self, ids: Tensor, wanted: Tensor) -> Tensor:
        """Return the mean cross entropy of those next tokens where ``wanted`` (batch, time) is true, and half as much
        again for the first token of every answer, which decides what the answer is about.

        Only these positions are projected onto the vocabulary, which is where a small model spends its time.
        """
        first = (wanted[:, 1:] & ~wanted[:, :-1])[wanted[:, 1:]]
        states = self.hidden(ids[:, :-1])[wanted[:, 1:]]
        losses = F.cross_entropy(self.output(states).float(), ids[:, 1:][wanted[:, 1:]], reduction="none")
        return losses.mean() + 0.5 * losses[first].mean()


def rotations(shape: Shape) -> tuple[Tensor, Tensor]:
    """Return cosine and sine (context, half a head) of every position's angles."""
    half = shape.width // shape.heads // 2
    speeds = shape.rope_base ** (-torch.arange(half, dtype=torch.float32) / half)
    angles = torch.outer(torch.arange(shape.context, dtype=torch.float32), speeds)
    return angles.cos(), angles.sin()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotate (batch, heads, time, head) in interleaved pairs."""
    even, odd = x[..., 0::2], x[..., 1::2]
    cos, sin = cos.to(x.dtype), sin.to(x.dtype)
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), dim=-1).flatten(-2)


CONSTANT, CODE, BEFORE = 0, 1, 192
"""Where a token's vector holds a constant, its code (to the end of the vector or to `BEFORE`) and the code of the token
before it."""


@torch.no_grad()
def initialise(model: Llama) -> None:
    """Set the first weights: every layer silent at first, every token's vector pointing at its own logit, and a circuit
    that copies, which a model so small finds late or never (see `_look_back` and `_copy`)."""
    vectors = model.embedding.weight.normal_()
    vectors[:, CONSTANT] = 4.0
    vectors[:, BEFORE:] = 0.0
    model.output.weight.copy_(0.02 * vectors)
    model.output.weight[:, CONSTANT] = 0.0
    for block in model.blocks:
        block.attention.output.weight.zero_()
        block.feed_forward.down.weight.zero_()
        for matrix in (
            block.attention.q,
            block.attention.k,
            block.attention.v,
            block.feed_forward.gate,
            block.feed_forward.up,
        ):
            matrix.weight.normal_(std=model.shape.width**-0.5)
    _look_back(model.blocks[0].attention, 0, model.shape)
    _copy(model.blocks[1].attention, 0, matched=0, copied=0)
    _copy(model.blocks[1].attention, 1, matched=28, copied=64)


def _look_back(attention: Attention, head: int, shape: Shape, sharpness: float = 1.9, pairs: int = 14) -> None:
    """Make a head look at the token before, by the turn of its quick pairs, and note that token's code."""
    size = shape.width // shape.heads
    rows = slice(head * size, (head + 1) * size)
    for weight in (attention.q.weight, attention.k.weight):
        weight[rows] = 0.0
    for pair in range(pairs):
        angle = shape.rope_base ** (-2 * pair / size)
        attention.q.weight[head * size + 2 * pair, CONSTANT] = sharpness * math.cos(angle)
        attention.q.weight[head * size + 2 * pair + 1, CONSTANT] = -sharpness * math.sin(angle)
        attention.k.weight[head * size + 2 * pair, CONSTANT] = sharpness
    attention.v.weight[rows] = torch.eye(size, shape.width).roll(CODE, 1)
    attention.output.weight[:, rows] = torch.eye(size, shape.width).roll(BEFORE, 1).T


def _copy(
    attention: Attention, head: int, *, matched: int, copied: int, sharpness: float = 2.0, slow: int = 28
) -> None:
    """Make a head look for the token after an earlier one like the present one, and vote for it (an induction head:
    Olsson et al. 2022, "In-context learning and induction heads"). It compares ``64 - slow`` numbers of the codes from
    ``matched`` on, in the pairs that turn slowly, and copies 64 numbers from ``copied`` on."""
    width = attention.q.weight.shape[1]
    size = width // attention.heads
    rows = slice(head * size, (head + 1) * size)
    wanted = torch.eye(size, width) * (torch.arange(size) < size - slow)[:, None]
    wanted = sharpness * wanted.roll(slow, 0)
    attention.q.weight[rows] = wanted.roll(CODE + matched, 1)
    attention.k.weight[rows] = wanted.roll(BEFORE + matched, 1)
    attention.v.weight[rows] = torch.eye(size, width).roll(CODE + copied, 1)
    attention.output.weight[:, rows] = 0.7 * torch.eye(size, width).roll(CODE + copied, 1).T
