"""Who answers whom: link and conversation scores on the IRC disentanglement corpus, and the cost of a message.

    python benchmarks/threads.py --dir PATH/irc/dev
    python benchmarks/threads.py                      # without data: the cost only, on made-up chat

Data: ``*.ascii.txt`` with ``*.annotation.txt`` beside it, as in github.com/jkkummerfeld/irc-disentanglement (CC BY
4.0). Metrics and published rows: Kummerfeld et al., "A Large-Scale Corpus for Conversation Disentanglement", ACL
2019, Tables 3 and 4. The published rows are on the test set; compare with them on that.

- link P, R, F: over the exact pairs (later, earlier) of all files; a line that starts a conversation is its own pair.
- VI: 1 - variation of information / log2(lines), over the conversations of all files.
- 1-1: share of lines covered by the best one-to-one matching of conversations.
- conversation P, R, F: conversations of two lines or more that are exactly right.
"""

from __future__ import annotations

import argparse
import math
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track

from llm_service.threads import ThreadTracker
from llm_service.types import Message

Link = tuple[int, int]
Row = tuple[float, str | None, str]

FIRST = 1000
"""The lines before this one are context and carry no annotation."""
COLUMNS = ("link P", "R", "F", "VI", "1-1", "conv P", "R", "F")
PUBLISHED = {
    "Previous": (35.7, 34.4, 35.0, 66.1, 27.6, 0.0, 0.0, 0.0),
    "Lowe et al. 2017, heuristic": (None, None, None, 80.6, 53.7, 10.8, 7.6, 8.9),
    "Elsner and Charniak 2008": (None, None, None, 82.1, 51.4, 12.1, 21.5, 15.5),
    "Linear (trained)": (64.7, 62.3, 63.5, 88.9, 69.5, 19.3, 24.9, 21.8),
    "Feedforward (trained)": (73.7, 71.0, 72.3, 91.3, 75.6, 34.6, 38.0, 36.2),
    "Feedforward x10, vote (trained)": (74.9, 72.2, 73.5, 91.5, 76.0, 36.3, 39.7, 38.0),
}


def read_chat(path: Path) -> list[Row]:
    """The lines of a log: seconds, speaker (None for the server), text. Logs have minutes and no date."""
    rows: list[Row] = []
    midnight = last = 0
    for line in path.read_text(errors="replace").splitlines():
        stamped = re.match(r"\[(\d\d):(\d\d)\] (.*)", line)
        if not stamped:
            rows.append((60.0 * (midnight + last), None, line.strip()))
            continue
        now = int(stamped[1]) * 60 + int(stamped[2])
        midnight += 24 * 60 if now + 12 * 60 < last else 0
        last = now
        said = re.match(r"<(\S+)> ?(.*)", stamped[3]) or re.match(r"\* +(\S+) ?(.*)", stamped[3])
        rows.append((60.0 * (midnight + now), said and said[1], said[2] if said else stamped[3]))
    return rows


def read_links(path: Path) -> set[Link]:
    links: set[Link] = set()
    for line in path.read_text().splitlines():
        numbers = sorted(int(number) for number in line.split() if number != "-")
        if numbers:
            later = numbers.pop()
            links |= {(later, earlier) for earlier in numbers or [later]}
    return links


def tracked(rows: list[Row]) -> Iterator[Link]:
    """Our links. The server's lines are nobody's: they stand alone and are not shown to the tracker."""
    tracker = ThreadTracker(assistant="")
    for number, (at, name, text) in enumerate(rows):
        earlier = None
        if name is not None:
            message = Message(id=str(number), username=name, text=text, speaker=name, line=text, sent_at=at)
            earlier = tracker.observe(message)
        yield number, number if earlier is None else int(earlier)


def conversations(links: Iterable[Link]) -> list[frozenset[int]]:
    """The connected components, without the context."""
    links = list(links)
    parent: dict[int, int] = {}

    def root(line: int) -> int:
        while (above := parent.setdefault(line, line)) != line:
            parent[line] = line = parent.setdefault(above, above)
        return line

    for later, earlier in links:
        parent[root(later)] = root(earlier)
    first = min(later for later, _ in links)
    groups = defaultdict(set)
    for line in list(parent):
        if line >= first:
            groups[root(line)].add(line)
    return [frozenset(group) for group in groups.values()]


def matched(overlap: np.ndarray) -> float:
    """Largest sum of a one-to-one matching (H. W. Kuhn's Hungarian method, with potentials)."""
    cost = -overlap if overlap.shape[0] <= overlap.shape[1] else -overlap.T
    rows, columns = cost.shape
    u, v = np.zeros(rows + 1), np.zeros(columns + 1)
    owner, way = np.zeros(columns + 1, int), np.zeros(columns + 1, int)
    for row in range(1, rows + 1):
        owner[0], column = row, 0
        nearest, done = np.full(columns + 1, np.inf), np.zeros(columns + 1, bool)
        while True:
            done[column] = True
            slack = cost[owner[column] - 1] - u[owner[column]] - v[1:]
            better = ~done[1:] & (slack < nearest[1:])
            nearest[1:][better], way[1:][better] = slack[better], column
            step_to = 1 + int(np.argmin(np.where(done[1:], np.inf, nearest[1:])))
            step = nearest[step_to]
            u[owner[done]] += step
            v[done] -= step
            nearest[~done] -= step
            column = step_to
            if owner[column] == 0:
                break
        while column:
            owner[column], column = owner[way[column]], way[column]
    return float(-sum(cost[owner[column] - 1, column - 1] for column in range(1, columns + 1) if owner[column]))


