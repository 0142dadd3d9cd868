"""A recovery may be interrupted at any moment: what was lost is counted once, whatever it had done.

Each test interrupts it at one of its questions to the server, as a connection does that is lost
again: before the server has the question, or when it has done what it was asked, and the answer is
lost on its way.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from pubsub_lib.nats import JetStreamPubSub, MessagesLost
from pubsub_lib.nats.jetstream.recovery import Recovery
from tests.nats.jetstream.test_subjects import KITCHEN, publish_to_both, rooms
from tests.nats.observing import LIMIT_S, Errors, Server, eventually, soon, take

pytestmark = pytest.mark.usefixtures("quick_looks")
NAME = "billing"
# What a recovery asks: for the stream, for what the server knows of the consumer, for the consumer,
# and whether the stream is still the same.
QUESTIONS = (1, 2, 3, 4)


@pytest.fixture
async def broker(url: str, subject: str, errors: Errors) -> AsyncIterator[JetStreamPubSub[int]]:
    async with JetStreamPubSub[int](
        subject, url=url, maxsize=2, timeout=LIMIT_S, ack_wait=600, on_error=errors
    ) as broker:
        yield broker


class Interruption:
    """Holds up a recovery at one of its questions, until it is interrupted."""

    def __init__(self, broker: JetStreamPubSub, at: int, *, answered: bool) -> None:
        self.reached = asyncio.Event()
        self.may_go_on = asyncio.Event()
        self._broker = broker
        self._at = at
        self._answered = answered
        self._asked = 0
        self._recovering: asyncio.Task[None] | None = None
        self._ask = broker._stream.ask
        broker._stream.ask = self._ask_or_wait

    async def _ask_or_wait(self, request):
        if asyncio.current_task() is self._broker._recovery._recovering._task:
            self._asked += 1
            if self._asked == self._at:
                if self._answered:
                    with contextlib.suppress(LookupError):  # the answer that there is none
                        await self._ask(request)
                self.reached.set()
                await self.may_go_on.wait()
        return await self._ask(request)

    @property
    def leaves_a_consumer(self) -> bool:
        """Whether the server has made the consumer by then."""
        return (self._at, self._answered) >= (3, True)

    def interrupt(self) -> None:
        """Begin again, as when there is a connection again."""
        recovery: Recovery = self._broker._recovery
        recovery.connection_restored()


async def handle_two_of_five(broker: JetStreamPubSub[int], inbox) -> None:
    """Publish five messages, of which a reader has two at hand, and the server keeps the others."""
    await broker.publish_many(range(5))
    assert [await soon(inbox.get()) for _ in range(2)] == [0, 1]
    await eventually(lambda: broker.network.lag == 3)


async def interrupted(
    broker: JetStreamPubSub[int], inbox, server: Server, interruption: Interruption
) -> None:
    """Interrupt the recovery there, begin it again, and handle what is at hand."""
    await soon(interruption.reached.wait())
    new = [5, 6]
    if interruption.leaves_a_consumer:  # so that some come in before it is known
        await server.jetstream.publish(broker.subject, b"5")
        await eventually(inbox.qsize)
        del new[0]
    interruption.interrupt()
    await broker.publish_many(new)
    inbox.task_done()
    inbox.task_done()


@pytest.mark.parametrize("name", ["", NAME])
@pytest.mark.parametrize("answered", [False, True])
@pytest.mark.parametrize("at", QUESTIONS)
async def test_what_a_deleted_stream_had_is_counted_once(
    broker, server, errors, at, answered, name
):
    subject = broker.subject
    async with broker.subscribe(name=name) as inbox:
        await handle_two_of_five(broker, inbox)
        interruption = Interruption(broker, at, answered=answered)
        await server.jetstream.delete_stream(subject)
        await interrupted(broker, inbox, server, interruption)
        assert await take(inbox, 2) == [5, 6]
        await soon(broker.flush())
        assert inbox.stats.dropped == 3
        assert sum(error.count for error in errors.of(MessagesLost)) == 3
        await server.until_acknowledged(subject, broker._consumers[0].name)


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("answered", [False, True])
@pytest.mark.parametrize("at", QUESTIONS)
async def test_what_a_deleted_consumer_had_is_counted_once_unless_it_is_kept(
    broker, server, errors, at, answered, kept
):
    subject = broker.subject
    if kept:
        async with broker.subscribe(name="later"):
            pass
    async with broker.subscribe() as inbox:
        await handle_two_of_five(broker, inbox)
        interruption = Interruption(broker, at, answered=answered)
        name = broker._consumers[-1].name
        await server.jetstream.delete_consumer(subject, name)
        await interrupted(broker, inbox, server, interruption)
        assert await take(inbox, 5 if kept else 2) == ([2, 3, 4, 5, 6] if kept else [5, 6])
        await soon(broker.flush())
        assert inbox.stats.dropped == (0 if kept else 3)
        assert sum(error.count for error in errors.of(MessagesLost)) == inbox.stats.dropped
        await server.until_acknowledged(subject, name)


async def test_what_was_removed_before_an_interrupted_recovery_is_counted_once(broker, server):
    async with broker.subscribe(name="later"):
        pass
    async with broker.subscribe() as inbox:
        await handle_two_of_five(broker, inbox)
        interruption = Interruption(broker, 4, answered=True)
        await server.jetstream.delete_msg(broker.subject, 4)
        await server.jetstream.delete_consumer(broker.subject, broker._consumers[-1].name)
        await soon(interruption.reached.wait())
        await eventually(lambda: inbox.qsize() == 2)  # the new one has sent what is left
        interruption.interrupt()
        inbox.task_done()
        inbox.task_done()
        assert await take(inbox, 2) == [2, 4]
        await soon(broker.flush())
        assert inbox.stats.dropped == 1


async def test_what_was_sent_for_a_pattern_before_a_recovery_was_interrupted_is_not_lost(
    url, subject, server
):
    async with (
        rooms(subject, url) as broker,
        broker.subscribe(name="later"),
        broker.subscribe(where=KITCHEN, maxsize=1) as inbox,
    ):
        await publish_to_both(broker, 4)
        await eventually(lambda: broker._consumers[-1].lag == 3)
        inbox.get_nowait()
        interruption = Interruption(broker, 4, answered=True)
        await server.jetstream.delete_consumer(subject, broker._consumers[-1].name)
        await soon(interruption.reached.wait())
        await eventually(inbox.qsize)  # the new one has sent one of three
        interruption.interrupt()
        inbox.task_done()
        for number in (1, 2, 3):
            assert (await soon(inbox.get())).message == number
            inbox.task_done()
        await soon(broker.flush())
        assert inbox.stats.dropped == 0


@pytest.mark.parametrize("at", QUESTIONS[1:])
async def test_a_stream_that_is_made_anew_during_a_recovery_is_read_from_its_beginning(
    broker, server, at
):
    async with broker.subscribe() as inbox:
        await handle_two_of_five(broker, inbox)
        interruption = Interruption(broker, at, answered=False)
        (consumer,) = broker._consumers
        await server.jetstream.delete_consumer(broker.subject, consumer.name)
        await soon(interruption.reached.wait())
        await server.jetstream.delete_stream(broker.subject)
        await server.jetstream.add_stream(broker._stream._config)  # as another process does
        interruption.may_go_on.set()
        inbox.task_done()
        inbox.task_done()
        await broker.publish_many(range(5, 12))
        assert await take(inbox, 7) == list(range(5, 12))
        assert inbox.stats.dropped == 3  # what the first stream had still to send
