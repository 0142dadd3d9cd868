"""Draws all verdicts at a glance: a row for each kind of verdict, a tile for each claim.

>>> from pubsub_lib.lab.lesson.verdicts import Standing
>>> verdict_board({"C1": Standing.HOLDS, "C3b": Standing.WRONG}).caption
'Of 2 claims, 1 holds as it stands, 0 hold on a condition, 0 are imprecise and 1 is wrong.'
"""

from collections.abc import Mapping

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from pubsub_lib.lab.figures import style
from pubsub_lib.lab.lesson.verdicts import Standing


def verdict_board(standings: Mapping[str, Standing]) -> style.Plot:
    """Draw how many claims hold, hold on a condition, are imprecise, and are wrong, and which.

    Args:
        standings: how each claim stands, by its number; none before a notebook was run.
    """
    claims = {
        kind: [claim for claim, standing in standings.items() if standing is kind]
        for kind in Standing
    }
    widest = max(map(len, claims.values()))
    with style.course_style():
        figure = Figure(figsize=(9, 3.0))
        axes = figure.subplots()
        for row, kind in enumerate(Standing):
            for column, claim in enumerate(claims[kind]):
                look = style.STANDINGS[kind] | {"edgecolor": style.EDGE}
                axes.add_patch(Rectangle((column + 0.05, row - 0.38), 0.9, 0.76, **look))
                axes.text(
                    column + 0.5,
                    row,
                    claim,
                    ha="center",
                    va="center",
                    fontsize=9,
                    bbox={"facecolor": style.GROUND, "edgecolor": "none", "pad": 1.5},
                )
            axes.text(
                len(claims[kind]) + 0.25, row, str(len(claims[kind])), va="center", weight="bold"
            )
        axes.set_yticks(range(len(Standing)), [f"{kind.value}  {kind.mark}" for kind in Standing])
        axes.set_ylim(len(Standing) - 0.5, -0.5)
        axes.set_xlim(0, widest + 1)
        axes.set_xticks([])
        axes.spines["bottom"].set_visible(False)
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", length=0)
    return style.Plot(figure, _caption({kind: len(found) for kind, found in claims.items()}))


def _caption(counts: Mapping[Standing, int]) -> str:
    def number(kind: Standing, one: str, many: str) -> str:
        return f"{counts[kind]} {one if counts[kind] == 1 else many}"

    if not sum(counts.values()):
        return "No claim has a verdict yet."
    return (
        f"Of {sum(counts.values())} claims, "
        f"{number(Standing.HOLDS, 'holds as it stands', 'hold as they stand')}, "
        f"{number(Standing.CONDITIONAL, 'holds on a condition', 'hold on a condition')}, "
        f"{number(Standing.IMPRECISE, 'is imprecise', 'are imprecise')} and "
        f"{number(Standing.WRONG, 'is wrong', 'are wrong')}."
    )
