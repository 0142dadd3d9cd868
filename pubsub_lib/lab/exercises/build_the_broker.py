"""The checks of notebook 03: the chapter's broker, step by step.

>>> from pubsub_lib import ChapterPubSub
>>> from pubsub_lib.lab.exercises import examine
>>> examine("03.1", ChapterPubSub).state
'solved'
>>> examine("03.2", ChapterPubSub).explanation
'keep count of the messages that were dropped, in self.dropped'
"""

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

from pubsub_lib.first_attempts.chapter import ChapterPubSub
from pubsub_lib.in_process.queue_broker import AsyncPubSub
from pubsub_lib.interfaces import Broker
from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.costs.timers import count_timers
from pubsub_lib.lab.exercises.checking import AN_HOUR_S, exercise, require, run_without_polling
from pubsub_lib.lab.exercises.hints import hints
from pubsub_lib.messages import Message

LOOKS_FOR_ROOM = (
    "while a queue is full it looks for room again and again; `await queue.put()` waits until "
    "there is some"
)
A_MOMENT_S = 0.1
ROOM_AFTER_S = 0.5371  # at no time at which somebody would look
FIRST, SECOND, THIRD = Message("first"), Message("second"), Message("third")


@exercise("03.1", "every subscriber has a bounded queue of its own, and every message is in it")
def check_fan_out(broker_class: Callable[..., Any]) -> None:
    """Refuse a broker whose queues are shared or unbounded, or that loses messages."""

    async def main() -> None:
        broker = broker_class(maxsize=2)
        early = await _subscribed(broker)
        other = await _subscribed(broker)
        require(
            early is not other,
            "two subscribers get the same queue, so each message reaches only one of them",
        )
        require(
            early.maxsize == 2,
            f"the broker has maxsize=2, and the queue that subscribe() returns {early.maxsize}",
        )
        require(
            broker.queues == [early, other],
            "self.queues is the list of the subscribers' queues, in the order of subscribing",
        )
        require(
            not broker_class(maxsize=2).queues,
            "a second broker begins with the first one's queues; make the list in __init__",
        )
        await broker.publish(FIRST)
        late = await _subscribed(broker)
        await broker.publish(SECOND)
        for name, queue, sent in (
            ("first", early, [FIRST, SECOND]),
            ("second", other, [FIRST, SECOND]),
            ("third, who came after the first message,", late, [SECOND]),
        ):
            waiting = _emptied(queue)
            require(
                waiting == sent,
                f"the {name} subscriber is to get {_contents(sent)} and gets {_contents(waiting)}",
            )
        await _publish_waits_for_room(broker, early)

    run_without_polling(main(), LOOKS_FOR_ROOM)
    run_virtual(_bound_is_that_of_the_broker(broker_class))


hints(
    "03.1",
    "Two things are kept, in `__init__`: the bound, and an empty list. What does each subscriber "
    "bring to that list?",
    "`asyncio.Queue(self.maxsize)` is a queue with the bound. `subscribe()` appends it to "
    "`self.queues`, and returns the same queue.",
    "In `publish()`, a loop over `self.queues`, and in it `await queue.put(message)`, which waits "
    "where there is no room.",
)


async def _bound_is_that_of_the_broker(broker_class: Callable[..., Any]) -> None:
    for broker, bound in ((broker_class(), 100), (broker_class(maxsize=7), 7)):
        made = "without an argument" if bound == 100 else f"with maxsize={bound}"
        require(
            getattr(broker, "maxsize", None) == bound, f"{made}, the broker's maxsize is {bound}"
        )
        queue = await _subscribed(broker)
        require(
            queue.maxsize == bound,
            f"{made}, the broker's queues have a maxsize of {bound}, and not {queue.maxsize}",
        )


async def _publish_waits_for_room(broker: Any, full: asyncio.Queue[Any]) -> None:
    now = asyncio.get_running_loop().time
    start = now()
    while not full.full():
        full.put_nowait(FIRST)
    async with asyncio.TaskGroup() as group:
        group.create_task(_take_one_after(ROOM_AFTER_S, full), name="reader")
        try:
            await broker.publish(THIRD)
        except asyncio.QueueFull:
            require(False, "publish() raises QueueFull; where a queue is full, wait for room")
        _took_as_long_as_there_was_no_room(now() - start)
    require(
        THIRD in _emptied(full),
        f"a queue was full, its reader made room after {ROOM_AFTER_S:g} s, and the message is not "
        "in it",
    )


