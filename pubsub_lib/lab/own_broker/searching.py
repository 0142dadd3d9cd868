"""Searches for the smallest program that breaks a promise of a broker, with hypothesis.

The same broker gets the same programs each time, so it gets the same answer.

>>> from pubsub_lib import ChapterPubSub
>>> from pubsub_lib.lab.promises.stages import ending
>>> [law] = [law for law in LAWS if law.promise is ending.none_cannot_be_published]
>>> found = search(ChapterPubSub, "06", laws=(law,), offers={Trait.ENDING})
>>> for sentence in in_words(found):
...     print(sentence)
There is room for 1 message in each queue; subscriber 1 reads nothing.
Publish None.
"""

import contextlib
import io
import traceback
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, find, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from pubsub_lib.lab.clock.virtual_time import VirtualTimeError, run_virtual
from pubsub_lib.lab.own_broker.beside import film_beside
from pubsub_lib.lab.own_broker.file import is_begun
from pubsub_lib.lab.own_broker.laws import LAWS, Law, first_broken
from pubsub_lib.lab.own_broker.loading import CannotLoadError, load
from pubsub_lib.lab.own_broker.played import Played
from pubsub_lib.lab.own_broker.playing import play
from pubsub_lib.lab.own_broker.programs import (
    MOST_STEPS,
    Action,
    BrokerProgram,
    ProgramStep,
    in_words,
)
from pubsub_lib.lab.own_broker.stages import promises_until, traits_after
from pubsub_lib.lab.promises.traits import Trait
from pubsub_lib.lab.replay import Film
from pubsub_lib.overflow import Overflow

PROGRAMS = 2_000
_MOST_TURNS = 20_000

_NEEDS = {
    Action.PUBLISH_NOWAIT: Trait.TIMEOUT,
    Action.PUBLISH_NONE: Trait.ENDING,
    Action.END: Trait.ENDING,
    Action.LEAVE: Trait.LEAVING,
}
_POLICIES = [Overflow.DROP_NEWEST, Overflow.DROP_OLDEST, Overflow.RAISE]


def _programs(offers: Collection[Trait]) -> st.SearchStrategy[BrokerProgram]:
    """Return programs of what a broker can be asked for that offers this."""
    actions = [each for each in Action if each not in _NEEDS or _NEEDS[each] in offers]
    step = st.builds(
        ProgramStep,
        st.sampled_from([Action.PUBLISH, Action.PUBLISH, *actions]),
        st.integers(0, 2),
        st.sampled_from([False, False, True]),
    )
    return st.builds(
        BrokerProgram,
        st.integers(1, 2),
        st.lists(st.booleans(), min_size=1, max_size=3).map(tuple),
        st.lists(step, max_size=MOST_STEPS).map(tuple),
        st.sampled_from(_POLICIES if Trait.POLICIES in offers else _POLICIES[:1]),
        st.booleans() if Trait.ITERATION in offers else st.just(False),
        st.integers(0, 1) if Trait.REPLAY in offers else st.just(0),
    )


@dataclass(frozen=True, slots=True)
class Nothing:
    """No program that was tried breaks a promise; so many were."""

    programs: int


@dataclass(slots=True)
class Broken:
    """The smallest program that was found to break a promise.

    Attributes:
        sentence: the promise.
        steps: the program, a sentence each.
        reason: how it is broken.
        film: of the program, beside a broker that keeps the promise.
    """

    sentence: str
    steps: list[str]
    reason: str
    film: Film | None


def search(
    broker_class: Callable[..., Any],
    notebook: str,
    *,
    laws: tuple[Law, ...] = LAWS,
    offers: Collection[Trait] | None = None,
    programs: int = PROGRAMS,
    seed: int = 0,
) -> BrokerProgram | None:
    """Return the smallest program found that breaks a law; `None` if none was found.

    Args:
        broker_class: makes a broker, from its bound.
        notebook: up to which stage laws count.
        laws: which laws to look at.
        offers: what the broker can be asked for; by default, all that is asked at that stage.
        programs: how many programs to try.
        seed: which programs; the same ones for the same seed.
    """
    usual = settings(
        max_examples=programs,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    try:
        return find(
            _programs(traits_after(notebook) if offers is None else offers),
            lambda program: judge(broker_class, program, notebook, laws) is not None,
            settings=usual,
            random=Random(seed),
        )
    except NoSuchExample:
        return None


def judge(
    broker_class: Callable[..., Any],
    program: BrokerProgram,
    notebook: str,
    laws: tuple[Law, ...] = LAWS,
) -> tuple[str, str] | None:
    """Return which promise the program breaks, and how; `None` if it breaks none."""
    played = Played()
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            run_virtual(play(broker_class, program, played), max_steps=_MOST_TURNS)
    except VirtualTimeError:
        return promises_until(notebook)[0].sentence, "the program never comes to an end"
    except NotImplementedError as error:
        method = traceback.extract_tb(error.__traceback__)[-1].name
        return promises_until(notebook)[0].sentence, f"`{method}()` is still to be written"
    except Exception as error:
        ended = f"it ends with {type(error).__name__}: {error}".removesuffix(": ")
        return promises_until(notebook)[0].sentence, ended
    broken = first_broken(played, notebook, laws)
    return None if broken is None else (broken[0].promise.sentence, broken[1])


def search_file(path: Path, notebook: str) -> Broken | Nothing | str:
    """Search for what breaks a learner's broker, and film it; say so if there is no broker."""
    try:
        broker_class = load(path)
    except CannotLoadError as error:
        return str(error)
    if not is_begun(path):
        return f"Your broker is not begun yet. Write it in my_course/{path.name}"
    program = search(broker_class, notebook)
    if program is None:
        return Nothing(PROGRAMS)
    broken = judge(broker_class, program, notebook)
    assert broken is not None
    sentence, reason = broken
    made = film_beside(
        lambda of_class: play(of_class, program, Played()),
        broker_class,
        title=sentence.rstrip("."),
        max_steps=_MOST_TURNS,
    )
    return Broken(sentence, in_words(program), reason, made)
