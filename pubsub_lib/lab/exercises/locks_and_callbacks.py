"""The checks of notebook 01. What may hang runs in a thread of its own, with a time limit.

>>> from pubsub_lib.lab.exercises import examine
>>> def stop_at_the_first(callbacks, message):
...     for callback in callbacks:
...         callback(message)
...     return []
>>> examine("01.3", stop_at_the_first).explanation
'a callback raises, and so does call_all(); catch it, whatever Exception it is, and go on'
"""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from pubsub_lib.lab.clock.virtual_time import VirtualTimeError
from pubsub_lib.lab.exercises.checking import AN_HOUR_S, exercise, require, run_without_polling
from pubsub_lib.lab.exercises.hints import hints
from pubsub_lib.lab.processes.time_limits import StillRunning, call_with_limit

LIMIT_S = 2.0
LOOKS_AGAIN = (
    "while nothing arrives, somebody looks again and again; `await queue.get()` waits until there "
    "is something"
)
BEHIND = 200  # orders that wait for their handler, more than the bounds of most queues


class UnheardOf(Exception):
    """One that no answer can name: what strangers' callbacks raise is anybody's guess."""


@exercise("01.3", "everybody was called, and the publisher knows who failed and how")
def check_call_all(call_all: Callable[..., Any]) -> None:
    """Refuse an answer that skips callbacks, or hides what they raised, or catches too much."""
    called: list[str] = []
    errors = [UnheardOf("the first failure"), UnheardOf("the second failure")]

    def callback(name: str, error: BaseException | None = None) -> Callable[[str], None]:
        def call(message: str) -> None:
            called.append(f"{name} got {message}")
            if error is not None:
                raise error

        return call

    callbacks = [callback("A"), callback("B", errors[0]), callback("C", errors[1]), callback("D")]
    try:
        returned = call_all(callbacks, "hello")
    except UnheardOf:
        require(
            False,
            "a callback raises, and so does call_all(); catch it, whatever Exception it is, and go "
            "on",
        )
    expected = [f"{name} got hello" for name in "ABCD"]
    require(
        called == expected,
        f"of A, B, C and D, B and C raise; each is to be called once, and the calls are: {called}",
    )
    require(
        isinstance(returned, list) and returned == errors,
        f"return the exceptions, in the order of the callbacks: {errors}, and not {returned!r}",
    )
    require(
        call_all([callback("A")], "hello") == [],
        "nobody raises, and the list that is returned is not empty",
    )
    try:
        call_all([callback("A", KeyboardInterrupt())], "hello")
    except KeyboardInterrupt:
        return
    require(
        False,
        "it catches KeyboardInterrupt too, so the stop button no longer works; "
        "catch Exception, which leaves it alone",
    )


hints(
    "01.3",
    "Where does the `try` stand: around the loop, or inside it? One of the two goes on after an "
    "exception.",
    "`except Exception as error:` lets KeyboardInterrupt through, as that is no Exception. Put "
    "each error in a list, and return the list after the loop.",
)


@exercise("01.1", "a callback may publish, subscribe and take its time, and the list stays guarded")
def check_reentrant(publisher_class: Callable[[], Any]) -> None:
    """Refuse a publisher that holds its lock during callbacks, or goes without lock or snapshot."""
    _delivers(publisher_class())
    _callback_publishes(publisher_class())
    _callback_subscribes(publisher_class())
    _others_get_in_meanwhile(publisher_class())
    _subscribe_takes_the_lock(publisher_class())
    _a_list_that_changes_is_read_under_the_lock(publisher_class())


hints(
    "01.1",
    "`subscribe` takes the lock, as in NaivePubSub. In `publish`, what needs the lock, and what "
    "must not have it?",
    "Only to read the list needs it. If you have a copy of the list, nobody can change that.",
    "`with self.lock:` make the copy, `list(self.subscribers)`; after the block, call each one in "
    "it.",
)


