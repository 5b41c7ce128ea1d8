"""What cleaning costs: microseconds of CPU for each chunk of four characters of short and long texts, kind and hostile.

The end of the text is part of it: the chat stage does there what it had to hold back.

``python benchmarks/response_cleaner.py`` prints tables. Beside ours, in the same rounds (ours, other, ours, other), so
that their ratio does not depend on the machine's mood, runs a parser that does everything again at each chunk, as many
do, and vllm-mlx's parser for ``<think>`` where that is installed (``pip install --no-deps vllm-mlx`` and
``pip install huggingface_hub``, best in a virtual environment of its own).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from llm_service.response_cleaner import CleaningStream, ResponseCleaner

LENGTHS = (2_000, 8_000, 32_000, 128_000)
PROMISED = 5.0
"""Microseconds for each chunk."""
SENTENCE = "The raid starts at nine and everyone is welcome to join us there. "
HARMONY = "<|channel|>analysis<|message|>{0}<|end|><|start|>assistant<|channel|>final<|message|>{0}<|return|>"
HOSTILE = {
    "'<' × n": "<",
    "openers": "a <think>",
    "blocks": "<think>x</think>",
    "closers": "a</think>",
    "headers": "<|start|>assistant",
    "tool calls": '<tool_call>{"',
    "quoted tags": '"<think>" ',
    "open spans": "`<think>`",
    "stray ticks": "` <think>",
    "pieces <th": "<th",
    "pieces </": "</",
    "pieces <|": "<|",
    "pieces [T": "[T",
    "attributes": "<think a=",
    "entities": "&lt;th",
    "seams": "a<pad>",
    "seams with [": "[<pad>a",
    "stars": "* * * x",
}
REPLIES = {
    "English": (
        "Wow, that raid came out of nowhere and I am so happy to see all of you here tonight! We're about to try "
        "the second boss again, and it's going to be a long fight, so grab a snack. If you want to help, type !join "
        "in chat and I'll add you to the list before the next run starts. Don't worry about gear, because the game "
        "gives everyone the same level in co-op. My best time so far is 12 minutes, and I think we can beat that "
        "today. What do you think, should we take the left path or the right one?"
    ),
    "Russian": (
        "Ого, этот рейд пришёл совсем неожиданно, и я очень рад видеть всех вас здесь сегодня вечером! Мы снова "
        "попробуем второго босса, и бой будет долгим, так что берите что-нибудь поесть. Если хотите помочь, "
        "напишите в чат, и я добавлю вас в список перед следующим забегом. Не волнуйтесь о снаряжении, потому что "
        "игра даёт всем одинаковый уровень. Мой лучший результат пока двенадцать минут, и мы сможем его побить. Как "
        "думаете, налево или направо?"
    ),
    "Japanese": (
        "わあ、急にレイドが来てくれて、今夜みんなに会えて本当にうれしいです！これから二番目のボスにもう一度挑"
        "戦しますが、長い戦いになりそうなので、おやつを用意してください。手伝いたい人はチャットに書いてくださ"
        "い。次のランが始まる前にリストに追加します。装備は心配しないでください。今までのベストタイムは十二分"
        "で、今日はそれを超えられると思います。左の道と右の道、どちらがいいと思いますか？"
    ),
}
"""Six sentences each, as a chat bot says them."""
Feed = Callable[[str], object]


def filled(length: int, unit: str = SENTENCE) -> str:
    return (unit * (length // len(unit) + 1))[:length]


def texts(length: int) -> dict[str, str]:
    half = filled(length // 2)
    return {
        "plain": filled(length),
        "<think>": f"<think>{half}</think>{half}",
        "no opener": f"{half}</think>{half}",
        "Harmony": HARMONY.format(half),
        "unmarked": f"analysis{half}assistantfinal{half}",
        "Markdown": filled(length, "**bold** and `code`, then [a link](https://a.example/b_c). "),
        **{name: filled(length, unit) for name, unit in HOSTILE.items()},
    }


def ours(*, stage: str, hint: bool | None) -> Callable[[], CleaningStream]:
    return lambda: ResponseCleaner(stage=stage, prompt_opens_reasoning=hint).stream()


def again() -> Feed:
    """The usual way: keep all the text and search all of it at each chunk."""
    seen: list[str] = []
    block = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)

    def feed(piece: str) -> str:
        seen.append(piece)
        return block.sub("", "".join(seen))

    return feed


def vllm_mlx() -> Feed | None:
    """vllm-mlx's parser, which knows this one format; None where it is not installed."""
    try:
        from vllm_mlx.reasoning import get_parser
    except ImportError:
        return None
    parser = get_parser("qwen3")()
    parser.reset_state()
    seen = ""

    def feed(piece: str) -> object:
        nonlocal seen
        before, seen = seen, seen + piece
        return parser.extract_reasoning_streaming(before, seen, piece)

    return feed


