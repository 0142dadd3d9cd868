"""What learners type: a film of a day with their own loop, from a recording or from a run now."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pubsub_lib.lab.lesson.sources import source_of
from pubsub_lib.lab.real_runs.day import Day
from pubsub_lib.lab.real_runs.filming import DayFilm, film_of_day
from pubsub_lib.lab.real_runs.recorded import recording_of
from pubsub_lib.lab.real_runs.serving import Relay, Serve


def film_a_day(serve: Serve, *, title: str = "") -> DayFilm | None:
    """Return a film of a day at desks that run this loop; `None` if it is not written yet.

    Of the notebook's own loop there is a recording. Any other is run, which takes some seconds: in
    processes of their own, which know nothing but its source.

    Args:
        serve: a coroutine function of an inbox and a ledger.
        title: what stands above the film.
    """
    if _is_not_written(serve):
        return None
    source = source_of(serve)
    return film_of_day(recording_of(source) or day_with(source), title=title)


def day_with(source: str) -> Day:
    """Run a day, in a thread, since the event loop of a notebook runs already."""
    from pubsub_lib.lab.real_runs.running import run_day  # which needs a client of NATS

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, run_day(source)).result()


def relayed_with(relay: Relay) -> list[int]:
    """Return what a real server has after some trouble with a relay; runs in a thread, too."""
    from pubsub_lib.lab.real_runs.relaying import relay_through_trouble

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, relay_through_trouble(relay)).result()


def _is_not_written(serve: Serve) -> bool:
    """Whether it raises `NotImplementedError` at once, as an exercise does that is not begun."""
    nothing: Any = None
    begun: Any = serve(nothing, nothing)
    try:
        begun.send(None)
    except NotImplementedError:
        return True
    except Exception:  # it asks an inbox for orders, and there is none
        return False
    begun.close()
    return False
