"""Draws all verdicts at a glance: a row for each kind of verdict, a tile for each claim.

>>> from pubsub_lib.lab.lesson.verdicts import Standing
>>> verdict_board({"C1": Standing.HOLDS, "C3b": Standing.WRONG}).caption
'Of the 28 claims, 2 have a verdict so far: 1 holds as it stands, 0 hold on a condition, \
0 are imprecise and 1 is wrong.'
"""

import textwrap
from collections.abc import Mapping
from itertools import batched

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from pubsub_lib.lab.figures import style
from pubsub_lib.lab.lesson.verdicts import CLAIMS, SUBJECTS, Standing

TILES_IN_A_LINE = 5
LETTERS_IN_A_TILE = 17


def verdict_board(standings: Mapping[str, Standing]) -> style.Plot:
    """Draw how many claims hold, hold on a condition, are imprecise, and are wrong, and which.

    Args:
        standings: how each claim stands, by its number; none before a notebook was run.
    """
    claims = {
        kind: [claim for claim, standing in standings.items() if standing is kind]
        for kind in Standing
    }
    lines = {kind: list(batched(claims[kind], TILES_IN_A_LINE)) or [()] for kind in Standing}
    height = sum(map(len, lines.values()))
    with style.course_style():
        figure = Figure(figsize=(9, 0.3 + 0.62 * height))
        axes = figure.subplots()
        ticks, line = [], 0
        for kind in Standing:
            ticks.append(line)
            for tiles in lines[kind]:
                for column, claim in enumerate(tiles):
                    _tile(axes, column, line, claim, kind)
                line += 1
        names = [f"{kind.value}  {kind.mark}  {len(claims[kind])}" for kind in Standing]
        axes.set_yticks(ticks, names)
        axes.set_ylim(height - 0.5, -0.5)
        axes.set_xlim(0, TILES_IN_A_LINE)
        axes.set_xticks([])
        axes.spines["bottom"].set_visible(False)
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", length=0)
    return style.Plot(figure, _caption({kind: len(found) for kind, found in claims.items()}))


def _tile(axes: Axes, column: int, line: int, claim: str, kind: Standing) -> None:
    """Draw a claim: its number, and what it is about."""
    look = style.STANDINGS[kind] | {"edgecolor": style.EDGE}
    axes.add_patch(Rectangle((column + 0.03, line - 0.44), 0.94, 0.88, **look))
    subject = textwrap.fill(SUBJECTS.get(claim, ""), LETTERS_IN_A_TILE)
    axes.text(
        column + 0.5,
        line,
        f"{claim}\n{subject}".rstrip(),
        ha="center",
        va="center",
        fontsize=8,
        linespacing=1.05,
        bbox={"facecolor": style.GROUND, "edgecolor": "none", "pad": 1.5},
    )


def _caption(counts: Mapping[Standing, int]) -> str:
    def number(kind: Standing, one: str, many: str) -> str:
        return f"{counts[kind]} {one if counts[kind] == 1 else many}"

    shown = sum(counts.values())
    if not shown:
        return "No claim has a verdict yet."
    so_far = (
        f"the {len(CLAIMS)} claims, {shown} {'has' if shown == 1 else 'have'} a verdict so far:"
    )
    return (
        f"Of {f'{shown} claims,' if shown == len(CLAIMS) else so_far} "
        f"{number(Standing.HOLDS, 'holds as it stands', 'hold as they stand')}, "
        f"{number(Standing.CONDITIONAL, 'holds on a condition', 'hold on a condition')}, "
        f"{number(Standing.IMPRECISE, 'is imprecise', 'are imprecise')} and "
        f"{number(Standing.WRONG, 'is wrong', 'are wrong')}."
    )
