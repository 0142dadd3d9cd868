"""Draws who of a service ended when, and what was lost, for several ways to stop it.

Each way has a panel, all panels have the same time axis, and each part of the service has a row.
When it ended, and how many messages it lost, stands beside the row, so that colour is never the
only cue.

>>> import asyncio
>>> from pubsub_lib import AsyncPubSub
>>> from pubsub_lib.lab.traffic.stopping import Handle, Service, observe
>>> async def read_one(queue: asyncio.Queue[int], handle: Handle) -> None:
...     await handle(await queue.get())
>>> async def just_end(service: Service) -> None:
...     tasks = [asyncio.create_task(one.run(read_one)) for one in service.subscribers]
...     await service.publish_until_told()
>>> endings({"just end": observe(just_end, AsyncPubSub)}).caption
'just end: all have ended after 5.5 s; lost: fast 5, slow 5, dead 6.'
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from pubsub_lib.lab.figures import style
from pubsub_lib.lab.figures.nothing import NothingToDraw, or_nothing
from pubsub_lib.lab.traffic.readers import Pace
from pubsub_lib.lab.traffic.recordings import Span
from pubsub_lib.lab.traffic.stopping import BROKEN_OFF, HANDLED, PUBLISHED, Ending, Life

ENDED_COLUMN, LOST_COLUMN = 1.03, 1.19  # beside the rows, in widths of a panel
END: dict[str, Any] = {"color": style.PUBLISHER, "marker": "|", "ms": 16, "mew": 2.5}
NO_END: dict[str, Any] = {"color": style.PUBLISHER, "marker": ">", "ms": 9, "mew": 0}
CROSS: dict[str, Any] = {"color": style.DROP, "marker": "x", "ms": 9, "mew": 2.5}


@or_nothing
def endings(named: Mapping[str, Ending]) -> style.Plot:
    """Draw when each part of a service ended, and what it lost, with a panel for each way to stop.

    Raises:
        TypeError: if it is not given endings by name.
    """
    if not isinstance(named, Mapping) or not all(isinstance(e, Ending) for e in named.values()):
        raise TypeError(f"endings() draws what observe() returns, by name, not {named!r}")
    if not named:
        raise NothingToDraw("pass an ending or more, by name")
    columns = min(len(named), 2)
    rows = math.ceil(len(named) / columns)
    until_s = 1.1 * max(_last_s(ending) for ending in named.values())
    parts = list(dict.fromkeys(part for ending in named.values() for part in ending.lives))
    with style.course_style():
        figure = Figure(figsize=(6 + 2 * columns, 1.3 + 1.55 * rows))
        figure.set_layout_engine("constrained", wspace=0.04)
        grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        panels = list(grid.flat)
        for axes, (name, ending) in zip(panels, named.items(), strict=False):
            axes.set_title(name, loc="left")
            _draw(axes, ending, parts, until_s)
        for axes in panels[len(named) - columns : len(named)]:
            axes.set_xlabel("time (s)")
            axes.tick_params(labelbottom=True)
        for axes in panels[len(named) :]:
            axes.set_visible(False)
        style.legend_below(figure, _legend(named.values()), columns=3)
    caption = " ".join(f"{name}: {about_ending(ending)}." for name, ending in named.items())
    return style.Plot(figure, caption)


def about_ending(ending: Ending) -> str:
    """Say who never ended, and who lost how many messages."""
    match ending.never:
        case []:
            ends = f"all have ended after {_last_s(ending):g} s"
        case [one]:
            ends = f"{one} never ends"
        case [*others, last]:
            ends = f"{', '.join(others)} and {last} never end"
    lost = ", ".join(f"{subscriber} {count:,}" for subscriber, count in ending.lost.items())
    return f"{ends}; lost: {lost or 'none'}"


def _draw(axes: Axes, ending: Ending, parts: list[str], until_s: float) -> None:
    axes.axvline(ending.told_s, color=style.BOUND, linestyle="--", linewidth=1.2, zorder=0)
    _write(axes, -0.95, ENDED_COLUMN, "ended", color=style.BOUND)
    _write(axes, -0.95, LOST_COLUMN, "lost", color=style.BOUND)
    for part, life in ending.lives.items():
        row = parts.index(part)
        end_s = until_s if life.ended_s is None else life.ended_s
        axes.plot([0, end_s], [row, row], color=style.GREY, linewidth=1.0, zorder=0.5)
        for span in life.spans:
            _draw_span(axes, row, span, life, until_s)
        axes.plot(end_s, row, clip_on=False, **(NO_END if life.ended_s is None else END))
        if life.ended_s is None:
            _write(axes, row, ENDED_COLUMN, "never", weight="bold")
        else:
            _write(axes, row, ENDED_COLUMN, f"{life.ended_s:g} s")
        if life.lost:
            _write(axes, row, LOST_COLUMN, f"{life.lost:,}", color=style.DROP, weight="bold")
        elif life.pace is not None:
            _write(axes, row, LOST_COLUMN, "0")
    axes.set_yticks(range(len(parts)), parts)
    axes.set_ylim(len(parts) - 0.5, -0.5)
    axes.set_xlim(-0.02 * until_s, until_s)
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.tick_params(axis="y", length=0, pad=8)


def _draw_span(axes: Axes, row: int, span: Span, life: Life, until_s: float) -> None:
    colour = style.PUBLISHER if life.pace is None else style.COLOURS[life.pace]
    end_s = min(span.end_s, until_s)
    width_s = end_s - span.start_s
    if span.doing in (PUBLISHED, HANDLED):
        marker = "s" if life.pace is None else style.MARKERS[life.pace]
        axes.barh(row, width_s, 0.5, span.start_s, color=colour, alpha=0.4, linewidth=0)
        axes.plot(end_s, row, color=colour, marker=marker, ms=7, clip_on=False)
        return
    axes.barh(row, width_s, 0.5, span.start_s, linewidth=0.8, **style.WAITING)
    if span.doing == BROKEN_OFF:
        axes.plot(end_s, row, zorder=3, clip_on=False, **CROSS)


def _write(axes: Axes, row: float, column: float, text: str, **look: Any) -> None:
    axes.annotate(
        text,
        (column, row),
        xycoords=("axes fraction", "data"),
        va="center",
        fontsize=10,
        annotation_clip=False,
        **look,
    )


def _legend(endings: Iterable[Ending]) -> dict[str, Artist]:
    """Return the key to what is drawn, and to nothing else."""
    lives = [life for ending in endings for life in ending.lives.values()]
    done = {span.doing for life in lives for span in life.spans}
    is_slow = any(life.pace is Pace.SLOW for life in lives)
    ends = any(life.ended_s is not None for life in lives)
    colour, marker = style.COLOURS[Pace.SLOW], style.MARKERS[Pace.SLOW]
    key: dict[str, tuple[bool, Artist]] = {
        "told to stop": (True, Line2D([], [], color=style.BOUND, linestyle="--", linewidth=1.2)),
        "handles a message": (is_slow, Patch(color=colour, alpha=0.4, linewidth=0)),
        "has handled it": (is_slow, _mark(color=colour, marker=marker, ms=7)),
        "never gets it done": (bool(done - {HANDLED, PUBLISHED}), Patch(**style.WAITING)),
        "broken off": (BROKEN_OFF in done, _mark(**CROSS)),
        "ended": (ends, _mark(**END)),
    }
    return {words: artist for words, (is_drawn, artist) in key.items() if is_drawn}


def _mark(**look: Any) -> Line2D:
    return Line2D([], [], linestyle="none", **look)


def _last_s(ending: Ending) -> float:
    ends = [life.ended_s for life in ending.lives.values() if life.ended_s is not None]
    return max(ending.told_s, *ends) if ends else ending.told_s
