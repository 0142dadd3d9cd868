"""The requirements in the report: which are met, and of the others by how much not, and why.

>>> from .requirements import Judgement
>>> missed = Judgement("faster than B", "A", {10: 0.8123}, ["B"], "no")
>>> print(_by_how_much([missed]))
A: 0.812 with 10 subscribers
"""

from collections.abc import Mapping, Sequence

from .markdown import table
from .profiling import profile_table
from .requirements import MANY, Judged, Judgement
from .rounds import Quantity, Results
from .run import ProfileRow


def requirements_table(judged: Sequence[Judged], results: Results) -> str:
    """Return what was measured of each requirement, and whether it is met."""
    counts = [count for count in results.subscribers(Quantity.COST) if count >= MANY]
    rows = []
    for one in judged:
        for judgement in one.judgements:
            measured = judgement.measured
            rows.append(
                [
                    judgement.wanted if judgement is one.judgements[0] else "",
                    judgement.way,
                    *(f"{measured[count]:.3g}" if count in measured else "" for count in counts),
                    " / ".join(judgement.rivals),
                    judgement.met,
                ]
            )
    head = ["wanted", "of", *(f"{count:,}" for count in counts), "compared with", "met"]
    met = [[judgement.is_met for judgement in one.judgements] for one in judged]
    return (
        f"**The requirements**: of {len(met)}, {sum(map(all, met))} are met, and "
        f"{sum(map(any, met)) - sum(map(all, met))} in some ways of reading and not in others.\n\n"
        f"{table(head, rows, numbers=range(2, 2 + len(counts)))}"
    )


def shortfalls(
    judged: Sequence[Judged], profiles: Mapping[tuple[Quantity, str], Sequence[ProfileRow]]
) -> str:
    """Say of each requirement that is not met by how much it is not, and why."""
    parts = []
    for one in judged:
        if missed := one.missed:
            wanted = one.requirement.wanted
            parts.append(
                f"**{wanted[0].upper()}{wanted[1:]}** ({_by_how_much(missed)}). "
                f"{one.requirement.why}"
            )
    for (quantity, system), rows in profiles.items():
        parts.append(f"Where the time of **{system}** goes; {quantity.value}:")
        parts.append(profile_table(rows))
    heading = "### What is not met, and why"
    return "\n\n".join([heading, *parts] if parts else ["All that was measured is met."])


def _by_how_much(missed: Sequence[Judgement]) -> str:
    return "; ".join(
        f"{judgement.way}: "
        + ", ".join(f"{ratio:.3g} with {count:,}" for count, ratio in judgement.measured.items())
        + " subscribers"
        for judgement in missed
    )
