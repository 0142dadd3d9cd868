"""What a promise is: a sentence, a stage, whom it applies to, and a small program that tries it.

A module of `stages` holds the promises of one stage. There a promise looks like this:

>>> promise = Stage.FAN_OUT.promise
>>> @promise(Trait.DROPS, maxsize=3)
... async def nothing_is_read_before_it_is_published(broker: Any, trial: Any) -> None:
...     "A newcomer has nothing to read."
...     newcomer = await broker.subscribe()
...     trial.found("messages that wait", newcomer.qsize(), expected=0)
>>> nothing_is_read_before_it_is_published.sentence
'A newcomer has nothing to read.'
>>> nothing_is_read_before_it_is_published.options
{'maxsize': 3}
"""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from pubsub_lib.lab.promises.traits import Trait

if TYPE_CHECKING:
    from pubsub_lib.lab.promises.kinds import Kind

type PromiseProgram = Callable[..., Coroutine[Any, Any, None]]
"""Takes a freshly opened broker, the `Trial` that notes what is found, and what a case gives it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """Something that a broker promises, and that can be tried.

    Attributes:
        name: what the program is called; no two promises share one.
        sentence: what is promised, in plain words; the program's docstring.
        stage: the step of building a broker that it belongs to.
        needs: whom it applies to: every broker that has all of these traits.
        program: uses the broker, and tells the trial what was found, and what was expected.
        options: what the broker is opened with.
        cases: further arguments of the program, a mapping for each run of it.
        fault: the fault of the chapter's broker, D1 to D13, that a broker which keeps the promise
            does not have; notebook 04 shows them. Empty if there is none.
    """

    name: str
    sentence: str
    stage: "Stage"
    needs: frozenset[Trait]
    program: PromiseProgram
    options: Mapping[str, Any]
    cases: Sequence[Mapping[str, Any]]
    fault: str

    def applies_to(self, kind: "Kind") -> bool:
        """Return whether a broker of this kind has to keep it."""
        return self.needs <= kind.traits


class Stage(Enum):
    """A step of building a broker, in the order of the course.

    Attributes:
        title: what the step adds to a broker.
        notebook: the number of the notebook that takes it.
    """

    FAN_OUT = ("fan-out", "03")
    READING = ("reading", "03")
    EVENT_LOOPS = ("one event loop", "04")
    THREADS = ("threads", "04")
    BOUND = ("a bound", "05")
    OVERFLOW = ("overflow", "05")
    ENDING = ("ending", "06")
    JOINING_AND_LEAVING = ("joining and leaving", "07")
    FILTERS = ("filters", "07")
    STATISTICS = ("statistics", "08")
    BATCHES = ("batches", "09")
    LAST_VALUE = ("a last value for newcomers", "10")

    def __init__(self, title: str, notebook: str) -> None:
        self.title = title
        self.notebook = notebook

    def promise(
        self,
        *needs: Trait,
        fault: str = "",
        cases: Sequence[Mapping[str, Any]] = ({},),
        **options: Any,
    ) -> Callable[[PromiseProgram], Promise]:
        """Make a promise of the program below, and of its docstring the sentence.

        Args:
            needs, fault, cases: as in `Promise`.
            options: what the broker is opened with.
        """

        def decorate(program: PromiseProgram) -> Promise:
            return Promise(
                name=program.__name__,
                sentence=program.__doc__ or program.__name__.replace("_", " "),
                stage=self,
                needs=frozenset(needs),
                program=program,
                options=options,
                cases=cases,
                fault=fault,
            )

        return decorate
