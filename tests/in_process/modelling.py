"""What the tests share that try operations in any order, against a model or in a race.

A model is a broker in plain Python, slow and easy to follow. A `Comparison` does everything twice,
with the broker and with its model, lets everything run until it waits, and compares them.
"""

import asyncio
import os
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import settings
from hypothesis import strategies as st

from pubsub_lib import (
    BrokerStats,
    Deliveries,
    Delivery,
    Disconnected,
    Lagged,
    PubSubClosed,
    PubSubFull,
    ShutdownReport,
    delivered_before,
)
from pubsub_lib.in_process.subscription import BaseSubscription
from tests.stepping import let_all_run

END = "the end"
BROKEN = "the filter's error"
CUT_OFF = "was too slow"

FOREVER = float("inf")

# Always the same ones; EXAMPLES=20000 tries so many others, chosen at random.
_USUAL = 150
_EXAMPLES = int(os.environ.get("EXAMPLES", _USUAL))
examples = settings(
    max_examples=_EXAMPLES,
    derandomize=_EXAMPLES <= _USUAL,
    database=None,
)


class FilterError(Exception):
    """What a broken filter raises."""


def is_even(number: int) -> bool:
    return number % 2 == 0


def is_even_or_breaks(number: int) -> bool:
    if number % 7 == 6:
        raise FilterError(number)
    return number % 2 == 0


def pick(things: list, index: int) -> list:
    """Return a list of one of them, or of none if there are none."""
    return [things[index % len(things)]] if things else []


def outcome(task: asyncio.Task) -> object:
    """Return what came of a task; `None` while it goes on."""
    if not task.done():
        return None
    return asyncio.CancelledError if task.cancelled() else task.result()


async def publish(publishing) -> object:
    """Publish, and return how many have the message, and the names of those that missed one."""
    try:
        return described(await publishing)
    except asyncio.CancelledError as cancelled:
        report = delivered_before(cancelled)
        return (asyncio.CancelledError, *(described(report) if report is not None else ()))
    except PubSubClosed:
        return PubSubClosed
    except PubSubFull as full:
        return described(full.delivery, PubSubFull)


def described(report: Delivery | Deliveries, *error) -> tuple:
    if isinstance(report, Delivery):
        return (*error, report.delivered, sorted(each.name for each in report.missed_by))
    missed = sorted((each.number, each.subscription.name) for each in report.missed)
    return (*error, report.published, report.delivered, missed)


async def get(subscription: BaseSubscription) -> object:
    message = await read(subscription.get())
    if message is None:
        return END
    if isinstance(message, int):
        subscription.task_done()
    return message


async def get_batch(subscription: BaseSubscription) -> object:
    batches = subscription.batches()
    batch = await read(anext(batches))
    del batches  # which will not say that they are handled
    if isinstance(batch, list):
        for _ in batch:
            subscription.task_done()
    return batch


async def get_next(messages) -> object:
    """Take the next message of an `async for`."""
    return await read(anext(messages))


async def read(reading: Awaitable[object]) -> object:
    """Read, and return what came, or how it ended."""
    try:
        return await reading
    except Lagged as lagged:
        return Lagged, lagged.missed
    except FilterError:
        return BROKEN
    except Disconnected:
        return CUT_OFF
    except StopAsyncIteration:
        return END


async def iterate(messages, count: int) -> list:
    """Read so many by `async for`, and return what came; the last one is still being handled."""
    taken: list[object] = []
    while len(taken) < count and (not taken or isinstance(taken[-1], int)):
        taken.append(await get_next(messages))
    return taken


# Models.


@dataclass(eq=False)
class ModelRead:
    """One task that reads: one message, a batch, or a few messages by `async for`."""

    kind: str
    count: int = 1
    taken: list = field(default_factory=list)
    outcome: object = None  # None while it waits


@dataclass(eq=False)
class ModelShutdown:
    deadline: float
    subscriptions: list["ModelSubscription"] = field(default_factory=list)
    report: ShutdownReport | None = None


