"""Topics: subjects and patterns over every broker."""

import asyncio

import pytest

from pubsub_lib import AsyncPubSub, Delivery, Message, PubSubClosed, RingPubSub
from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.reports import Deliveries
from pubsub_lib.topics import Published, Topics
from tests.counting import counted_steps
from tests.stepping import handle_all, in_virtual_time, let_all_run

every_broker = pytest.mark.parametrize("broker_class", [AsyncPubSub, RingPubSub])


@every_broker
def test_each_subscriber_gets_what_its_pattern_matches_with_the_subject_it_came_by(broker_class):
    subjects = ["a.x", "a.y", "b.x", "a.x.z", "b"]
    expected = {
        "a.x": ["a.x"],
        "a.*": ["a.x", "a.y"],
        "*.x": ["a.x", "b.x"],
        "a.>": ["a.x", "a.y", "a.x.z"],
        ">": subjects,
    }

    async def main() -> dict[str, list[Published[int]]]:
        async with asyncio.TaskGroup() as group, broker_class() as broker:
            topics = Topics(broker)
            readers = {
                pattern: group.create_task(handle_all(await topics.subscribe(pattern)))
                for pattern in expected
            }
            for subject in subjects:
                await topics.publish(subject, len(subject))
        return {pattern: reader.result() for pattern, reader in readers.items()}

    assert run_virtual(main()) == {
        pattern: [Published(subject, len(subject)) for subject in matching]
        for pattern, matching in expected.items()
    }


@in_virtual_time
async def test_a_full_inbox_for_another_subject_delays_nobody():
    async with AsyncPubSub[Published[int]](maxsize=1, timeout=None) as broker:
        topics = Topics(broker)
        async with topics.subscribe("a") as idle, topics.subscribe("b") as inbox:
            await topics.publish("a", 1)
            async with asyncio.timeout(1):
                for number in range(5):
                    await topics.publish("b", number)
                    assert inbox.get_nowait() == Published("b", number)
            assert idle.qsize() == 1


def test_a_delivery_counts_the_subscribers_whose_pattern_matches():
    async def main() -> list[Delivery]:
        async with AsyncPubSub[Published[int]]() as broker, asyncio.TaskGroup() as group:
            topics = Topics(broker)
            inboxes = [await topics.subscribe(pattern) for pattern in ("a.*", "a.>", "b")]
            deliveries = [await topics.publish(subject, 0) for subject in ("a.b", "b", "c")]
            for inbox in inboxes:
                inbox.shutdown()
                group.create_task(handle_all(inbox))
        return deliveries

    assert run_virtual(main()) == [Delivery(2), Delivery(1), Delivery(0)]


@every_broker
def test_many_messages_to_a_subject_come_in_order_and_are_reported_together(broker_class):
    async def main() -> tuple[int, list[Published[int]]]:
        async with broker_class() as broker, asyncio.TaskGroup() as group:
            topics = Topics(broker)
            reader = group.create_task(handle_all(await topics.subscribe("a.*")))
            other = group.create_task(handle_all(await topics.subscribe("b")))
            deliveries = await topics.publish_many("a.b", iter(range(3)))
            assert await topics.publish_many("a.b", []) == Deliveries(0, 0)
            await broker.shutdown()
        assert other.result() == []
        return deliveries.published, reader.result()

    assert run_virtual(main()) == (3, [Published("a.b", number) for number in range(3)])


@every_broker
@pytest.mark.parametrize("messages", ["text", b"bytes", {"key": 1}, 7, None])
def test_one_message_is_not_taken_for_many(broker_class, messages):
    async def main() -> int:
        async with broker_class() as broker:
            with pytest.raises(TypeError, match="for one message there is publish"):
                await Topics(broker).publish_many("a", messages)
            return broker.stats.published

    assert run_virtual(main()) == 0


@every_broker
def test_none_of_many_is_published_where_their_iterator_raises_or_the_subject_is_none(broker_class):
    def broken():
        yield 1
        raise LookupError("no more")

    async def main() -> int:
        async with broker_class() as broker:
            topics = Topics(broker)
            with pytest.raises(LookupError, match="no more"):
                await topics.publish_many("a", broken())
            with pytest.raises(ValueError, match="is a pattern"):
                await topics.publish_many("a.*", [1])
            return broker.stats.published

    assert run_virtual(main()) == 0


@every_broker
def test_a_subscriber_is_called_by_its_name(broker_class):
    async def main() -> str:
        async with broker_class() as broker, Topics(broker).subscribe("a", name="ada") as inbox:
            return inbox.name

    assert run_virtual(main()) == "ada"


@every_broker
def test_closing_is_the_brokers_business(broker_class):
    async def main() -> list[Published[str]]:
        broker = broker_class()
        topics = Topics(broker)
        async with asyncio.TaskGroup() as group:
            reader = group.create_task(handle_all(topics.subscribe("a")))
            await topics.publish("a", "last")
            await broker.shutdown()
        with pytest.raises(PubSubClosed):
            await topics.publish("a", "too late")
        with pytest.raises(PubSubClosed):
            topics.subscribe("a")
        return reader.result()

    assert run_virtual(main()) == [Published("a", "last")]


@every_broker
def test_two_layers_over_one_broker_share_its_messages(broker_class):
    async def main() -> Published[Message]:
        async with broker_class() as broker, Topics(broker).subscribe("a") as inbox:
            await Topics(broker).publish("a", Message("hello"))
            return await inbox.get()

    assert run_virtual(main()) == Published("a", Message("hello"))


# What a message costs beside many who do not want it: counted, not timed.


def steps_of_a_message(broker_class, patterns: int) -> int:
    """Return what it takes to publish a message that one wants, until all wait again."""

    async def main() -> int:
        async with asyncio.TaskGroup() as group, broker_class() as broker:
            topics = Topics(broker)
            for number in range(patterns):
                group.create_task(handle_all(topics.subscribe(f"prices.{number}")))
            await let_all_run()
            await topics.publish("prices.5", 0)  # the first time a subject is looked at closely
            await let_all_run()
            with counted_steps() as counted:
                await topics.publish("prices.5", 1)
                await let_all_run()
        return counted.steps

    return run_virtual(main())


def test_a_message_costs_nothing_for_those_of_other_subjects():
    assert steps_of_a_message(AsyncPubSub, 10) == steps_of_a_message(AsyncPubSub, 300)


def test_on_a_ring_every_waiting_reader_is_woken_for_every_message():
    few, many = [steps_of_a_message(RingPubSub, patterns) for patterns in (10, 300)]
    assert (many - few) / 290 > 100  # instructions for each of those who do not want it


@in_virtual_time
async def test_a_subscriber_has_the_name_that_it_is_given_and_else_none():
    async with AsyncPubSub[Published[int]]() as broker:
        topics = Topics(broker)
        async with topics.subscribe("a", name="ada") as named, topics.subscribe("a") as nameless:
            assert (named.name, nameless.name) == ("ada", "")


@pytest.mark.parametrize("subject", [None, 5, "prices.*", "prices..gold"])
@in_virtual_time
async def test_a_wrong_subject_is_refused_even_with_nothing_to_publish_to_it(subject):
    with pytest.raises((TypeError, ValueError), match="subject"):
        await Topics(AsyncPubSub()).publish_many(subject, [])
