"""Looking into a queue takes nothing out of it."""

import asyncio

import pytest

from pubsub_lib import AsyncPubSub, RingPubSub
from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.replay.peeking import can_be_watched, unread


@pytest.mark.parametrize("broker_class", [AsyncPubSub, RingPubSub])
def test_what_a_reader_has_not_been_given_yet_is_unread(broker_class):
    async def main() -> None:
        broker = broker_class(maxsize=5)
        inbox = await broker.subscribe()
        for number in range(4):
            await broker.publish(number)
        assert unread(inbox) == [0, 1, 2, 3]
        left = []
        async for number in inbox:
            left.append(unread(inbox))
            if number == 3:
                break
        assert left == [[1, 2, 3], [2, 3], [3], []]
        assert inbox.stats.received == 4

    run_virtual(main())


def test_a_subclass_of_a_queue_is_known_as_its_base():
    class Own(asyncio.Queue): ...

    queue = Own()
    queue.put_nowait(1)
    assert unread(queue) == [1]


@pytest.mark.parametrize("thing", [5, None, "text", [1]])
def test_what_is_no_queue_cannot_be_looked_into(thing):
    assert not can_be_watched(thing)
    with pytest.raises(TypeError, match="nobody knows how to look into"):
        unread(thing)
