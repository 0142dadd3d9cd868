"""Exercise 11.1: count what was lost.

>>> from pubsub_lib.lab.exercises import examine
>>> examine("11.1", lambda numbers: 0).explanation
'Ada 1, Ada 4: 2 and 3 are missing, which makes 2, and you return 0'
"""

from collections.abc import Callable, Iterable

from pubsub_lib.lab.exercises.checking import exercise, require
from pubsub_lib.lab.exercises.hints import hints

hints(
    "11.1",
    "Remember the highest number of each publisher: a higher one than the next shows a gap.",
    "What is missing is a set of pairs, a publisher and a number. A gap adds to it.",
    "Whatever comes in leaves the set, late or not. What is in it at the end was lost.",
)


@exercise(
    "11.1", "gaps count, for each publisher; late starts, repetitions and late arrivals do not"
)
def check_lost(count_lost: Callable[[Iterable[tuple[str, int]]], int]) -> None:
    """Refuse a count that mixes publishers, or takes what came twice or late for a loss."""

    def expect(lost: int, hint: str, *numbers: tuple[str, int]) -> None:
        counted = count_lost(iter(numbers))
        told = ", ".join(f"{name} {number}" for name, number in numbers)
        require(counted == lost, f"{told}: {hint}, which makes {lost}, and you return {counted!r}")

    expect(0, "nothing came in and nothing is known to be missing")
    expect(0, "nothing is missing", ("Ada", 1), ("Ada", 2), ("Ada", 3))
    expect(2, "2 and 3 are missing", ("Ada", 1), ("Ada", 4))
    expect(
        0,
        "each publisher has numbers of its own, and neither has a gap",
        *[("Ada", 1), ("Ben", 1), ("Ben", 2), ("Ben", 3), ("Ada", 2), ("Ben", 4)],
    )
    expect(
        3, "Ada's 2 and Ben's 2 and 3 are missing", ("Ada", 1), ("Ben", 1), ("Ada", 3), ("Ben", 4)
    )
    expect(
        1,
        "who came late has not lost what was before, but 9 is missing",
        *[("Ada", 8), ("Ada", 10)],
    )
    expect(
        0, "2 came twice, and nothing is missing", ("Ada", 1), ("Ada", 2), ("Ada", 2), ("Ada", 3)
    )
    expect(1, "2 is missing, and 3 came twice", ("Ada", 1), ("Ada", 3), ("Ada", 3))
    expect(0, "2 was late, and came in after all", ("Ada", 1), ("Ada", 3), ("Ada", 2), ("Ada", 4))
    expect(
        1,
        "2 came in after all, twice, and 3 is missing",
        *[("Ada", 1), ("Ada", 4), ("Ada", 2), ("Ada", 2)],
    )
    expect(
        0,
        "4 was late, it is from before the first one that came in, and nothing is missing",
        *[("Ada", 5), ("Ada", 4), ("Ada", 6)],
    )
    expect(
        1,
        "Ada's 2 is missing, and Ben's 2 is not Ada's",
        *[("Ada", 1), ("Ada", 3), ("Ben", 1), ("Ben", 2)],
    )
