"""Who did what when, and when the event loop was late.

>>> timeline({"A": [Span(0, 1, "waiting"), Span(1, 3, "publishing")]}).caption
'A: waiting for 1 s, publishing for 2 s.'
"""

import math
from collections.abc import Mapping, Sequence
from itertools import cycle

import pandas as pd
from matplotlib.collections import PolyCollection
from matplotlib.patches import Patch

from pubsub_lib.lab.figures.captions import about_spans, milliseconds
from pubsub_lib.lab.figures.named import require_by_name
from pubsub_lib.lab.figures.nothing import NothingToDraw, or_nothing
from pubsub_lib.lab.figures.style import (
    AREAS,
    GROUND,
    STALL,
    WAITING,
    Plot,
    axes_from_zero,
    legend_below,
    note_in_the_corner,
    panels_for,
)
from pubsub_lib.lab.traffic.recordings import Span


@or_nothing
def timeline(rows: Mapping[str, Sequence[Span]]) -> Plot:
    """Draw who did what when: a row for each name, a bar for each span of time.

    Waiting is hatched, and all else filled. A bar that is long enough says what was done; what fits
    into none of its bars is explained below the rows.

    Raises:
        ValueError: if one ends before it begins.
        TypeError: if it is not given spans by name.
    """
    require_by_name("timeline", "spans of time", rows)
    spans = [span for row in rows.values() for span in row]
    if not spans:
        raise NothingToDraw("nobody did anything")
    if not all(-math.inf < s.start_s <= s.end_s < math.inf for s in spans):
        raise ValueError("timeline() needs spans of time, and none may end before it begins")
    doings = dict.fromkeys(span.doing for span in spans)
    areas = cycle(AREAS)
    looks = {doing: WAITING if doing.startswith("wait") else next(areas) for doing in doings}
    start_s, end_s = min(s.start_s for s in spans), max(s.end_s for s in spans)
    characters = 90 / ((end_s - start_s) or 1.0)  # that fit into a second of the axis
    written = {s.doing for s in spans if len(s.doing) + 2 < (s.end_s - s.start_s) * characters}
    with panels_for({"": None}, x="time (s)", y="") as (figure, (axes,)):
        for row, one in enumerate(rows.values()):
            for span in one:
                width_s = span.end_s - span.start_s
                axes.barh(row, width_s, 0.6, span.start_s, linewidth=0.8, **looks[span.doing])
                if len(span.doing) + 2 < width_s * characters:
                    axes.annotate(
                        span.doing,
                        (span.start_s + width_s / 2, row),
                        ha="center",
                        va="center",
                        fontsize=10,
                        bbox={"facecolor": GROUND, "edgecolor": "none", "pad": 1.5},
                    )
        legend_below(
            figure, {doing: Patch(**looks[doing]) for doing in doings if doing not in written}
        )
        axes.set_yticks(range(len(rows)), list(rows))
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_xlim(start_s, end_s + 0.02 * (end_s - start_s))
        axes.tick_params(axis="y", length=0)
        figure.set_figheight(1.2 + 0.45 * len(rows))
    return Plot(figure, about_spans(rows) + ".")


@or_nothing
def loop_lag(tables: Mapping[str, pd.DataFrame]) -> Plot:
    """Draw how late the event loop is at each moment (see `LoopLag`), a panel a table.

    From the moment at which a heartbeat is due, the lag grows, until the heartbeat comes: a stall
    is a triangle, as wide as it is long, and as high as the loop is late at its end.

    Raises:
        TypeError: if it is not given tables by name.
    """
    require_by_name("loop_lag", "tables of LoopLag", tables)
    if not tables or any(table.empty for table in tables.values()):
        raise NothingToDraw("there was no heartbeat")
    with panels_for(tables, x="time (s)", y="loop lag (ms)") as (figure, panels):
        for axes, table in zip(panels, tables.values(), strict=True):
            axes.add_collection(PolyCollection(_ramps(table), **STALL))
            note_in_the_corner(axes, f"at worst {milliseconds(table['lag_s'].max() * 1e3)}")
        axes_from_zero(panels)
    worst = {name: table["lag_s"].max() * 1e3 for name, table in tables.items()}
    return Plot(
        figure,
        "; ".join(f"{name}: at worst {milliseconds(lag)} late" for name, lag in worst.items())
        + ".",
    )


def _ramps(table: pd.DataFrame) -> list[list[tuple[float, float]]]:
    """Return a triangle for each heartbeat: from when it was due to when it came."""
    return [
        [(came_s - lag_s, 0.0), (came_s, lag_s * 1e3), (came_s, 0.0)]
        for came_s, lag_s in zip(table["time_s"], table["lag_s"], strict=True)
    ]