class ModelBroker(ABC):
    """What models have in common: subscriptions, time, and coming to an end.

    `turns` is what the event loop would run next: first come, first served.
    """

    def __init__(self) -> None:
        self.now = 0.0
        self.closed = False
        self.subscriptions: list = []  # those that are open
        self.shutdowns: list[ModelShutdown] = []
        self.turns: deque[Callable[[], None]] = deque()

    @property
    @abstractmethod
    def published(self) -> int: ...

    @abstractmethod
    def publish(self, publication) -> None: ...

    @abstractmethod
    def publish_nowait(self, publication) -> None: ...

    @abstractmethod
    def withdraw(self, publication) -> None:
        """Do what cancelling a publish that waits does."""

    @abstractmethod
    def deadlines(self) -> list[float]:
        """Return when publishes will have waited long enough."""

    @abstractmethod
    def expire(self) -> None:
        """Let those go that have waited long enough by now."""

    @abstractmethod
    def release(self) -> None:
        """Drop every message that waits for room."""

    def let_all_run(self) -> None:
        while self.turns:
            self.turns.popleft()()
        for shutdown in self.open_shutdowns():
            if not any(each.depth or each.unhandled for each in shutdown.subscriptions):
                shutdown.report = ShutdownReport(0, 0)

    def advance(self, seconds: float) -> None:
        end = self.now + seconds
        shutdowns = self.open_shutdowns
        while (
            due := min([FOREVER, *self.deadlines(), *(each.deadline for each in shutdowns())])
        ) <= end + 1e-9:
            self.now = due
            self.expire()
            for shutdown in shutdowns():
                if shutdown.deadline <= due:
                    self.release()
                    shutdown.report = ShutdownReport(
                        unread=sum(each.depth for each in shutdown.subscriptions),
                        unfinished=sum(each.unhandled for each in shutdown.subscriptions),
                    )
            self.let_all_run()
        self.now = end

    def open_shutdowns(self) -> list[ModelShutdown]:
        return [shutdown for shutdown in self.shutdowns if shutdown.report is None]

    def shut_down(self, shutdown: ModelShutdown) -> None:
        self.closed = True
        shutdown.subscriptions = list(self.subscriptions)
        for subscription in self.subscriptions:
            subscription.finish()


class ModelSubscription(ABC):
    """What models of a subscription have in common: its readers, and who is told what."""

    def __init__(self, broker: ModelBroker, name: str, where) -> None:
        self.broker = broker
        self.name = name
        self.where = where
        self.missed = self.dropped = self.unfinished = self.most = 0
        self.closed = self.left = self.reader_knows = False
        self.failure: object = None  # that a reader has not seen yet
        self.marked = False  # whether task_done() was ever called
        self.handling = False  # whether an `async for` will do so for a message
        self.reads: list[ModelRead] = []  # that wait

    @property
    @abstractmethod
    def depth(self) -> int: ...

    @property
    @abstractmethod
    def received(self) -> int: ...

    @property
    def unhandled(self) -> int:
        if self.reader_knows and not self.marked:
            return min(self.handling, self.unfinished)
        return self.unfinished

    @abstractmethod
    def ready(self) -> bool: ...

    @abstractmethod
    def take(self) -> int: ...

    @abstractmethod
    def take_all(self) -> list[int]: ...

    @abstractmethod
    def leave(self) -> None: ...

    @abstractmethod
    def discard(self) -> None: ...

    def go_on(self, read: ModelRead) -> None:
        """Do what a reader's task does until it waits or returns."""
        while read.outcome is None:
            if self.ready():
                self.take_for(read)
                continue
            self.finish_handling(read)
            if not self.closed:
                self.wait(read)
                return
            self.reader_knows = True
            self.settle(read, self.failure or END)
            self.failure = None

    def take_for(self, read: ModelRead) -> None:
        if self.missed:
            self.finish_handling(read)
            self.settle(read, self.lag())
        elif read.kind != "iterate":
            read.outcome = self.take_all() if read.kind == "batch" else self.take()
            self.marked = True
        else:
            read.taken.append(self.take())
            self.unfinished += not self.handling
            self.handling = True
            if len(read.taken) == read.count:
                read.outcome = read.taken

    def lag(self) -> tuple:
        missed, self.missed = self.missed, 0
        return Lagged, missed

    @staticmethod
    def settle(read: ModelRead, outcome: object) -> None:
        read.outcome = [*read.taken, outcome] if read.kind == "iterate" else outcome

    def finish_handling(self, read: ModelRead) -> None:
        if read.kind == "iterate":
            if self.handling and not self.left:
                self.unfinished -= 1
            self.handling = False

    def wait(self, read: ModelRead) -> None:
        self.reads.append(read)

    def wake_reader(self) -> None:
        if self.reads:
            read = self.reads.pop(0)
            self.broker.turns.append(lambda: self.go_on(read))

    def finish(self) -> None:
        self.closed = True
        while self.reads:
            self.wake_reader()

    def close(self) -> None:
        self.left = True
        self.leave()
        self.discard()
        self.unfinished = 0


