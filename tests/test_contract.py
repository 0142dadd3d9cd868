"""What every broker must do, and a search for an interleaving in which ours does not.

To hold another broker to the contract, add it to BROKERS.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pubsub_lib import (
    AsyncPubSub,
    Broker,
    BrokerStats,
    ChapterPubSub,
    Delivery,
    Inbox,
    Message,
    PubSubClosed,
    ShutdownReport,
    SubscriptionStats,
)
from pubsub_lib.lab.virtual_time import run_virtual

BROKERS = [
    ChapterPubSub,
    AsyncPubSub,
]

every_broker = pytest.mark.parametrize("broker_class", BROKERS)


async def read_all(queue) -> list:
    """Read until the end, marking each message as done."""
    messages = []
    while (message := await queue.get()) is not None:
        messages.append(message)
        queue.task_done()
    return messages


async def publish_all(broker: Broker, messages, readers: int = 1) -> list[list]:
    """Publish to that many readers, shut down, and return what each of them read."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(read_all(await broker.subscribe())) for _ in range(readers)]
        for message in messages:
            await broker.publish(message)
        await broker.shutdown()
    return [task.result() for task in tasks]


# The contract.


@every_broker
def test_it_is_a_broker(broker_class):
    assert isinstance(broker_class(), Broker)


@every_broker
def test_the_bound_is_one_hundred_unless_told_otherwise(broker_class):
    assert broker_class().maxsize == 100
    assert broker_class(7).maxsize == broker_class(maxsize=7).maxsize == 7


@every_broker
def test_each_subscriber_has_a_bounded_queue_of_its_own(broker_class):
    async def main() -> None:
        broker = broker_class(maxsize=2)
        subscriptions = [await broker.subscribe() for _ in range(3)]
        assert list(broker.queues) == subscriptions
        await broker.publish(1)
        assert subscriptions[0].get_nowait() == 1
        assert [queue.qsize() for queue in subscriptions] == [0, 1, 1]
        await broker.publish(2)
        assert [queue.full() for queue in subscriptions] == [False, True, True]

    run_virtual(main())


@every_broker
def test_every_subscriber_reads_every_message_in_order_and_then_the_end(broker_class):
    messages = [Message(str(number)) for number in range(20)]
    assert run_virtual(publish_all(broker_class(), messages, readers=3)) == [messages] * 3


@every_broker
def test_every_subscriber_gets_the_same_object(broker_class):
    message = Message("Hello")
    first, second = run_virtual(publish_all(broker_class(), [message], readers=2))
    assert first[0] is second[0] is message


@every_broker
def test_publishing_to_nobody_is_no_error(broker_class):
    assert run_virtual(publish_all(broker_class(), [1, 2, 3], readers=0)) == []


@every_broker
def test_a_late_subscriber_misses_what_was_published_before(broker_class):
    async def main() -> None:
        broker = broker_class()
        await broker.publish(1)
        assert await publish_all(broker, [2]) == [[2]]

    run_virtual(main())


@every_broker
def test_a_full_queue_is_waited_for_up_to_one_second_and_then_misses_the_message(broker_class):
    async def main() -> None:
        broker = broker_class(maxsize=1)
        queue = await broker.subscribe()
        loop = asyncio.get_running_loop()
        await broker.publish("kept")
        await broker.publish("dropped")
        assert loop.time() == 1.0
        loop.call_later(0.5, queue.get_nowait)
        await broker.publish("in time")
        assert loop.time() == 1.5
        assert queue.get_nowait() == "in time"

    run_virtual(main())


@every_broker
def test_a_slow_subscriber_loses_nothing_while_it_keeps_within_the_second(broker_class):
    async def read_slowly(queue) -> list:
        messages = []
        while (message := await queue.get()) is not None:
            await asyncio.sleep(0.9)
            messages.append(message)
            queue.task_done()
        return messages

    async def main() -> None:
        broker = broker_class(maxsize=1)
        task = asyncio.create_task(read_slowly(await broker.subscribe()))
        for number in range(10):
            await broker.publish(number)
        await broker.shutdown()
        assert await task == list(range(10))

    run_virtual(main())


@every_broker
def test_ten_thousand_messages_reach_ten_subscribers_without_loss(broker_class, capsys):
    async def main() -> None:
        broker = broker_class(maxsize=100)
        queues = [await broker.subscribe() for _ in range(10)]
        tasks = [asyncio.create_task(read_all(queue)) for queue in queues]
        for number in range(10_000):
            await broker.publish(number)
        for queue in queues:
            await queue.join()
        await broker.shutdown()
        assert all(read == list(range(10_000)) for read in await asyncio.gather(*tasks))

    run_virtual(main())
    assert capsys.readouterr().out == ""