def _took_as_long_as_there_was_no_room(seconds: float) -> None:
    require(
        round(seconds, 6) == ROOM_AFTER_S,
        f"a full queue gets room after {ROOM_AFTER_S:g} s, and publish() returns after "
        f"{seconds:g} s; `queue.put()` waits for room, and no longer",
    )


@exercise("03.2", "a full queue costs 1.0 s and one message, which is counted; the others get it")
def check_drop(broker_class: Callable[..., Any]) -> None:
    """Refuse a broker that drops too soon, too much, for everybody, or in silence."""

    async def main() -> None:
        now = asyncio.get_running_loop().time
        broker = broker_class(maxsize=1)
        before, stuck, after = [await _subscribed(broker) for _ in range(3)]
        await broker.publish(FIRST)
        _emptied(before), _emptied(after)
        require(
            getattr(broker, "dropped", None) is not None,
            "keep count of the messages that were dropped, in self.dropped",
        )
        require(broker.dropped == 0, f"nothing was dropped yet, and dropped is {broker.dropped}")
        start = now()
        try:
            await broker.publish(SECOND)
        except TimeoutError:
            require(False, "publish() raises TimeoutError; catch it, and count the message")
        seconds = now() - start
        for name, queue in (("before", before), ("behind", after)):
            require(
                _emptied(queue) == [SECOND],
                f"one queue is full, and the subscriber {name} it does not get the message",
            )
        require(
            seconds == 1.0,
            f"with one full queue, publish() takes {seconds:g} s; wait for it up to 1.0 s",
        )
        require(broker.dropped == 1, f"1 message was dropped, and dropped is {broker.dropped}")
        require(
            _emptied(stuck) == [FIRST],
            "the message that finds no room is dropped, and not one that is in the queue already",
        )
        stuck.put_nowait(FIRST)
        await broker.publish(SECOND)
        require(
            broker.dropped == 2,
            f"2 messages in a row were dropped, and dropped is {broker.dropped}",
        )
        _emptied(before), _emptied(after)
        start = now()
        async with asyncio.TaskGroup() as group:
            group.create_task(_take_one_after(ROOM_AFTER_S, stuck), name="reader")
            await broker.publish(THIRD)
            _took_as_long_as_there_was_no_room(now() - start)
        require(
            _emptied(stuck) == [THIRD] and broker.dropped == 2,
            f"a full queue that gets room after {ROOM_AFTER_S:g} s is to get the message; nothing "
            "is dropped",
        )

    run_virtual(main())
    run_virtual(_counts_each_subscriber(broker_class))


async def _counts_each_subscriber(broker_class: Callable[..., Any]) -> None:
    broker = broker_class(maxsize=1)
    for _ in range(3):
        await _subscribed(broker)
    await broker.publish(FIRST)
    await broker.publish(SECOND)
    require(
        broker.dropped == 3,
        f"three queues are full, so three subscribers miss the message, and dropped is "
        f"{broker.dropped}; count it for each of them",
    )


hints(
    "03.2",
    "`asyncio.wait_for(coroutine, timeout=1.0)` waits for a coroutine, and raises TimeoutError "
    "when the time is up.",
    "The coroutine is `queue.put(message)`, as before, without an `await` of its own: "
    "`await asyncio.wait_for(queue.put(message), timeout=1.0)`.",
    "The `try` belongs inside the loop: then an `except TimeoutError` counts the message, and the "
    "loop goes on with the next queue.",
)


@exercise("03.3", "every subscriber, however slow, reads all its messages, then None, and ends")
def check_shutdown(broker_class: Callable[..., Any]) -> None:
    """Refuse a broker whose subscribers poll, miss a message, or cannot be joined."""
    run_without_polling(
        _reads_what_comes(broker_class),
        "while its queue is empty, run_subscriber() looks again and again; "
        "`await queue.get()` waits until there is something",
    )
    run_without_polling(_shut_down(broker_class), LOOKS_FOR_ROOM)


async def _reads_what_comes(broker_class: Callable[..., Any]) -> None:
    broker, received = broker_class(maxsize=2), list[Any]()
    reading = asyncio.create_task(broker.run_subscriber(received.append), name="subscriber")
    with count_timers() as timers:
        await asyncio.sleep(AN_HOUR_S)
    if reading.done():
        reading.result()
    require(
        not reading.done(),
        "run_subscriber() has returned, and the None has not come: an empty queue means that "
        "there is nothing yet, and not that nothing will come",
    )
    require(
        timers.count == 1,
        "in an hour without a message run_subscriber() wakes up to look for one; "
        "`await queue.get()` waits until there is one",
    )
    for message in (FIRST, FIRST):
        await broker.publish(message)
        await asyncio.sleep(A_MOMENT_S)
    require(
        received == [FIRST, FIRST],
        f"the same message is published twice, and handle() gets {_contents(received)}",
    )
    reading.cancel()


