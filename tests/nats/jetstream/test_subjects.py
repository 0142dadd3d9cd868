"""Where each message has a subject of its own, the server keeps and sends only what is asked for.

The numbers in the stream of what a subscription gets are not consecutive then. So what it has
missed is known by the numbers of its deliveries, and by how many are still to be sent.
"""

import pytest
from nats.aio.msg import Msg
from nats.js import api

from pubsub_lib.nats import JetStreamPubSub, MessagesLost, NatsError, UndecodablePayload
from pubsub_lib.nats.jetstream.publisher import Outgoing
from pubsub_lib.subjects import Published, subject_filter
from pubsub_lib.topics import Topics
from tests.nats.observing import LIMIT_S, Errors, Server, eventually, soon

pytestmark = pytest.mark.usefixtures("quick_looks")
NAME = "billing"
KITCHEN = subject_filter("kitchen.>")


@pytest.fixture
async def broker(url: str, subject: str, errors: Errors):
    async with rooms(subject, url, on_error=errors) as broker:
        yield broker


def rooms(subject: str, url: str, **options) -> JetStreamPubSub[Published[int]]:
    options = {"timeout": LIMIT_S, "ack_wait": 600} | options
    return JetStreamPubSub(subject, Published[int], url=url, **options)


async def take(inbox, count: int) -> list[int]:
    taken = []
    for _ in range(count):
        taken.append((await soon(inbox.get())).message)
        inbox.task_done()
    return taken


async def publish_to_both(broker: JetStreamPubSub, count: int) -> None:
    """Publish so many to a room of the kitchen, and one elsewhere after each."""
    for number in range(count):
        await broker.publish_many([Published("kitchen.door", number), Published("bath", -1)])


async def sent(broker: JetStreamPubSub, server: Server) -> int:
    """How many deliveries the server has made to the last subscription."""
    known = await server.consumer(broker.subject, broker._consumers[-1].name)
    return known.delivered.consumer_seq


@pytest.mark.parametrize("name", ["", NAME])
@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [("kitchen", [1]), ("*.door", [2, 3]), (">", [1, 2, 3, 4]), ("kitchen.>", [2, 4])],
)
async def test_the_server_sends_what_matches_and_nothing_else(
    broker, server, pattern, wanted, name
):
    async with broker.subscribe(name=name, where=subject_filter(pattern)) as inbox:
        for number, room in enumerate(["kitchen", "kitchen.door", "bath.door", "kitchen.a.b"], 1):
            await broker.publish(Published(room, number))
        await soon(broker.flush())
        assert await take(inbox, len(wanted)) == wanted
        assert broker.network.received == await sent(broker, server) == len(wanted)
        assert inbox.stats.dropped == broker.network.lag == 0


async def test_the_server_keeps_what_somebody_asks_for(broker, server):
    async with broker.subscribe(where=KITCHEN):
        await publish_to_both(broker, 3)
        assert await server.kept(broker.subject) == 3
        assert broker.stats.published == 6


async def test_any_other_filter_is_asked_here(broker):
    def is_large(published: Published[int]) -> bool:
        return published.message > 0

    async with broker.subscribe(where=is_large) as inbox:
        await publish_to_both(broker, 2)
        await soon(broker.flush())
        assert await take(inbox, 1) == [1]
        assert broker.network.received == 4


async def test_topics_ask_the_server(broker):
    async with Topics(broker).subscribe("bath", name=NAME) as inbox:
        await publish_to_both(broker, 2)
        assert await take(inbox, 2) == [-1, -1]
        assert broker.network.received == 2


async def test_of_those_who_share_a_name_the_last_pattern_decides(broker, server):
    async with broker.subscribe(name=NAME, where=KITCHEN):
        pass
    async with broker.subscribe(name=NAME, where=subject_filter("bath")) as inbox:
        await publish_to_both(broker, 2)
        assert await take(inbox, 2) == [-1, -1]
        known = await server.consumer(broker.subject, NAME)
        assert known.config.filter_subject == f"{broker.subject}.bath"