# AsyncPubSub against a model of it. One after another: after each operation everything runs until
# it waits, so the model knows exactly what must have come of it.


@dataclass(eq=False)
class ModelPublication:
    number: int
    deadline: float | None
    waits_for: list["ModelInbox"] = field(default_factory=list)
    delivered: int = 0
    dropped: int = 0
    cancelled: bool = False

    def outcome(self) -> object:
        if self.cancelled:
            return asyncio.CancelledError
        return None if self.waits_for else (self.delivered, self.dropped)

    def give_up(self) -> None:
        for inbox in self.waits_for:
            inbox.line.remove(self)
            inbox.dropped += 1
            self.dropped += 1
        self.waits_for.clear()


@dataclass(eq=False)
class ModelRead:
    outcome: object = None  # None while it waits


END = "the end"


@dataclass(eq=False)
class ModelInbox:
    maxsize: int
    messages: deque[int] = field(default_factory=deque)
    line: list[ModelPublication] = field(default_factory=list)
    readers: list[ModelRead] = field(default_factory=list)
    takes_more: bool = True
    received: int = 0
    dropped: int = 0
    high_water_mark: int = 0

    def put(self, publication: ModelPublication) -> None:
        self.messages.append(publication.number)
        self.received += 1
        self.high_water_mark = max(self.high_water_mark, len(self.messages))
        publication.delivered += 1
        if self.readers:
            self.readers.pop(0).outcome = self.messages.popleft()

    def read(self) -> ModelRead:
        read = ModelRead()
        if self.messages:
            read.outcome = self.messages.popleft()
            if self.line:
                publication = self.line.pop(0)
                publication.waits_for.remove(self)
                self.put(publication)
        elif self.takes_more:
            self.readers.append(read)
        else:
            read.outcome = END
        return read

    def finish(self) -> None:
        self.takes_more = False
        for read in self.readers:
            read.outcome = END
        self.readers.clear()

    def leave(self, discard: bool) -> None:
        self.finish()
        for publication in self.line:
            publication.waits_for.remove(self)
        self.line.clear()
        if discard:
            self.messages.clear()

    def stats(self) -> SubscriptionStats:
        return SubscriptionStats(
            self.received, self.dropped, len(self.messages), self.high_water_mark
        )