async def _shut_down(broker_class: Callable[..., Any]) -> None:
    broker = broker_class(maxsize=2)
    sent = [FIRST, 0, THIRD]  # of any type, also one that counts as false
    quick, slow = list[Any](), list[Any]()
    tasks = [asyncio.create_task(broker.run_subscriber(quick.append), name="quick subscriber")]
    await asyncio.sleep(A_MOMENT_S)
    require(len(broker.queues) == 1, "run_subscriber() is to subscribe before anything else")
    queue = broker.queues[0]
    waiting_for_slow = await _subscribed(broker)
    tasks.append(asyncio.create_task(_read_slowly(waiting_for_slow, slow), name="slow subscriber"))
    for message in sent:
        await broker.publish(message)
    joining = asyncio.create_task(queue.join(), name="join")
    await asyncio.sleep(A_MOMENT_S)  # whoever marks its messages has done so by now
    marked = joining.done()
    joining.cancel()
    try:
        with count_timers() as timers:
            await broker.shutdown()
        require(timers.count <= len(sent), LOOKS_FOR_ROOM)  # the slow reader's, one each
    except asyncio.QueueFull:
        require(False, "shutdown() raises QueueFull; where a queue is full, wait for room")
    on_the_way = asyncio.all_tasks() - {asyncio.current_task(), *tasks}
    finished, running = await asyncio.wait(tasks, timeout=4 * AN_HOUR_S)
    for task in running:
        task.cancel()
    for task in finished:
        task.result()
    for name, received in (("quick", quick), ("slow", slow)):
        require(None not in received, "None is not a message: stop there, do not handle it")
        require(
            received == sent,
            f"the {name} subscriber is to get {_contents(sent)} and gets {_contents(received)}",
        )
    require(
        not running,
        "hours after shutdown() a subscriber whose queue was full is still waiting: the None was "
        "dropped, or never sent; it is the one message that must arrive, however long it takes",
    )
    require(
        not on_the_way,
        "shutdown() has returned, and tasks that put the None are still waiting for room: nobody "
        "keeps them; await each put",
    )
    require(marked, "call queue.task_done() once for every message, so that join() can end")


hints(
    "03.3",
    "`shutdown()` is a loop like that of `publish()`. But a None that is dropped leaves a "
    "subscriber waiting for ever, so it takes no time-out.",
    "`run_subscriber()` begins with `queue = await self.subscribe()`. Then comes a loop that waits "
    "for the next message and ends at None: "
    "`while (message := await queue.get()) is not None:`",
    "In the loop: `handle(message)`, and then `queue.task_done()`.",
)


class _AnsweringPubSub(ChapterPubSub[Message]):
    """Returns something of each call, as a broker may."""

    def __init__(self, takes_s: float = 0.0) -> None:
        super().__init__()
        self.takes_s = takes_s
        self.answers: list[str] = []

    def _answered(self, answer: str) -> str:
        self.answers.append(f"{answer} {len(self.answers)}")
        return self.answers[-1]

    async def publish(self, message: Message) -> Any:
        await super().publish(message)
        await asyncio.sleep(self.takes_s)
        return self._answered("published")

    async def shutdown(self) -> Any:
        await super().shutdown()
        await asyncio.sleep(self.takes_s)
        return self._answered("shut down")


class _RefusingPubSub(ChapterPubSub[Message]):
    """Raises whatever it is asked to do, as a broker may that is closed."""

    async def subscribe(self) -> Any:
        raise _Refused

    async def publish(self, message: Message) -> Any:
        raise _Refused

    async def shutdown(self) -> Any:
        raise _Refused


class _Refused(Exception):
    """What no tap can know."""


