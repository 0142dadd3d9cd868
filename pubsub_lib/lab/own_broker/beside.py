"""Films what breaks a promise, beside the finished broker, which keeps it.

>>> from pubsub_lib.lab.own_broker.played import Played
>>> from pubsub_lib.lab.own_broker.playing import play
>>> from pubsub_lib.lab.own_broker.programs import BrokerProgram
>>> program = BrokerProgram(1, (True,), ())
>>> made = film_beside(
...     lambda broker_class: play(broker_class, program, Played()),
...     load(given_state("03")),
...     title="Nothing is published",
...     max_steps=1_000,
... )
>>> list(made.recordings)
['yours', 'one that keeps it']
"""

import contextlib
import io
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from pubsub_lib.lab.own_broker.given import given_state
from pubsub_lib.lab.own_broker.loading import load
from pubsub_lib.lab.own_broker.stages import STAGES
from pubsub_lib.lab.replay import Film, FilmTooLong, film

YOURS, KEEPS_IT = "yours", "one that keeps it"


def film_beside(
    run: Callable[[Any], Coroutine[Any, Any, None]],
    broker_class: Any,
    *,
    title: str,
    max_steps: int,
    source: Iterable[Any] = (),
) -> Film | None:
    """Return a film of a program over a learner's broker and over the finished one.

    Args:
        run: makes the program, of a broker's class.
        broker_class: the learner's.
        title: what stands above it.
        max_steps: how many steps the tasks may take, over each.
        source: what is shown of the program's source, as `film` takes it.

    Returns:
        The film, without the brokers, which could not leave the process; `None` if it would be too
        long.
    """
    runs = {YOURS: run(broker_class), KEEPS_IT: run(load(given_state(STAGES[-1].notebook)))}
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            made = film(runs, title=title, source=source, max_steps=max_steps)
    except FilmTooLong:
        for one in runs.values():
            one.close()
        return None
    made.results.clear()
    made.errors.clear()
    return made