class Comparison:
    """Does everything twice, with the broker and with the model, and compares them."""

    def __init__(self, maxsize: int, timeout: float | None) -> None:
        self.broker = AsyncPubSub[int](maxsize, timeout=timeout)
        self.closed = False
        self.inboxes: list[tuple[Inbox[int], ModelInbox]] = []
        self.subscribed: list[ModelInbox] = []
        self.publications: list[tuple[asyncio.Task, ModelPublication]] = []
        self.reads: list[tuple[asyncio.Task, ModelRead, ModelInbox]] = []
        self.shutdowns: list[tuple[asyncio.Task, list[ModelInbox], float]] = []
        self.reports: list[tuple[asyncio.Task, ShutdownReport]] = []

    async def subscribe(self) -> None:
        if self.closed:
            with pytest.raises(PubSubClosed):
                self.broker.subscribe()
            return
        model = ModelInbox(self.broker.maxsize)
        self.inboxes.append((await self.broker.subscribe(), model))
        self.subscribed.append(model)

    async def publish(self) -> None:
        number = len(self.publications)
        if self.closed:
            with pytest.raises(PubSubClosed):
                await self.broker.publish(number)
            return
        timeout = self.broker.timeout
        now = asyncio.get_running_loop().time()
        model = ModelPublication(number, None if timeout is None else now + timeout)
        for inbox in self.subscribed:
            if len(inbox.messages) < inbox.maxsize:
                inbox.put(model)
            else:
                inbox.line.append(model)
                model.waits_for.append(inbox)
        self.publications.append((asyncio.create_task(self.broker.publish(number)), model))

    async def read(self, index: int, count: int) -> None:
        for inbox, model in self.pick(self.inboxes, index):
            for _ in range(count):
                self.reads.append((asyncio.create_task(take(inbox)), model.read(), model))

    async def leave(self, index: int, discard: bool) -> None:
        for inbox, model in self.pick(self.inboxes, index):
            inbox.shutdown(immediate=discard)
            model.leave(discard)
            if model in self.subscribed:
                self.subscribed.remove(model)

    async def cancel_publish(self, index: int) -> None:
        waiting = [(task, model) for task, model in self.publications if model.waits_for]
        for task, model in self.pick(waiting, index):
            task.cancel()
            model.give_up()
            model.cancelled = True

    async def cancel_read(self, index: int) -> None:
        waiting = [each for each in self.reads if each[1].outcome is None]
        for task, read, inbox in self.pick(waiting, index):
            task.cancel()
            read.outcome = asyncio.CancelledError
            inbox.readers.remove(read)

    async def advance(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def shut_down(self, timeout: float) -> None:
        self.closed = True
        for inbox in self.subscribed:
            inbox.finish()
        deadline = asyncio.get_running_loop().time() + timeout
        task = asyncio.create_task(self.broker.shutdown(timeout=timeout))
        self.shutdowns.append((task, list(self.subscribed), deadline))

    @staticmethod
    def pick(things: list, index: int) -> list:
        return [things[index % len(things)]] if things else []

    def let_deadlines_pass(self) -> None:
        now = asyncio.get_running_loop().time()
        for _, publication in self.publications:
            if publication.deadline is not None and publication.deadline <= now:
                publication.give_up()
        for shutdown in list(self.shutdowns):
            task, inboxes, deadline = shutdown
            if deadline <= now:
                for inbox in inboxes:
                    for publication in list(inbox.line):
                        publication.give_up()
            unread = sum(len(inbox.messages) for inbox in inboxes)
            if deadline <= now or not unread:
                self.shutdowns.remove(shutdown)
                self.reports.append((task, ShutdownReport(unread, unfinished=0)))

    def compare(self) -> None:
        self.let_deadlines_pass()
        assert [outcome(task) for task, _ in self.publications] == [
            model.outcome() for _, model in self.publications
        ]
        assert [outcome(task) for task, _, _ in self.reads] == [
            read.outcome for _, read, _ in self.reads
        ]
        assert all(outcome(task) is None for task, _, _ in self.shutdowns)
        assert all(outcome(task) == report for task, report in self.reports)
        for inbox, model in self.inboxes:
            assert inbox.stats == model.stats()
            assert inbox.stats.high_water_mark <= inbox.maxsize
            assert inbox.closed is not model.takes_more
        assert self.broker.queues == [
            inbox for inbox, model in self.inboxes if model in self.subscribed
        ]
        assert self.broker.stats == BrokerStats(
            subscribers=len(self.subscribed),
            published=len(self.publications),
            delivered=sum(model.received for _, model in self.inboxes),
            dropped=sum(model.dropped for _, model in self.inboxes),
        )


async def take(inbox: Inbox[int]) -> int | str:
    message = await inbox.get()
    if message is None:
        return END
    inbox.task_done()
    return message


def outcome(task: asyncio.Task) -> object:
    if not task.done():
        return None
    if task.cancelled():
        return asyncio.CancelledError
    result = task.result()
    return (result.delivered, result.dropped) if isinstance(result, Delivery) else result


async def let_all_run() -> None:
    for _ in range(12):
        await asyncio.sleep(0)


indexes = st.integers(0, 5)
operations = st.one_of(
    st.tuples(st.just("publish")),
    st.tuples(st.just("publish")),
    st.tuples(st.just("publish")),
    st.tuples(st.just("subscribe")),
    st.tuples(st.just("read"), indexes, st.integers(1, 4)),
    st.tuples(st.just("read"), indexes, st.integers(1, 4)),
    st.tuples(st.just("leave"), indexes, st.booleans()),
    st.tuples(st.just("cancel_publish"), indexes),
    st.tuples(st.just("cancel_read"), indexes),
    st.tuples(st.just("advance"), st.sampled_from([0.25, 0.5, 1.0])),
)
timeouts = st.sampled_from([None, 0, 1.0])
always_the_same = settings(derandomize=True, deadline=None, max_examples=200, database=None)


@always_the_same
@given(
    maxsize=st.integers(1, 3),
    timeout=timeouts,
    before=st.lists(operations, min_size=15, max_size=40),
    shutdown=st.sampled_from([0, 0.75, 5.0]),
    after=st.lists(operations, max_size=10),
)
def test_the_broker_does_what_the_model_does(maxsize, timeout, before, shutdown, after):
    async def main() -> None:
        comparison = Comparison(maxsize, timeout)
        for name, *arguments in [
            ("subscribe",),
            *before,
            ("shut_down", shutdown),
            *after,
            ("shut_down", 1.0),
            ("advance", 10.0),
        ]:
            await getattr(comparison, name)(*arguments)
            await let_all_run()
            comparison.compare()
        for inbox, model in comparison.inboxes:
            assert [inbox.get_nowait() for _ in range(inbox.qsize())] == list(model.messages)
            assert inbox.get_nowait() is None
        await let_all_run()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run_virtual(main())


# The same operations in a race: each starts a few turns of the loop after the last, or none at all,
# so they meet in mid-flight. No model knows the outcome, but these rules hold for every one.


class Race:
    def __init__(self, maxsize: int, timeout: float | None) -> None:
        self.broker = AsyncPubSub[int](maxsize, timeout=timeout)
        self.read_by: dict[Inbox[int], list[int]] = {}
        self.left: set[Inbox[int]] = set()
        self.audiences: list[list[Inbox[int]]] = []  # by the number of the message
        self.publishers: list[asyncio.Task] = []
        self.readers: list[asyncio.Task] = []

    def subscribe(self) -> None:
        self.read_by[self.broker.subscribe()] = []

    def publish(self) -> None:
        async def publish() -> Delivery:
            self.audiences.append(self.broker.queues)
            return await self.broker.publish(len(self.audiences) - 1)

        self.publishers.append(asyncio.create_task(publish()))

    def read(self, index: int, count: int) -> None:
        async def read(inbox: Inbox[int]) -> None:
            if (message := await inbox.get()) is not None:
                self.read_by[inbox].append(message)
                inbox.task_done()

        inbox = list(self.read_by)[index % len(self.read_by)]
        self.readers.extend(asyncio.create_task(read(inbox)) for _ in range(count))

    def leave(self, index: int, discard: bool) -> None:
        inbox = list(self.read_by)[index % len(self.read_by)]
        inbox.shutdown(immediate=discard)
        self.left.add(inbox)

    def cancel_publish(self, index: int) -> None:
        for task in self.publishers[-1 - index :][:1]:
            task.cancel()

    def cancel_read(self, index: int) -> None:
        for task in self.readers[-1 - index :][:1]:
            task.cancel()

    async def end(self) -> None:
        """Let everybody read what is left, and shut down."""
        await let_all_run()
        for inbox, read in self.read_by.items():
            while not inbox.empty():
                read.append(inbox.get_nowait())
                inbox.task_done()
        await asyncio.sleep(10)
        assert await self.broker.shutdown() == ShutdownReport(0, 0)
        await let_all_run()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    def check(self) -> None:
        for inbox, read in self.read_by.items():
            sent = [number for number, audience in enumerate(self.audiences) if inbox in audience]
            assert read == sorted(set(read)), "nothing is doubled, nothing overtakes"
            assert set(read) <= set(sent)
            assert inbox.stats.high_water_mark <= inbox.maxsize
            if inbox not in self.left:
                assert inbox.stats.received == len(read), "nothing is lost"
                assert inbox.stats.dropped == len(sent) - len(read), "every drop is counted"
        inbox_stats = [inbox.stats for inbox in self.read_by]
        assert self.broker.stats == BrokerStats(
            subscribers=len(self.read_by) - len(self.left),
            published=len(self.audiences),
            delivered=sum(stats.received for stats in inbox_stats),
            dropped=sum(stats.dropped for stats in inbox_stats),
        )
        if not self.left and not any(task.cancelled() for task in self.publishers):
            deliveries = [task.result() for task in self.publishers]
            assert sum(delivery.delivered for delivery in deliveries) == self.broker.stats.delivered
            assert sum(delivery.dropped for delivery in deliveries) == self.broker.stats.dropped


@always_the_same
@given(
    maxsize=st.integers(1, 3),
    timeout=timeouts,
    steps=st.lists(st.tuples(operations, st.integers(0, 2)), min_size=15, max_size=50),
)
def test_no_race_loses_doubles_or_miscounts_a_message(maxsize, timeout, steps):
    async def main() -> None:
        race = Race(maxsize, timeout)
        race.subscribe()
        for (name, *arguments), turns in steps:
            if name == "advance":
                await asyncio.sleep(*arguments)
            else:
                getattr(race, name)(*arguments)
            for _ in range(turns):
                await asyncio.sleep(0)
        await race.end()
        race.check()

    run_virtual(main())
