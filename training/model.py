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
    layers: int = 5
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

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, turn: Tensor, future: Tensor) -> Tensor:
        """Map (batch, time, width) to the same shape; ``future`` (time, time) is -inf where none may look."""
        batch, time, width = x.shape
        q, k, v = (part(x).view(batch, time, self.heads, -1).transpose(1, 2) for part in (self.q, self.k, self.v))
        fit = (rotate(q, cos, sin, turn) @ rotate(k, cos, sin, turn).transpose(-1, -2)).float() * q.shape[-1] ** -0.5
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

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, turn: Tensor, future: Tensor) -> Tensor:
        """Map (batch, time, width) to the same shape."""
        x = x + self.attention(self.attention_norm(x), cos, sin, turn, future)
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
        self.register_buffer("turn", quarter_turn(shape.width // shape.heads), persistent=False)
        initialise(self)

    def hidden(self, ids: Tensor) -> Tensor:
        """Map ids (batch, time) to normed states (batch, time, width)."""
        x = self.embedding(ids)
        cos, sin = self.cos[: ids.shape[1]], self.sin[: ids.shape[1]]
        future = torch.full((ids.shape[1], ids.shape[1]), float("-inf")).triu(1)
        for block in self.blocks:
            x = block(x, cos, sin, self.turn, future)
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
    return angles.cos().repeat_interleave(2, -1), angles.sin().repeat_interleave(2, -1)


def rotate(x: Tensor, cos: Tensor, sin: Tensor, turn: Tensor) -> Tensor:
    """Rotate (batch, heads, time, head) in interleaved pairs: ``turn`` (head, head) makes (-b, a) of every (a, b)."""
    return x * cos.to(x.dtype) + (x @ turn.to(x.dtype)) * sin.to(x.dtype)


def quarter_turn(size: int) -> Tensor:
    """Return the matrix that makes (-b, a) of every pair (a, b) of a row."""
    turn = torch.zeros(size, size)
    for pair in range(0, size, 2):
        turn[pair + 1, pair], turn[pair, pair + 1] = -1.0, 1.0
    return turn


CONSTANT, CODE, VOTE, BEFORE, LONG_BEFORE = 0, 1, 97, 192, 232
"""Where a token's vector holds at first: a constant; the token's code, which is random and stays; votes for the next
token; the codes of the token before and of the one before that."""
CODED, NOTED, LONG_NOTED = 94, 40, 24
"""How many numbers of a code are voted with, and noted of the token before and of the one before that."""


@torch.no_grad()
def initialise(model: Llama) -> None:
    """Set the first weights: every layer silent, and a circuit that copies, which a model so small finds late or never.

    The circuit is an induction head (Olsson et al. 2022, "In-context learning and induction heads") that compares the
    last two tokens. Codes and votes stay as they are, so that no two tokens are ever
    mistaken for one another and rare ones are not forgotten.
    """
    width = model.shape.width
    vectors = model.embedding.weight.zero_()
    vectors[:, CONSTANT] = 4.0
    vectors[:, CODE:VOTE].normal_()
    learnt = torch.zeros(width)
    learnt[VOTE:BEFORE] = 1.0
    model.embedding.weight.register_hook(lambda gradient: gradient * learnt)
    model.output.weight.zero_()
    model.output.weight[:, VOTE : VOTE + CODED] = 0.06 * vectors[:, CODE : CODE + CODED]
    votes = torch.zeros(width)
    votes[VOTE : VOTE + CODED] = 1.0
    model.output.weight.register_hook(lambda gradient: gradient * (1.0 - votes))
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
            matrix.weight.normal_(std=width**-0.5)
    _look_back(model.blocks[0].attention, model.shape, head=0, distance=1, into=BEFORE, length=NOTED)
    _look_back(model.blocks[0].attention, model.shape, head=1, distance=2, into=LONG_BEFORE, length=LONG_NOTED)
    _copy(model.blocks[1].attention, head=0, last=0, last_but_one=0, voted=0)
    _copy(model.blocks[1].attention, head=1, last=18, last_but_one=10, voted=CODED // 2)


def _look_back(attention: Attention, shape: Shape, *, head: int, distance: int, into: int, length: int) -> None:
    """Make a head look at the token so far back, by the turn of its quick pairs, and note the start of its code."""
    size = shape.width // shape.heads
    q, k, v, output = _parts(attention, head, size)
    for weight in (q, k, v, output):
        weight.zero_()
    for pair in range(14):
        angle = distance * shape.rope_base ** (-2 * pair / size)
        q[2 * pair, CONSTANT], q[2 * pair + 1, CONSTANT] = 1.3 * math.cos(angle), -1.3 * math.sin(angle)
        k[2 * pair, CONSTANT] = 1.3
    for number in range(length):
        v[number, CODE + number] = 0.66
        output[into + number, number] = 1.0


def _copy(attention: Attention, *, head: int, last: int, last_but_one: int, voted: int) -> None:
    """Make a head look where the last two tokens stood before, by the slow pairs that distance hardly turns, and vote
    for what came then. It compares 22 and 14 numbers of their codes and votes with half of one."""
    size = attention.q.weight.shape[1] // attention.heads
    q, k, v, output = _parts(attention, head, size)
    for weight in (q, k, v, output):
        weight.zero_()
    for number in range(22):
        q[28 + number, CODE + last + number] = k[28 + number, BEFORE + last + number] = 2.3
    for number in range(14):
        q[50 + number, BEFORE + last_but_one + number] = k[50 + number, LONG_BEFORE + last_but_one + number] = 2.3
    for number in range(CODED // 2):
        v[number, CODE + voted + number] = 1.0
        output[VOTE + voted + number, number] = 1.2


def _parts(attention: Attention, head: int, size: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return a head's parts of the four matrices, to be changed in place."""
    rows = slice(head * size, (head + 1) * size)
    matrices = (attention.q.weight, attention.k.weight, attention.v.weight)
    return (*(matrix[rows] for matrix in matrices), attention.output.weight[:, rows])
