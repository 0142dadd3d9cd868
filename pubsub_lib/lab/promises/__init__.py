"""What a broker promises, as data: a sentence, whom it applies to, and a program that tries it.

The contract of the library's brokers, the check of a learner's own, captions and the table "which
broker promises what" are all made from this list. Nothing here needs pytest.

- `traits` and `kinds`: what is true of a kind of broker, and how one is opened.
- `promise` and `stages`: what a promise is, and all of them, a module for each step of the course.
- `trial` and `keeping`: one run of a program, what it found, and what that says.
- `catalogue`: which promises a kind has to keep. `stepping`: what the programs share.
- `over_a_network`: the kinds that need a server; to be imported where nats-py is installed.

>>> from pubsub_lib import ChapterPubSub
>>> class MyBroker[T](ChapterPubSub[T]):
...     async def publish(self, message: T) -> None:
...         for queue in self.queues[:2]:
...             await queue.put(message)
>>> mine = Kind(MyBroker, {Trait.IN_PROCESS, Trait.DROPS})
>>> outcomes = [keeps(mine, promise) for promise in which_promises(mine, Stage.FAN_OUT)]
>>> print(next(outcome for outcome in outcomes if not outcome.kept))
MyBroker breaks this promise: Each subscriber reads at its own pace.
messages that still wait for each: [0, 1, 0]; expected was [0, 1, 1]
"""

from pubsub_lib.lab.promises.catalogue import PROMISES, promise_table, which_promises
from pubsub_lib.lab.promises.keeping import TrialOutcome, keeps, try_case
from pubsub_lib.lab.promises.kinds import (
    ASYNC_PUB_SUB,
    CHAPTER_PUB_SUB,
    IN_PROCESS_KINDS,
    RING_PUB_SUB,
    Kind,
)
from pubsub_lib.lab.promises.promise import Promise, Stage
from pubsub_lib.lab.promises.traits import MANAGED, Trait
from pubsub_lib.lab.promises.trial import BrokenPromise, Finding, Trial

__all__ = [
    "ASYNC_PUB_SUB",
    "CHAPTER_PUB_SUB",
    "IN_PROCESS_KINDS",
    "MANAGED",
    "PROMISES",
    "RING_PUB_SUB",
    "BrokenPromise",
    "Finding",
    "Kind",
    "Promise",
    "Stage",
    "Trait",
    "Trial",
    "TrialOutcome",
    "keeps",
    "promise_table",
    "try_case",
    "which_promises",
]