@exercise("01.2", "orders take their time, alarms do not wait for them, and run() ends after all")
def check_client(client_class: Callable[[], Any]) -> None:
    """Refuse a client in which subjects wait for each other, or that mixes up or leaves work."""
    try:
        for slow, quick in (("orders", "alarms"), ("alarms", "orders")):
            run_without_polling(
                _handles_each_subject_by_itself(client_class(), slow, quick), LOOKS_AGAIN
            )
        run_without_polling(_waits_for_nobody_with_much_to_do(client_class()), LOOKS_AGAIN)
    except* VirtualTimeError as stuck:
        require(
            False,
            f"the None has come, and run() never returns, because somebody waits for what never "
            f"comes: {stuck.exceptions[0]}",
        )


hints(
    "01.2",
    "Who reads `self.arrived` must not wait for a handler. So it only passes on what has arrived. "
    "To whom?",
    "Each subject gets a queue, and a task of a TaskGroup that reads it and awaits the handler: "
    "so one subject's messages stay in line.",
    "When the None has come, put a None in each of the queues: the tasks end when they read it, "
    "and the TaskGroup waits for that.",
)


async def _handles_each_subject_by_itself(client: Any, slow: str, quick: str) -> None:
    now = asyncio.get_running_loop().time
    handled: dict[str, list[tuple[int, float]]] = {slow: [], quick: []}
    at_work = {slow: 0, quick: 0}
    together: set[str] = set()

    def handler(subject: str, *, first_s: float, others_s: float) -> Callable[[int], Any]:
        async def handle(number: int) -> None:
            at_work[subject] += 1
            if at_work[subject] > 1:
                together.add(subject)
            await asyncio.sleep(first_s if number < 3 else others_s)
            at_work[subject] -= 1
            handled[subject].append((number, round(now(), 6)))

        return handle

    client.handlers[slow] = handler(slow, first_s=2, others_s=1)
    client.handlers[quick] = handler(quick, first_s=0, others_s=0)
    running = asyncio.create_task(client.run(), name="client")
    for number, subject in enumerate([slow, quick, slow, quick, slow], 1):
        await client.arrived.put((subject, number))
    await asyncio.sleep(AN_HOUR_S)
    if running.done():
        running.result()
    require(
        not running.done(),
        "run() has returned, and the None has not come: there may be more, even if nothing has "
        "arrived for a while",
    )
    await client.arrived.put((quick, 6))
    await client.arrived.put((slow, 7))
    await client.arrived.put(None)
    await running
    returned_s = now()
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    require(
        sorted(handled[quick])[:2] == [(2, 0.0), (4, 0.0)],
        f"{quick} 2 and 4 arrive at 0 s, behind {slow} that take their time, and are handled "
        f"(number, s): {handled[quick][:2]}; nobody is to wait for another subject's handler",
    )
    require(
        not together,
        f"two {slow} are handled at the same time; of one subject, one after the other",
    )
    require(
        [number for number, _ in handled[slow]] == [1, 3, 5, 7]
        and [number for number, _ in handled[quick]] == [2, 4, 6],
        f"{slow} 1, 3, 5 and 7 and {quick} 2, 4 and 6 arrive, and when run() returns these are "
        f"handled (number, s): {handled[slow]} and {handled[quick]}",
    )
    require(
        returned_s == AN_HOUR_S + 1,
        f"of the {slow} the last arrives at {AN_HOUR_S:g} s and takes 1 s; run() is to end then, "
        f"and ends at {returned_s:g} s",
    )
    require(not left, f"run() has returned, and {len(left)} of its tasks are still waiting")


async def _waits_for_nobody_with_much_to_do(client: Any) -> None:
    alarms_s: list[float] = []

    async def take_a_second(number: int) -> None:
        await asyncio.sleep(1)

    async def note(number: int) -> None:
        alarms_s.append(asyncio.get_running_loop().time())

    client.handlers["orders"], client.handlers["alarms"] = take_a_second, note
    for number in range(BEHIND):
        client.arrived.put_nowait(("orders", number))
    client.arrived.put_nowait(("alarms", BEHIND))
    client.arrived.put_nowait(None)
    await client.run()
    require(
        alarms_s == [0.0],
        f"{BEHIND} orders of 1 s arrive, and an alarm behind them, which is handled at "
        f"{', '.join(f'{at_s:g} s' for at_s in alarms_s)}; a queue with a bound makes whoever "
        "puts into it wait, and so all the others",
    )


