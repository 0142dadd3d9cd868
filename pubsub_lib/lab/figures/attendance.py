"""Draws who was there for which message, and who received it.

>>> from pubsub_lib import AsyncPubSub
>>> from pubsub_lib.lab.traffic.attendance import Visit, run_visits
>>> from pubsub_lib.lab.clock.virtual_time import run_virtual
>>> from pubsub_lib.lab.traffic.loads import open_loop
>>> attendance = run_virtual(
...     run_visits(AsyncPubSub(), open_loop(messages=4, rate_hz=1), [Visit("ada", leaves_s=2.5)])
... )
>>> who_received_what({"AsyncPubSub": attendance}).caption
'AsyncPubSub: 0 of 3 deliveries are missed, 0 come too early.'
"""

from collections.abc import Mapping
from typing import Any

from matplotlib.ticker import MaxNLocator

from pubsub_lib.lab.figures.nothing import NothingToDraw, or_nothing
from pubsub_lib.lab.figures.style import (
    COLOURS,
    DROP,
    GRID,
    MARKERS,
    PUBLISHER,
    Plot,
    legend_below,
    panels_for,
)
from pubsub_lib.lab.traffic.attendance import Attendance, Attended
from pubsub_lib.lab.traffic.readers import Pace

# What is seen at first sight is what went wrong.
_WRONG: dict[Attended, dict[str, Any]] = {
    Attended.MISSED: {"color": DROP, "marker": "X", "markersize": 10},
    Attended.TOO_EARLY: {"color": PUBLISHER, "marker": "<", "markersize": 8},
}
# Once for each kind of viewer in a panel.
_RECEIVED = {Pace.FAST: "received", Pace.SLOW: "received, slowly handled"}


@or_nothing
def who_received_what(attendances: Mapping[str, Attendance]) -> Plot:
    """Draw a row for each subscriber and a mark for each message, one panel a run.

    Where there is no mark, the subscriber was not there. A message that comes "too early" was
    published before the subscriber joined.
    """
    if not attendances:
        raise NothingToDraw("pass a run or more, by name")
    with panels_for(attendances, x="message", y="") as (figure, panels):
        for axes, attendance in zip(panels, attendances.values(), strict=True):
            table = attendance.table()
            rows = {visit.name: row for row, visit in enumerate(attendance.visits)}
            unlabelled = dict(_RECEIVED)
            for visit in attendance.visits:
                pace = Pace.SLOW if visit.service_time_s else Pace.FAST
                numbers = table["number"][
                    (table["subscriber"] == visit.name) & (table["attended"] == Attended.RECEIVED)
                ]
                axes.plot(
                    numbers + 1,
                    [rows[visit.name]] * len(numbers),
                    color=COLOURS[pace],
                    marker=MARKERS[pace],
                    markersize=4.5,
                    linestyle="none",
                    label=unlabelled.pop(pace, None),
                )
            for attended, look in _WRONG.items():
                some = table[table["attended"] == attended]
                axes.plot(
                    some["number"] + 1,
                    some["subscriber"].map(rows),
                    linestyle="none",
                    label=str(attended),
                    **look,
                )
            axes.set_yticks(list(rows.values()), list(rows))
            axes.set_ylim(len(rows) - 0.4, -0.6)
            axes.set_xlim(0, len(attendance.publishes) + 1)
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.tick_params(axis="y", length=0)
            axes.grid(axis="y", **GRID)
            axes.set_axisbelow(True)
        legend_below(figure, panels, columns=4)
        figure.set_figheight(1.6 + 0.26 * max(len(a.visits) for a in attendances.values()))
    return Plot(figure, " ".join(f"{name}: {_about(a)}." for name, a in attendances.items()))


def _about(attendance: Attendance) -> str:
    missed, too_early = (attendance.count(attended) for attended in _WRONG)
    owed = attendance.count(Attended.RECEIVED) + missed
    return f"{missed:,} of {owed:,} deliveries are missed, {too_early:,} come too early"