@exercise("03.4", "your tap fits wherever a broker does, over brokers it has never seen")
def check_tap(tap_class: Callable[..., Any]) -> None:
    """Refuse a tap that is no broker, keeps no copy, or holds something back."""

    async def main(kind: Callable[[], Any]) -> None:
        inner = kind()
        tap = tap_class(inner)
        require(
            not isinstance(tap, AsyncPubSub | ChapterPubSub),
            "do not inherit from a broker: hold the one you are given, and pass the calls on",
        )
        require(isinstance(tap, Broker), "a broker has subscribe(), publish() and shutdown()")
        queue = _awaited("subscribe", await tap.subscribe())
        require(len(inner.queues) == 1, "subscribe() does not reach the inner broker")
        require(
            queue is not None,
            "subscribe() reaches the inner broker and returns None; return what the inner one does",
        )
        other = await tap.subscribe()
        require(
            other is not queue,
            "two subscribe, and get the same queue, so each message reaches only one of them; ask "
            "the inner broker each time",
        )
        sent = [FIRST, SECOND, SECOND, 0]
        returned = [_awaited("publish", await tap.publish(message)) for message in sent]
        require(
            tap.seen == sent,
            f"seen is to hold {_contents(sent)} and holds {_contents(tap.seen)}",
        )
        require(queue.qsize() == 4, "publish() does not reach the inner broker's subscribers")
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(_read(queue), name="subscriber")
            group.create_task(_read(other), name="other subscriber")
            returned.append(_awaited("shutdown", await tap.shutdown()))
        require(reading.result() == sent, "the messages arrive in another order")
        if isinstance(inner, _AnsweringPubSub):
            require(
                returned == inner.answers,
                f"what the inner broker's publish() and shutdown() return, {inner.answers}, the "
                f"tap is to return; it returns {returned}",
            )

    for kind in (ChapterPubSub[Any], AsyncPubSub[Any], _AnsweringPubSub):
        run_virtual(main(kind))
    run_virtual(_takes_as_long_as_the_inner_one(tap_class))
    for method, arguments in (("subscribe", ()), ("publish", (FIRST,)), ("shutdown", ())):
        run_virtual(_passes_errors_on(tap_class, method, arguments))


async def _takes_as_long_as_the_inner_one(tap_class: Callable[..., Any]) -> None:
    now = asyncio.get_running_loop().time
    for method, arguments in (("publish", (FIRST,)), ("shutdown", ())):
        inner, start_s = _AnsweringPubSub(takes_s=AN_HOUR_S), now()
        try:
            returned = await getattr(tap_class(inner), method)(*arguments)
        except TimeoutError:
            returned = "a TimeoutError"
        require(
            [returned] == inner.answers and now() - start_s == AN_HOUR_S,
            f"the inner broker's {method}() takes an hour, and the tap's ends after "
            f"{now() - start_s:g} s with {returned!r}; pass the call on, and wait for its answer",
        )


async def _passes_errors_on(
    tap_class: Callable[..., Any], method: str, arguments: tuple[Message, ...]
) -> None:
    try:
        await getattr(tap_class(_RefusingPubSub()), method)(*arguments)
    except _Refused:
        return
    require(
        False,
        f"the inner broker's {method}() raises, and the tap's does not; whoever calls it is to be "
        "told",
    )


hints(
    "03.4",
    "Each of the three methods has one line that calls the method of the same name on "
    "`self.broker`. Which of them has a second line?",
    "What the inner broker's method returns has to be awaited, and then returned: "
    "`return await self.broker.subscribe()`.",
)


def _awaited(method: str, returned: Any) -> Any:
    """Return what a method of a tap returned, unless it is still to be awaited."""
    if inspect.iscoroutine(returned):
        returned.close()
        require(
            False,
            f"{method}() returns what the inner broker's gave it, and nobody has awaited that: "
            f"`return await self.broker.{method}(...)`",
        )
    return returned


async def _subscribed(broker: Any) -> asyncio.Queue[Any]:
    queue = await broker.subscribe()
    require(
        isinstance(queue, asyncio.Queue),
        f"subscribe() is to return an asyncio.Queue, not {queue!r}",
    )
    return queue  # type: ignore[no-any-return]


async def _take_one_after(seconds: float, queue: asyncio.Queue[Any]) -> None:
    await asyncio.sleep(seconds)
    queue.get_nowait()
    queue.task_done()


async def _read(queue: asyncio.Queue[Any]) -> list[Any]:
    messages = []
    while (message := await queue.get()) is not None:
        messages.append(message)
        queue.task_done()
    return messages


async def _read_slowly(queue: asyncio.Queue[Any], messages: list[Any]) -> None:
    """Take an hour for each message, so that the queue is full when the broker is shut down."""
    while (message := await queue.get()) is not None:
        messages.append(message)
        await asyncio.sleep(AN_HOUR_S)
        queue.task_done()


def _emptied(queue: asyncio.Queue[Any]) -> list[Any]:
    messages = []
    while not queue.empty():
        messages.append(queue.get_nowait())
    return messages


def _contents(messages: list[Any]) -> str:
    shown = [
        repr(message.content) if isinstance(message, Message) else repr(message)
        for message in messages
    ]
    return ", ".join(shown) or "nothing"