def _delivers(publisher: Any) -> None:
    received: list[tuple[str, str]] = []
    for name in ("A", "B"):
        publisher.subscribe(lambda message, name=name: received.append((name, message)))
    _in_time(lambda: [publisher.publish("1"), publisher.publish("2")], "publish() has not returned")
    require(
        received == [("A", "1"), ("B", "1"), ("A", "2"), ("B", "2")],
        f"A and B subscribe, 1 and 2 are published, and the deliveries are {received}",
    )


def _callback_publishes(publisher: Any) -> None:
    received: list[str] = []

    def answer(message: str) -> None:
        received.append(message)
        if message == "ping":
            publisher.publish("pong")

    publisher.subscribe(answer)
    _in_time(lambda: publisher.publish("ping"), "a callback publishes, and does not come back")
    require(
        received == ["ping", "pong"],
        f"a callback publishes pong when it gets ping; it is to get both, and gets {received}",
    )


def _callback_subscribes(publisher: Any) -> None:
    received: list[str] = []

    def invite(message: str) -> None:
        if message == "first":
            publisher.subscribe(received.append)

    publisher.subscribe(invite)
    _in_time(lambda: publisher.publish("first"), "a callback subscribes, and does not come back")
    require(
        received == [],
        "a callback subscribes another one, and that one gets the message that was under way; "
        "go through a copy of the list",
    )
    _in_time(lambda: publisher.publish("second"), "publish() has not returned")
    require(
        received == ["second"],
        f"who subscribed during a publish is to get the next message once, and gets {received}",
    )


def _others_get_in_meanwhile(publisher: Any) -> None:
    got_in: list[bool] = []

    def wait_for_another(message: str) -> None:
        if message == "outer":
            other = threading.Thread(target=publisher.publish, args=("inner",), daemon=True)
            other.start()
            other.join(LIMIT_S / 2)
            got_in.append(not other.is_alive())

    publisher.subscribe(wait_for_another)
    _in_time(lambda: publisher.publish("outer"), "publish() has not returned")
    require(
        got_in == [True],
        "while a callback runs, another thread cannot publish; "
        "let go of the lock before the first callback is called",
    )


def _subscribe_takes_the_lock(publisher: Any) -> None:
    lock: Any = getattr(publisher, "lock", None)
    require(hasattr(lock, "__enter__"), "keep the lock in self.lock; the list still needs it")
    with lock:
        subscribing = threading.Thread(target=publisher.subscribe, args=(print,), daemon=True)
        subscribing.start()
        subscribing.join(0.1)
        waits = subscribing.is_alive()
    subscribing.join(LIMIT_S)
    require(
        waits, "subscribe() does not wait for another thread that holds the lock; take it there"
    )


def _a_list_that_changes_is_read_under_the_lock(publisher: Any) -> None:
    """Whoever puts a new list in the place of the old one may read it without the lock."""
    publisher.subscribe(lambda message: None)
    before = publisher.subscribers
    publisher.subscribe(lambda message: None)
    if publisher.subscribers is not before:
        return
    with publisher.lock:
        publishing = threading.Thread(target=publisher.publish, args=("hello",), daemon=True)
        publishing.start()
        publishing.join(0.1)
        waits = publishing.is_alive()
    publishing.join(LIMIT_S)
    require(
        waits,
        "publish() reads the list while another thread holds the lock, and may be changing it; "
        "take the lock for the copy, and let go of it before you call",
    )


def _in_time[T](call: Callable[[], T], what: str) -> T:
    try:
        return call_with_limit(call, limit_s=LIMIT_S)
    except StillRunning as still_running:
        require(False, f"{what}: {still_running}")
        raise