async def test_a_pattern_too_long_for_the_server_is_applied_here(broker, server):
    room = "a" * 3_500
    async with broker.subscribe(where=subject_filter(room)) as inbox:
        await broker.publish_many([Published("bath", 1), Published(room, 2)])
        assert await take(inbox, 1) == [2]
        known = await server.consumer(broker.subject, broker._consumers[0].name)
        assert known.config.filter_subject == f"{broker.subject}.>"


async def test_a_pattern_as_long_as_the_server_takes_is_applied_there(broker):
    room = "a" * (2_999 - len(broker.subject))
    async with broker.subscribe(where=subject_filter(room)) as inbox:
        await broker.publish_many([Published("bath", 1), Published(room, 2)])
        assert await take(inbox, 1) == [2]
        assert broker.network.received == 1


async def test_a_subject_that_cannot_be_sent_is_an_error_before_anything_is(broker):
    async with broker.subscribe():
        with pytest.raises(ValueError, match="at most 4,000 bytes"):
            await broker.publish_many([Published("bath", 1), Published("a" * 4_001, 2)])
        assert broker.stats.published == 0
        await broker.publish(Published("a" * (3_999 - len(broker.subject)), 3))


async def test_a_message_that_says_it_belongs_elsewhere_is_set_aside(broker, server, errors):
    async with broker.subscribe() as inbox:
        forged = b'{"Published": {"subject": "kitchen", "message": 1}}'
        await server.jetstream.publish(f"{broker.subject}.bath", forged)
        await broker.publish(Published("bath", 2))
        assert await take(inbox, 1) == [2]
        told = await errors.until(UndecodablePayload)
        assert f"belongs on '{broker.subject}.kitchen'" in str(told)


# What is missed.


async def test_what_is_purged_of_a_pattern_is_counted_and_nothing_else(broker, server, errors):
    async with broker.subscribe(), broker.subscribe(where=KITCHEN, maxsize=1) as inbox:
        await publish_to_both(broker, 4)
        await eventually(lambda: broker._consumers[-1].lag == 3)
        await server.jetstream.purge_stream(broker.subject, subject=f"{broker.subject}.bath")
        await server.jetstream.purge_stream(broker.subject, subject=f"{broker.subject}.*.door")
        await eventually(lambda: inbox.stats.dropped)
        assert inbox.stats.dropped == 3
        assert await take(inbox, 1) == [0]
        await publish_to_both(broker, 1)
        assert await take(inbox, 1) == [0]
        await soon(broker.flush())
        assert inbox.stats.dropped == 3
        assert 3 in [error.count for error in errors.of(MessagesLost)]


async def test_what_is_lost_on_its_way_is_waited_for_and_not_counted(broker):
    async with broker.subscribe(where=KITCHEN, ack_wait=1) as inbox:
        subscription = broker._consumers[0]._subscription
        receive = subscription._cb

        async def receive_the_next(envelope: Msg) -> None:
            subscription._cb = receive

        subscription._cb = receive_the_next
        await publish_to_both(broker, 2)
        assert await take(inbox, 1) == [1]
        await soon(broker.flush())  # some looks later
        assert inbox.get_nowait().message == 0
        assert inbox.stats.dropped == 0


@pytest.mark.parametrize("name", ["", NAME])
async def test_what_a_deleted_stream_had_for_a_pattern_is_counted(broker, server, errors, name):
    async with broker.subscribe(name=name, where=KITCHEN, maxsize=1) as inbox:
        await publish_to_both(broker, 4)
        await eventually(lambda: broker.network.lag == 3)
        await server.jetstream.delete_stream(broker.subject)
        assert (await errors.until(MessagesLost)).count == 3
        inbox.get_nowait()
        inbox.task_done()
        await publish_to_both(broker, 2)
        assert await take(inbox, 2) == [0, 1]
        assert inbox.stats.dropped == 3