class Comparison(ABC):
    """Does everything twice, with the broker and with the model, and compares them."""

    def __init__(self, broker, model: ModelBroker, publication: Callable) -> None:
        self.broker = broker
        self.model = model
        self.make_publication = publication
        self.subscriptions: list[tuple] = []  # each with its model
        self.gone: list[ModelSubscription] = []
        self.iterators: dict[ModelSubscription, object] = {}
        self.publications: list[tuple] = []
        self.numbers = 0  # of messages so far
        self.reads: list[tuple] = []  # that wait
        self.last_read: ModelRead | None = None
        self.joins: list[tuple] = []
        self.shutdowns: list[tuple] = []

    @abstractmethod
    def make_subscription(self, name: str, options: dict) -> tuple:
        """Subscribe to both."""

    def subscribe(self, options: dict) -> None:
        if self.model.closed:
            with pytest.raises(PubSubClosed):
                self.broker.subscribe()
        else:
            name = f"{len(self.subscriptions) + len(self.gone):02}"
            self.subscriptions.append(self.make_subscription(name, options))

    def publish(self, count: int) -> None:
        for _ in range(count):
            publication = self.make_publication([self.next_number()])
            self.start_publishing(self.broker.publish(publication.numbers[0]), publication)

    def publish_many(self, count: int) -> None:
        publication = self.make_publication([self.next_number() for _ in range(count)], many=True)
        self.start_publishing(self.broker.publish_many(iter(publication.numbers)), publication)

    def next_number(self) -> int:
        self.numbers += 1
        return self.numbers - 1

    def start_publishing(self, publishing, publication) -> None:
        self.publications.append((asyncio.create_task(publish(publishing)), publication))
        self.model.turns.append(lambda: self.model.publish(publication))

    def publish_nowait(self) -> None:
        publication = self.make_publication([self.next_number()])
        self.model.publish_nowait(publication)
        try:
            result: object = described(self.broker.publish_nowait(publication.numbers[0]))
        except PubSubFull as full:
            result = described(full.delivery, PubSubFull)
        except PubSubClosed:
            result = PubSubClosed
        self.publications.append((result, publication))

    def cancel_publish(self, index: int) -> None:
        waiting = [each for each in self.publications if each[1].outcome is None]
        for task, publication in pick(waiting, index):
            task.cancel()
            self.model.withdraw(publication)

    def read(self, index: int, kind: str, count: int) -> None:
        for subscription, model in pick(self.subscriptions, index):
            if kind == "iterate":
                if any(read.kind == "iterate" for read in model.reads):
                    return  # that one is in use
                messages = self.iterators.setdefault(model, aiter(subscription))
                self.start(iterate(messages, count), ModelRead(kind, count), model)
                return
            for _ in range(count):
                reading = get(subscription) if kind == "get" else get_batch(subscription)
                self.start(reading, ModelRead(kind), model)

    def start(self, reading, read: ModelRead, model: ModelSubscription) -> None:
        self.last_read = read
        self.reads.append((asyncio.create_task(reading), read, model))
        self.model.turns.append(lambda: model.go_on(read))

    def cancel_read(self, index: int) -> None:
        for task, read, model in pick(self.reads, index):
            task.cancel()
            model.reads.remove(read)
            read.outcome = asyncio.CancelledError

    def leave(self, index: int, how: str) -> None:
        for subscription, model in pick(self.subscriptions, index):
            if how == "abandon":
                self.abandon(model)
            elif how == "close":
                subscription.close()
                model.close()
            else:
                subscription.shutdown()
                model.leave()

    def abandon(self, model: ModelSubscription) -> None:
        joins = [task for task, joined in self.joins if joined is model and not task.done()]
        if not model.reads and not joins:  # or they would hold it
            self.subscriptions = [each for each in self.subscriptions if each[1] is not model]
            self.iterators.pop(model, None)
            self.gone.append(model)
            self.model.turns.append(model.close)

    def join(self, index: int) -> None:
        for subscription, model in pick(self.subscriptions, index):
            self.joins.append((asyncio.create_task(subscription.join()), model))

    def shut_down(self, timeout: float) -> None:
        model = ModelShutdown(self.model.now + timeout)
        self.model.shutdowns.append(model)
        self.model.turns.append(lambda: self.model.shut_down(model))
        self.shutdowns.append((asyncio.create_task(self.broker.shutdown(timeout=timeout)), model))

    async def run(self, name: str, *arguments) -> None:
        if name == "advance":
            self.model.advance(*arguments)
            await asyncio.sleep(*arguments)
        else:
            getattr(self, name)(*arguments)
            self.model.let_all_run()
            self.model.advance(0)
        await let_all_run()
        self.compare()

    def compare(self) -> None:
        for result, publication in self.publications:
            actual = outcome(result) if isinstance(result, asyncio.Task) else result
            assert actual == publication.outcome
        for task, read, _ in self.reads:
            assert outcome(task) == read.outcome
        # What has ended is not kept: a task that was cancelled would hold its subscription.
        self.reads = [each for each in self.reads if each[1].outcome is None]
        for task, shutdown in self.shutdowns:
            assert outcome(task) == shutdown.report
        for task, model in self.joins:
            assert task.done() or model.depth or model.unfinished
        for subscription, model in self.subscriptions:
            stats = subscription.stats
            assert stats[:3] == (model.received, model.dropped, model.depth)
            assert model.depth <= stats.high_water_mark <= model.most <= subscription.maxsize
            assert subscription.unfinished == model.unhandled
            assert subscription.closed == model.closed
        models = [*self.gone, *(model for _, model in self.subscriptions)]
        assert self.broker.stats == BrokerStats(
            subscribers=len(self.model.subscriptions),
            published=self.model.published,
            delivered=sum(model.received for model in models),
            dropped=sum(model.dropped for model in models),
        )

    async def compare_all(self, operations) -> None:
        """Do these operations, then read to the end, and see that no task is left behind."""
        for operation in operations:
            await self.run(*operation)
        for index in range(len(self.subscriptions)):
            self.last_read = None
            while self.last_read is None or self.last_read.outcome is not END:
                await self.run("read", index, "get", 1)
                assert not self.reads
        while self.subscriptions:
            await self.run("leave", 0, "close")
            self.gone.append(self.subscriptions.pop(0)[1])
        assert asyncio.all_tasks() == {asyncio.current_task()}


