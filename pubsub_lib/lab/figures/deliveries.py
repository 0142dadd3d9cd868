"""The figure of notebook 11: which messages each subscriber handled, while a server died.

>>> rows = {"at most once": [(0.1, 1), (0.3, 3)], "at least once": [(0.1, 1), (0.3, 2), (0.4, 1)]}
>>> deliveries([(0.1, 1), (0.2, 2)], rows, outages=[(0.2, 0.3)]).caption
'at most once: 1 of 2 messages handled, 1 never; at least once: 2 of 2 handled, 1 of them again.'
"""

from collections.abc import Iterable, Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pubsub_lib.lab.figures.named import require_by_name
from pubsub_lib.lab.figures.nothing import NothingToDraw, or_nothing
from pubsub_lib.lab.figures.style import (
    COLOURS,
    DROP,
    MARKERS,
    PUBLISHER,
    SERIES,
    STYLE,
    WAITING,
    Plot,
    course_style,
    legend_below,
)
from pubsub_lib.lab.traffic.readers import Pace

type Numbered = Sequence[tuple[float, int]]


@or_nothing
def deliveries(
    published: Numbered,
    handled: Mapping[str, Numbered],
    *,
    outages: Sequence[tuple[float, float]] = (),
) -> Plot:
    """Draw which message each subscriber handled when, one subscriber below the other.

    A message that was never handled is marked where it was published, and one that was handled
    again where that happened.

    Args:
        published: when each message was published first, in seconds, and its number.
        handled: when a subscriber handled a message, and which, for each subscriber by its name.
        outages: from when to when no server answered, in seconds.

    Raises:
        TypeError: if it is not given what was handled by name.
    """
    require_by_name("deliveries", "subscribers", handled)
    if not published or not handled:
        raise NothingToDraw("nothing was published, or nobody subscribed")
    sent_s: dict[int, float] = {}
    for time_s, number in published:
        sent_s.setdefault(number, time_s)
    with course_style():
        figure = Figure(figsize=(8, 0.9 + 1.45 * len(handled)))
        rows = list(figure.subplots(len(handled), 1, sharex=True, sharey=True, squeeze=False)[:, 0])
        for axes, (name, table) in zip(rows, handled.items(), strict=True):
            _draw(axes, sent_s, table, outages)
            axes.set_title(f"{name}: {_count(sent_s, table)}", loc="left")
        rows[-1].set_xlabel("time (s)")
        rows[-1].set_xlim(left=0)
        rows[-1].xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10]))
        figure.supylabel("message", fontsize=STYLE["font.size"])
        legend_below(figure, rows, columnspacing=1.2)
    return Plot(figure, _caption(sent_s, handled))


def _draw(
    axes: Axes, sent_s: Mapping[int, float], table: Numbered, outages: Iterable[tuple[float, float]]
) -> None:
    for start_s, end_s in outages:
        axes.axvspan(start_s, end_s, **WAITING, zorder=0, label="server away")
    axes.plot(
        list(sent_s.values()), list(sent_s), color=PUBLISHER, linewidth=1, zorder=1, label="sent"
    )
    first, again = _split(table)
    never = [(time_s, number) for number, time_s in sent_s.items() if number not in dict(first)]
    for points, colour, marker, label in (
        (
            [(time_s, number) for number, time_s in first],
            COLOURS[Pace.FAST],
            MARKERS[Pace.FAST],
            "handled",
        ),
        (again, SERIES[0]["color"], SERIES[0]["marker"], "handled again"),
        (never, DROP, "x", "never handled"),
    ):
        if points:
            axes.plot(
                [time_s for time_s, _ in points],
                [number for _, number in points],
                linestyle="none",
                color=colour,
                marker=marker,
                markersize=4 if marker != "x" else 6,
                label=label,
            )
    axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    axes.margins(y=0.12)


def _split(table: Numbered) -> tuple[list[tuple[int, float]], list[tuple[float, int]]]:
    """Return when each number was seen first, and the other times that numbers were seen."""
    first: dict[int, float] = {}
    again = []
    for time_s, number in table:
        if number in first:
            again.append((time_s, number))
        else:
            first[number] = time_s
    return list(first.items()), again


def _count(sent_s: Mapping[int, float], table: Numbered, unit: str = "") -> str:
    seen = {number for _, number in table if number in sent_s}
    repeated = {number for _, number in _split(table)[1]}
    never = len(sent_s) - len(seen)
    return (
        f"{len(seen):,} of {len(sent_s):,}{unit} handled"
        + (f", {never:,} never" if never else "")
        + (f", {len(repeated):,} of them again" if repeated else "")
    )


def _caption(sent_s: Mapping[int, float], seen: Mapping[str, Numbered]) -> str:
    units = [" messages"] + [""] * (len(seen) - 1)
    return (
        "; ".join(
            f"{name}: {_count(sent_s, table, unit)}"
            for (name, table), unit in zip(seen.items(), units, strict=True)
        )
        + "."
    )