@pytest.mark.parametrize("kept", [True, False])
async def test_what_a_deleted_consumer_had_for_a_pattern_is_counted_unless_it_is_kept(
    broker, server, kept
):
    if kept:
        async with broker.subscribe(name=NAME):
            pass
    async with broker.subscribe(where=KITCHEN, maxsize=1) as inbox:
        await publish_to_both(broker, 4)
        await eventually(lambda: broker.network.lag == 3)
        inbox.get_nowait()
        await server.jetstream.delete_consumer(broker.subject, broker._consumers[-1].name)
        inbox.task_done()
        if kept:
            assert await take(inbox, 3) == [1, 2, 3]
            await soon(broker.flush())
            assert inbox.stats.dropped == 0
        else:
            await eventually(lambda: inbox.stats.dropped)
            assert inbox.stats.dropped == 3


async def test_what_a_pattern_has_not_got_at_the_end_is_counted(url, subject):
    broker = rooms(subject, url)
    async with broker.subscribe(where=KITCHEN, maxsize=1) as inbox:
        await publish_to_both(broker, 4)
        await eventually(lambda: broker.network.lag == 3)
        await broker.shutdown(timeout=0.05)
        assert inbox.stats.dropped == 3


async def test_the_last_number_of_a_pattern_is_that_of_a_message_that_is_there(broker, server):
    async with broker.subscribe(name=NAME):
        await publish_to_both(broker, 2)
    for room, number in (("kitchen.>", 3), ("bath", 4), ("hall", 0)):
        assert await broker._stream.last_sequence(f"{broker.subject}.{room}") == number
    await server.jetstream.purge_stream(broker.subject, subject=f"{broker.subject}.bath")
    assert await broker._stream.last_sequence(f"{broker.subject}.bath") == 0


# Around it.


async def test_a_dead_letter_goes_back_to_its_subject_if_somebody_asks_for_it(broker):
    async with broker.subscribe(name=NAME, where=KITCHEN, max_tries=1) as inbox:
        await publish_to_both(broker, 1)
        await soon(inbox.get())
        inbox.task_failed("broken")
        await eventually(lambda: broker.network.dead_letters)
        (letter,) = await broker.dead_letters()
        assert letter.message == Published("kitchen.door", 0)
        async with broker.subscribe(name=NAME, where=subject_filter("bath")):
            with pytest.raises(NatsError, match="nobody has subscribed"):
                await broker.put_back(letter)
        async with broker.subscribe(name=NAME, where=KITCHEN):
            await broker.put_back(letter)
        assert await broker.dead_letters() == []
        assert await take(inbox, 1) == [0]


async def test_a_stream_that_keeps_the_bare_subject_alone_cannot_serve(url, server, subject):
    config = api.StreamConfig(name=subject, subjects=[subject], retention="interest")
    await server.jetstream.add_stream(config)
    broker = rooms(subject, url)
    with pytest.raises(NatsError, match=f"it does not keep '{subject}.>'"):
        await broker.publish(Published("bath", 1))
    await broker.shutdown()


async def test_two_brokers_of_which_one_would_keep_what_the_other_keeps_are_told(broker, url):
    other = JetStreamPubSub[int](f"{broker.subject}.bath", url=url)
    with pytest.raises(NatsError, match="give one of the brokers another"):
        await other.publish(1)
    await other.shutdown()


async def test_a_subject_that_is_refused_holds_up_no_other(broker):
    async with broker.subscribe():
        await broker.publish(Published("bath", 1))
        publisher, refusal = broker._publishing._publisher, NatsError("no")
        subjects = [f"{broker.subject}.{room}" for room in ("bath", "Kitchen")]
        bath, kitchen = [
            await publisher.send(Outgoing.of(subject, b"2", subject)) for subject in subjects
        ]
        publisher.publish_refused(f"{broker.subject}.kitchen", refusal)
        assert await kitchen is None
        assert publisher.confirms(await soon(bath))
        await broker.publish(Published("bath", 3))
        with pytest.raises(NatsError) as raised:
            await broker.publish(Published("Kitchen", 3))
        assert raised.value is refusal
        await broker.publish(Published("Kitchen", 3))  # it was told