def per_chunk(parser: Feed | CleaningStream, text: str) -> float:
    """Microseconds of CPU for each chunk of four characters."""
    chunks = [text[at : at + 4] for at in range(0, len(text), 4)]
    feed, finish = (parser.feed, parser.finish) if isinstance(parser, CleaningStream) else (parser, lambda: "")
    start = time.thread_time()
    for chunk in chunks:
        feed(chunk)
    finish()
    return (time.thread_time() - start) / len(chunks) * 1e6


def table(stage: str, hint: bool | None, rounds: int = 3) -> None:
    print(f"\nµs per chunk of 4 characters, stage={stage!r}, prompt_opens_reasoning={hint}, best of {rounds}")
    print(f"{'':12}" + "".join(f"{length:>10,}" for length in LENGTHS))
    make = ours(stage=stage, hint=hint)
    for name in texts(0):
        costs = [min(per_chunk(make(), texts(length)[name]) for _ in range(rounds)) for length in LENGTHS]
        over = "  over" if max(costs) > PROMISED else ""
        print(f"{name:12}" + "".join(f"{cost:10.2f}" for cost in costs) + over)


def beside(rounds: int = 3) -> None:
    others = {"all again": again, **({"vllm-mlx": vllm_mlx} if vllm_mlx() else {})}
    print(f"\n<think>, ours and other parsers in turn: µs per chunk, best of {rounds}, and how many times ours")
    print(f"{'':8}{'ours':>10}" + "".join(f"{name:>18}" for name in others))
    for length in LENGTHS:
        # The first other takes minutes for the longest text.
        makers = [make for make in others.values() if make is not again or length < LENGTHS[-1]]
        text, mine = texts(length)["<think>"], ours(stage="reasoning", hint=None)
        turns = [[per_chunk(make(), text) for make in (mine, *makers)] for _ in range(rounds)]
        best, *costs = (min(column) for column in zip(*turns, strict=True))
        cells = [""] * (len(others) - len(costs)) + [f"{cost:10.2f} ×{cost / best:5.1f}" for cost in costs]
        print(f"{length:>8,}{best:10.2f}" + "".join(f"{cell:>18}" for cell in cells))


def whole_replies() -> None:
    print("\nA whole reply of 400 characters, cleaner built for it: µs, best of 300")
    for stage in ("reasoning", "chat"):
        for name in ("plain", "<think>", "Harmony", "Markdown"):
            text, costs = texts(400)[name], []
            for _ in range(300):
                start = time.perf_counter()
                ResponseCleaner(stage=stage, bot_name="Pip", usernames=("Ann", "Mo")).clean(text)
                costs.append(time.perf_counter() - start)
            print(f"{stage:12}{name:12}{min(costs) * 1e6:10.1f}")


def ordinary_replies(pieces: int = 4) -> None:
    print(
        f"\nAn ordinary reply in the chat stage, in {pieces} pieces, 20 viewers and 50 emotes: µs in all, best of 1000"
    )
    usernames, emotes = [f"viewer_{at}" for at in range(20)], [f"Emote{at}" for at in range(50)]
    for language, text in REPLIES.items():
        size = -(-len(text) // pieces)
        for hint in (False, None):
            costs = []
            for _ in range(1000):
                start = time.perf_counter()
                stream = ResponseCleaner(
                    bot_name="Pip", usernames=usernames, emotes=emotes, prompt_opens_reasoning=hint
                ).stream()
                for at in range(0, len(text), size):
                    stream.feed(text[at : at + size])
                stream.finish()
                costs.append(time.perf_counter() - start)
            print(f"{language:12}prompt_opens_reasoning={hint!s:8}{min(costs) * 1e6:10.1f}")


def main() -> None:
    whole_replies()
    ordinary_replies()
    beside()
    for stage, hint in (("reasoning", None), ("reasoning", False), ("reasoning", True), ("chat", False)):
        table(stage, hint)


if __name__ == "__main__":
    main()