# Operations, for models and races.

indexes = st.integers(0, 5)
counts = st.integers(1, 4)
filters = st.sampled_from([None, None, is_even, is_even_or_breaks])
# A shutdown is never over at the very moment of another deadline, so the order is clear.
shutdown_timeouts = st.sampled_from([0, 0.6, 5.1])


@st.composite
def operations(draw, subscription_options: dict, *more: tuple):
    """Return a list of operations; each is a name and arguments.

    Publishing, reading, and some of the other kinds: if each list had all of them, few would go far
    in any one direction.
    """
    publish = st.tuples(st.just("publish"), counts)
    read = st.tuples(st.just("read"), indexes, st.sampled_from(["get", "batch", "iterate"]), counts)
    options = st.fixed_dictionaries({}, optional={"where": filters, **subscription_options})
    others = [
        st.tuples(st.just("publish_nowait")),
        st.tuples(st.just("publish_many"), st.integers(0, 7)),
        st.tuples(st.just("subscribe"), options),
        st.tuples(st.just("leave"), indexes, st.sampled_from(["close", "shutdown", "abandon"])),
        st.tuples(st.just("cancel_publish"), indexes),
        st.tuples(st.just("cancel_read"), indexes),
        st.tuples(st.just("join"), indexes),
        st.tuples(st.just("advance"), st.sampled_from([0.25, 0.5, 1.0])),
        *(st.tuples(*map(st.just, each)) for each in more),
    ]
    chosen = draw(st.lists(st.sampled_from(range(len(others))), unique=True))
    kinds = [publish, read, read, *(others[index] for index in chosen)]
    return draw(st.lists(st.one_of(kinds), min_size=10, max_size=40))


@st.composite
def lives(draw, subscription_options: dict):
    """Return operations from the first subscription to the second shutdown of a broker."""
    options = st.fixed_dictionaries({}, optional={"where": filters, **subscription_options})
    return [
        *(("subscribe", draw(options)) for _ in range(draw(st.integers(1, 3)))),
        *draw(operations(subscription_options)),
        ("shut_down", draw(shutdown_timeouts)),
        *draw(st.one_of(st.just([]), operations(subscription_options))),
        ("shut_down", 1.1),
        ("advance", 10.0),
    ]
