"""Hints for the stages of a broker of one's own; what is checked there is in `lab.own_broker`.

>>> from pubsub_lib.lab.exercises.hints import hint
>>> hint(own("09"))
Hint 1 of 2 for exercise 09.own: An `async def` with a `yield` in it is an asynchronous
generator. Wait for one message with `get()`, and take the others with `get_nowait()`,
as many as `qsize()` says.
"""

from pubsub_lib.lab.exercises.hints import hints
from pubsub_lib.lab.own_broker.stages import own

hints(
    own("03"),
    "`subscribe()` makes an `asyncio.Queue(self.maxsize)`, notes it in a list, and returns it.",
    "`publish()` puts the message in every queue. `asyncio.wait_for(..., timeout=1.0)` around one "
    "`put` ends a wait; a `TimeoutError` there means that this one misses the message.",
    "`shutdown()` puts `None` in every queue, and waits where there is no room yet, however long: "
    "a subscriber that misses it never ends. (What if there never is, stage 06 is about.)",
)
hints(
    own("05"),
    "Let the inbox be a class of its own, `class Inbox(asyncio.Queue)`, with a "
    "`collections.deque` for the line before it: pairs of a message and a future.",
    "`publish()` adds a pair to every line. As long as there is room, the first pair of a line "
    "goes in, and its future gets a result: when it is added, and in `get_nowait()`, which `get()` "
    "calls, too.",
    "`await asyncio.wait(futures, timeout=self.timeout)` waits for all of them with one timer. "
    "What is not done then has missed the message: `cancel()` it, and let the line pass over what "
    "is cancelled. With `DROP_OLDEST`, take messages out until the future is done.",
    "`from pubsub_lib import Delivery, Overflow, PubSubFull`; `Delivery(delivered, missed_by)`, "
    "where `missed_by` is a tuple of what `subscribe()` has returned; `PubSubFull(delivery)`.",
)
hints(
    own("06"),
    "`from pubsub_lib import PubSubClosed, ShutdownReport`; `ShutdownReport(unread, unfinished)` "
    "has the messages that nobody took, and those that were taken and not marked as done.",
    "Let `full()` of an inbox be false once it is finished: then the line, and the end, have room.",
    "The end is no work: after `put_nowait(None)` call `super().task_done()`. Whoever takes the "
    "`None` puts it back, for the next one who asks.",
    "`asyncio.wait([...], timeout=timeout)` over a task for each inbox's `join()` waits for all; "
    "cancel those that are late.",
)
hints(
    own("07"),
    "What `subscribe()` returns needs `__aenter__`, `__aexit__`, and `__await__`, which may be a "
    "generator that yields nothing and returns `self`.",
    "`close()` makes a new tuple without this inbox. A publish that goes through the old one "
    "disturbs nobody.",
    "Settle every future of its line, so that nobody waits for it; take out and mark as done what "
    "is unread, and what is in hand, or `join()` never returns; then put in the end. Who closes in "
    "the middle of a message calls `task_done()` after that, once too often: let it do nothing.",
)
hints(
    own("09"),
    "An `async def` with a `yield` in it is an asynchronous generator. Wait for one message with "
    "`get()`, and take the others with `get_nowait()`, as many as `qsize()` says.",
    "After the `yield`, when the next batch is asked for, mark each message as done.",
)
hints(
    own("10"),
    "A dictionary keeps its order. Take the old entry of a key out before you put the new one in, "
    "and it is the last.",
    "Without a `key` each message is about something of its own: `lambda message: object()`.",
    "`subscribe(replay=n)` puts in the last n values of the dictionary, the oldest first.",
)
