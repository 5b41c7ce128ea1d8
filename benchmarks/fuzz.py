"""The whole API fuzzed by its own OpenAPI document: schemathesis with all of its checks, before a scripted LM Studio.

    python benchmarks/fuzz.py [--cases 10000] [--seed 1]

Prints what was sent and found. Exits with 1 where anything was found; the seed finds it again.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from fuzzing import fuzz
from llm_service.logs import configure
from llm_service.settings import Settings
from running_service import running_service
from scripted_lm_studio import ScriptedLMStudio

CASES_EACH = 50
"""For each operation in a round, besides those that the document itself suggests."""


async def run(cases: int, seed: int) -> bool:
    """Fuzz until so many cases were sent."""
    configure("error", "text")
    sent, clean, round_seed = 0, True, seed
    with tempfile.TemporaryDirectory() as directory:
        async with ScriptedLMStudio() as lm:
            settings = Settings(engine="lmstudio", base_url=lm.base_url, data_dir=directory, rate_limit=None)
            async with running_service(settings) as bot:
                while sent < cases and clean:
                    started = time.perf_counter()
                    fuzzed = await fuzz(bot.url, cases_each=CASES_EACH, seed=round_seed, directory=Path(directory))
                    sent, clean, round_seed = sent + fuzzed.cases, fuzzed.clean, round_seed + 1
                    print(f"{fuzzed.cases:,} cases in {time.perf_counter() - started:.0f} s, seed {round_seed - 1}")
                    if not clean:
                        print(fuzzed.report)
    print(f"{sent:,} cases: {'nothing found' if clean else 'see above'}")
    return clean


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    arguments = parser.parse_args()
    raise SystemExit(0 if asyncio.run(run(arguments.cases, arguments.seed)) else 1)


if __name__ == "__main__":
    main()