def score(gold: dict[str, set[Link]], ours: dict[str, set[Link]]) -> tuple[float, ...]:
    right = sum(len(gold[file] & ours[file]) for file in gold)
    links = ratios(right, sum(map(len, ours.values())), sum(map(len, gold.values())))
    true = [(file, group) for file in gold for group in conversations(gold[file])]
    found = [(file, group) for file in gold for group in conversations(ours[file])]
    of_true = {(file, line): index for index, (file, group) in enumerate(true) for line in group}
    of_found = {(file, line): index for index, (file, group) in enumerate(found) for line in group}
    assert of_true.keys() == of_found.keys(), "both sides must cover the same lines"
    shared = Counter((of_found[line], of_true[line]) for line in of_true)
    lines = len(of_true)
    joint = -sum(n / lines * math.log2(n / lines) for n in shared.values())
    mutual = sum(
        n / lines * math.log2(n * lines / (len(found[a][1]) * len(true[b][1]))) for (a, b), n in shared.items()
    )
    exact = {x for x in found if len(x[1]) > 1} & {x for x in true if len(x[1]) > 1}
    sizes = [sum(len(group) > 1 for _, group in side) for side in (found, true)]
    return (
        *links,
        100 - 100 * (joint - mutual) / math.log2(lines),
        100 * one_to_one(shared, found, true) / lines,
        *ratios(len(exact), *sizes),
    )


def one_to_one(shared: Counter[Link], found: list[tuple[str, frozenset[int]]], true: list) -> float:
    """Conversations of two files never overlap, so each file is matched for itself."""
    total = 0.0
    for file in {file for file, _ in true}:
        rows = {i: n for n, i in enumerate(i for i, (name, _) in enumerate(found) if name == file)}
        columns = {i: n for n, i in enumerate(i for i, (name, _) in enumerate(true) if name == file)}
        overlap = np.zeros((len(rows), len(columns)))
        for (a, b), n in shared.items():
            if a in rows:
                overlap[rows[a], columns[b]] = n
        total += matched(overlap)
    return total


def ratios(right: int, found: int, true: int) -> tuple[float, float, float]:
    return 100 * right / max(1, found), 100 * right / true, 200 * right / (found + true)


def made_up(lines: int) -> list[Row]:
    """Forty people, one line a second, some of it addressed."""
    names = [f"viewer{n}" for n in range(40)]
    subjects = ["the boss with two swords", "a map from last week", "this new keyboard", "the music in the menu"]
    rows: list[Row] = []
    for n in range(lines):
        name, other = names[n * 7 % 40], names[n * 11 % 40]
        text = f"what do you think about {subjects[n // 9 % 4]} number {n}?" if n % 3 else f"{other}: yes, {n} times"
        rows.append((float(n), name, text))
    return rows


def show(name: str, values: Iterable[float | None], note: str = "") -> None:
    print(f"{name:36s}" + "".join("      -" if value is None else f"{value:7.1f}" for value in values) + note)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dir", type=Path, help="folder with *.ascii.txt and *.annotation.txt")
    folder = parser.parse_args().dir
    if folder:
        against_the_corpus(folder)
    rows = made_up(100_000)
    start = time.process_time()
    links = sum(1 for _ in tracked(rows))
    print(f"\n{links:,} made-up lines: {1e6 * (time.process_time() - start) / links:.1f} us a line")


def against_the_corpus(folder: Path) -> None:
    gold = {path.name.split(".")[0]: read_links(path) for path in sorted(folder.glob("*.annotation.txt"))}
    chats = {file: read_chat(folder / f"{file}.ascii.txt") for file in gold}
    ours: dict[str, set[Link]] = {}
    start = time.process_time()
    for file, rows in track(chats.items(), "files", transient=True, console=Console(stderr=True)):
        asked = {later for later, _ in gold[file]}
        ours[file] = {link for link in tracked(rows) if link[0] in asked}
    spent = time.process_time() - start
    alone = {file: {(later, later) for later in {later for later, _ in links}} for file, links in gold.items()}
    print(
        f"{len(gold)} files, {sum(map(len, ours.values())):,} annotated lines, {sum(map(len, gold.values())):,} links"
    )
    print(f"{'':36s}" + "".join(f"{column:>7s}" for column in COLUMNS))
    for name, values in PUBLISHED.items():
        show(f"paper, test set: {name}"[:36], values)
    show("every line alone", score(gold, alone))
    show("ThreadTracker", score(gold, ours), f"   {1e6 * spent / sum(map(len, chats.values())):.1f} us a line")


if __name__ == "__main__":
    main()
