"""Compare the library with that of another checkout: before a change and after it, in one run.

Each round starts two processes, one for each folder (see `answering`): one may be quicker than
another by chance. The same benchmark measures both, one value after another in turn, so that what
the machine does meanwhile meets both alike. The floor is not the library's: it tells how far from
1 a ratio is by chance.

>>> results = Results()
>>> for name, cost in ((BEFORE + "A", 100.0), ("A", 104.0), (BEFORE + "B", 50.0), ("B", 55.0)):
...     results.add(Quantity.COST, 10, name, cost)
>>> print(comparison_report(results))
After a change, as a share of what was before (less is better); medians of 1 rounds.
<BLANKLINE>
| system | cost, 10 |
| ------ | -------: |
| A      |     1.04 |
| B      |     1.10 |
<BLANKLINE>
More than 5 % worse: 1 of 2.
- B, cost, 10: 1.10 (the middle half of the rounds: 1.10 to 1.10)
"""

import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .by_hand import FLOOR
from .markdown import table
from .rounds import Quantity, Results, Sizes, memories, processor_times
from .systems import LARGE_BOUND

HERE = Path(__file__).resolve().parents[2]
BEFORE = "before: "
WORSE = 1.05  #: what is more than chance
LABELS = {
    Quantity.COST: "cost",
    Quantity.COST_LARGE_BOUND: f"bound of {LARGE_BOUND:,}",
    Quantity.WAKE_UP: "wake-up",
    Quantity.BACKLOG: "memory",
    Quantity.RUN: "memory of a run",
}

type Ask = Callable[[str, Quantity, int, Sizes], float]


def compare(folder: Path, sizes: Sizes, progress: Callable[[str], None]) -> Results:
    """Measure every system of the library that both folders have; `BEFORE` is the other's.

    Raises:
        RuntimeError: if a process ended, which has then said why.
    """
    results = Results()
    for number in range(sizes.rounds):
        progress(f"round {number + 1} of {sizes.rounds}")
        # Memory is the same every time.
        quantities = processor_times(sizes) + (memories(sizes) if number == 0 else [])
        with _measuring(folder) as (offered_before, before), _measuring(HERE) as (offered, after):
            turn = [(BEFORE, before), ("", after)]
            for quantity, subscribers in quantities:
                for name in (name for name in offered if name in offered_before):
                    for prefix, ask in turn[:: -1 if number % 2 else 1]:
                        value = ask(name, quantity, subscribers, sizes)
                        results.add(quantity, subscribers, prefix + name, value)
            only_here = [name for name in offered if name not in offered_before]
    if only_here:
        progress(f"only here: {'; '.join(only_here)}")
    return results


def comparison_report(results: Results) -> str:
    """Return each ratio of after and before, and which of them are worse than chance has it."""
    quantities = list(results.values)
    names = [name for name in results.values[quantities[0]] if not name.startswith(BEFORE)]
    ratios = {
        (name, _label(*of)): results.ratio(*of, name, BEFORE + name)
        for name in names
        for of in quantities
    }
    labels = [_label(*of) for of in quantities]
    rows = [[name, *(f"{ratios[name, label].median:.2f}" for label in labels)] for name in names]
    ours = {of: ratio for of, ratio in ratios.items() if of[0] != FLOOR.name}
    worse = [
        f"- {name}, {label}: {ratio.median:.2f} (the middle half of the rounds: {ratio.lower:.2f} "
        f"to {ratio.upper:.2f})"
        for (name, label), ratio in ours.items()
        if ratio.median > WORSE
    ]
    rounds = len(next(iter(results.values[quantities[0]].values())))
    introduction = (
        "After a change, as a share of what was before (less is better); medians of "
        f"{rounds} rounds."
    )
    worst = f"More than {WORSE - 1:.0%} worse: {len(worse)} of {len(ours)}.".replace("%", " %")
    return "\n\n".join(
        [
            introduction,
            table(["system", *labels], rows, numbers=range(1, 1 + len(labels))),
            "\n".join([worst, *worse]),
        ]
    )


def _label(quantity: Quantity, subscribers: int) -> str:
    return f"{LABELS[quantity]}, {subscribers:,}"


@contextmanager
def _measuring(folder: Path) -> Iterator[tuple[list[str], Ask]]:
    """Start a process for a folder; give which systems it can measure, and how to ask for it."""
    command = [sys.executable, "-m", "tests.benchmarks.answering", str(folder)]
    process = subprocess.Popen(command, cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    requests, answers = process.stdin, process.stdout

    def next_answer() -> Any:
        try:
            return pickle.load(answers)
        except EOFError:
            raise RuntimeError(f"measuring {folder} failed: see above") from None

    def ask(*request: Any) -> float:
        pickle.dump(request, requests)
        requests.flush()
        value: float = next_answer()
        return value

    try:
        yield next_answer(), ask
    finally:
        requests.close()
        answers.close()
        process.wait()
