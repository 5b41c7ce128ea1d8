"""Judge the packaged model by the held-out prompts: ``python evaluate.py`` (``--show 50`` prints replies to read).

The model runs in llama.cpp as the service runs it, behind its chat template. Exit status 1 if fewer than 90 % pass.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import urllib.request
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import xllamacpp
from held_out import MOST_TOKENS, HeldOut, faults, prompts
from held_out_lines import LATER, LINES, NEWEST

PACKAGED = Path(__file__).parent.parent / "src" / "llm_service" / "builtin" / "llm-service-builtin.gguf"
ENOUGH = 0.9
GREEDY: dict[str, float] = {"temperature": 0.0}
AS_SERVED: dict[str, float] = {"temperature": 0.2, "top_p": 0.95, "top_k": 40, "min_p": 0.05, "repeat_penalty": 1.0}
"""As the service samples the built-in model, whatever its settings say."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A held-out prompt, its reply and what is wrong with it."""

    prompt: HeldOut
    reply: str
    faults: list[str]


def serve(path: Path) -> xllamacpp.Server:
    """Start llama.cpp with the model on a free port of the loopback address."""
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_ctx = 2048
    params.n_parallel = 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    return xllamacpp.Server(params)


def ask(address: str, prompt: HeldOut, sampling: dict[str, float], seed: int) -> Judged:
    """Return the judged reply of the model at ``address``."""
    body = {"messages": prompt.as_messages(), "max_tokens": MOST_TOKENS + 1, "seed": seed, **sampling}
    request = urllib.request.Request(
        f"{address}/v1/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request) as response:
        answer = json.load(response)
    choice = answer["choices"][0]
    reply, ended = choice["message"]["content"], choice["finish_reason"] == "stop"
    return Judged(prompt, reply, faults(prompt, reply, ended=ended, tokens=answer["usage"]["completion_tokens"]))


def report(judged: list[Judged], title: str) -> float:
    """Print what passed by topic and what is wrong with the rest; return the share that passed."""
    passed = [each for each in judged if not each.faults]
    print(f"{title}: {len(passed)} of {len(judged)} pass ({len(passed) / len(judged):.1%})")
    asked, good = (Counter(each.prompt.topic for each in part) for part in (judged, passed))
    print("  " + ", ".join(f"{topic} {good[topic]}/{count}" for topic, count in asked.items()))
    print(
        "  faults: "
        + (", ".join(f"{kind} {n}" for kind, n in Counter(f for j in judged for f in j.faults).items()) or "none")
    )
    return len(passed) / len(judged)


def show(judged: list[Judged]) -> None:
    """Print replies with the last lines they answer."""
    for each in judged:
        print(f"  [{each.prompt.topic} {' '.join(each.faults)}] {each.prompt.messages[-1][1]!r}\n      -> {each.reply}")


def main() -> None:
    """Judge, print, and exit with 1 if it is not enough."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, nargs="?", default=PACKAGED)
    parser.add_argument("--show", type=int, default=0, help="print that many replies at random")
    parser.add_argument("--failures", action="store_true", help="print the replies that fail")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    server = serve(options.model)
    shares, read = [], []
    for part, lines in (("lines", LINES), ("later lines", LATER), ("newest lines", NEWEST)):
        for title, sampling in (("greedy", GREEDY), ("as served", AS_SERVED)):
            judged = [
                ask(server.listening_address, prompt, sampling, options.seed + number)
                for number, prompt in enumerate(prompts(lines))
            ]
            shares.append(report(judged, f"{part}, {title}"))
            if options.failures:
                show([each for each in judged if each.faults])
        read += judged
    show(random.Random(options.seed).sample(read, options.show))
    sys.exit(min(shares) < ENOUGH)


if __name__ == "__main__":
    main()
