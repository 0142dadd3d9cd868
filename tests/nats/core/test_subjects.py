"""Where each message has a subject of its own, the server sends a subscriber only what it wants."""

import asyncio

import nats
import pytest

from pubsub_lib.handlers import HandlerGroup
from pubsub_lib.nats import AccessRefused, NatsPubSub, NatsServer, UndecodablePayload, why_no_server
from pubsub_lib.nats.core import sender as sender_module
from pubsub_lib.subjects import Published, subject_filter
from pubsub_lib.topics import Topics
from tests.nats.observing import Errors, eventually, soon

pytestmark = pytest.mark.usefixtures("nothing_is_left")


@pytest.fixture
async def client(server):
    """A client of somebody else, who knows nothing of this library."""
    client = await nats.connect(server.url)
    yield client
    await client.close()


def rooms(subject: str, server, **options) -> NatsPubSub[Published[int]]:
    return NatsPubSub(subject, Published[int], url=server.url, **options)


def as_bytes(subject: str, message: int) -> bytes:
    return f'{{"Published": {{"subject": "{subject}", "message": {message}}}}}'.encode()


def came_in(broker: NatsPubSub) -> int:
    """How many messages the server has sent to this broker."""
    return broker._transport.connection.client.stats["in_msgs"]


async def take(inbox, count: int) -> list[int]:
    return [(await soon(inbox.get())).message for _ in range(count)]


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [("kitchen", [1]), ("*.door", [2, 3]), (">", [1, 2, 3, 4]), ("kitchen.>", [2, 4])],
)
async def test_the_server_sends_what_matches_and_nothing_else(server, subject, pattern, wanted):
    async with (
        rooms(subject, server) as publishing,
        rooms(subject, server) as reading,
        Topics(reading).subscribe(pattern) as inbox,
    ):
        topics = Topics(publishing)
        for number, room in enumerate(["kitchen", "kitchen.door", "bath.door", "kitchen.a.b"], 1):
            await topics.publish(room, number)
        await publishing.flush()
        await reading.flush()
        assert await take(inbox, len(wanted)) == wanted
        assert came_in(reading) == len(wanted)
        assert reading.network.lost == reading.stats.dropped == 0


async def test_whoever_gives_no_pattern_gets_all_and_any_other_filter_is_asked_here(
    server, subject
):
    async with (
        rooms(subject, server) as broker,
        broker.subscribe() as everything,
        broker.subscribe(where=lambda published: published.message > 1) as large,
    ):
        await broker.publish_many([Published("kitchen", 1), Published("bath", 2)])
        assert await take(everything, 2) == [1, 2]
        assert await take(large, 1) == [2]
        assert came_in(broker) == 2


async def test_with_a_codec_of_ones_own_all_travel_on_one_subject_and_patterns_are_applied_here(
    server, subject
):
    class Own:
        def to_bytes(self, published: Published[int]) -> bytes:
            return f"{published.subject} {published.message}".encode()

        def from_bytes(self, data: bytes) -> Published[int]:
            room, _, number = data.decode().partition(" ")
            return Published(room, int(number))

    async with (
        NatsPubSub(subject, Own(), url=server.url) as broker,
        Topics(broker).subscribe("kitchen") as inbox,
    ):
        await Topics(broker).publish("bath", 1)
        await Topics(broker).publish("kitchen", 2)
        assert await take(inbox, 1) == [2]
        assert came_in(broker) == 2


async def test_those_who_give_the_same_pattern_share_one_subscription_at_the_server(
    server, subject
):
    async with rooms(subject, server) as broker:
        inboxes = [await Topics(broker).subscribe("kitchen") for _ in range(3)]
        await Topics(broker).publish("kitchen", 1)
        assert [await take(inbox, 1) for inbox in inboxes] == [[1]] * 3
        assert came_in(broker) == 1
        for inbox in inboxes:
            inbox.close()


async def test_handlers_give_their_pattern_to_the_server_too(server, subject):
    handled = []

    async def handle(published: Published[int]) -> None:
        handled.append(published.message)

    broker = rooms(subject, server)
    async with HandlerGroup(broker) as group:
        group.add(handle, where=subject_filter("kitchen"))
        for number, room in enumerate(["kitchen", "bath"]):
            await broker.publish(Published(room, number))
        await broker.flush()
        await broker.shutdown()
        assert came_in(broker) == 1
    assert handled == [0]


async def test_what_is_missing_is_counted_for_each_subject_of_a_pattern(server, subject, client):
    async with (
        rooms(subject, server) as broker,
        Topics(broker).subscribe("*.door") as doors,
        Topics(broker).subscribe("kitchen.*") as kitchen,
    ):
        for room, number in [("kitchen.door", 1), ("bath.door", 7), ("kitchen.door", 4)]:
            await client.publish(
                f"{subject}.{room}", as_bytes(room, number), reply=f"0123456789abcdef.{number}"
            )
        assert await take(doors, 3) == [1, 7, 4]
        assert await take(kitchen, 2) == [1, 4]
        assert doors.stats.dropped == kitchen.stats.dropped == 2
        assert broker.network.dropped.lost == 4
        assert broker.network.lost == 4  # by each of two subscriptions at the server


async def test_a_publisher_of_very_many_subjects_begins_anew_and_nothing_seems_lost(
    server, subject, monkeypatch
):
    monkeypatch.setattr(sender_module, "NUMBERED_SUBJECTS", 3)
    async with rooms(subject, server) as broker, broker.subscribe() as inbox:
        for number in range(20):
            await broker.publish(Published(f"room{number % 7}", number))
        assert await take(inbox, 20) == list(range(20))
        assert len(broker._sender._numbers) <= 3
        assert broker.network.lost == 0


async def test_a_message_that_says_it_belongs_elsewhere_is_set_aside(server, subject, client):
    errors = Errors()
    async with rooms(subject, server, on_error=errors) as broker, broker.subscribe() as inbox:
        await client.publish(f"{subject}.bath", as_bytes("kitchen", 1))
        await client.publish(f"{subject}.bath", as_bytes("bath", 2))
        assert await take(inbox, 1) == [2]
        (told,) = errors.of(UndecodablePayload)
        assert f"belongs on '{subject}.kitchen'" in str(told)


async def test_who_is_slow_holds_up_nobody_with_another_pattern(server, subject):
    async with rooms(subject, server, maxsize=1, timeout=None) as broker:
        slow = await Topics(broker).subscribe("kitchen")
        async with Topics(broker).subscribe("bath") as inbox:
            for number in range(3):
                await Topics(broker).publish("kitchen", number)
            await Topics(broker).publish("bath", 7)
            assert await take(inbox, 1) == [7]
            assert broker.network.depth == 3  # one in the inbox, two wait for room
        assert await take(slow, 3) == [0, 1, 2]
        slow.close()


async def test_nothing_is_kept_of_patterns_that_nobody_gives_any_more(server, subject):
    async with rooms(subject, server) as broker:
        for number in range(50):
            async with Topics(broker).subscribe(f"room{number}"):
                pass
        await eventually(lambda: not broker._transport.connection.client._subs)
        assert broker._intakes._by_pattern == {}


async def test_a_subscription_that_is_left_before_it_has_joined_is_ended_at_the_server(
    server, subject
):
    async with rooms(subject, server) as broker:
        Topics(broker).subscribe("kitchen").close()
        await broker.flush()
        await eventually(lambda: not broker._transport.connection.client._subs)


@pytest.mark.parametrize("room", ["a" * 4_001, "kitchen.\ud800"])
async def test_a_subject_that_the_server_cannot_take_is_an_error_of_its_own_alone(
    server, subject, room
):
    async with rooms(subject, server) as broker, broker.subscribe() as inbox:
        with pytest.raises(ValueError, match=r"at most 4,000 bytes|would not come back"):
            await Topics(broker).publish(room, 1)
        with pytest.raises(ValueError, match=r"at most 4,000 bytes|cannot be sent"):
            Topics(broker).subscribe(room)
        await Topics(broker).publish("a" * (3_999 - len(subject)), 2)
        assert await take(inbox, 1) == [2]
        assert broker.stats.subscribers == broker.stats.published == 1


@pytest.mark.parametrize("name", ["a" * 4_001, "a.\ud800"])
def test_a_broker_of_such_a_subject_is_refused(name):
    with pytest.raises(ValueError, match=r"at most 4,000 bytes|cannot be sent"):
        NatsPubSub(name)


async def test_a_pattern_that_the_server_does_not_permit_ends_its_readers_and_no_others():
    if reason := why_no_server(of_our_own=True):
        pytest.skip(reason)
    rules = 'permissions: {subscribe: {allow: ["_INBOX.>", "Rooms.>"], deny: "Rooms.Bath"}}'
    server = NatsServer()
    server._write_configuration = lambda: (server.folder / "server.conf").write_text(
        'listen: "127.0.0.1:-1"\nports_file_dir: "."\n'
        f"authorization {{ users: [{{user: a, password: b, {rules}}}] }}"
    )
    errors = Errors()
    with server:
        url = f"nats://a:b@127.0.0.1:{server.port}"
        async with (
            NatsPubSub("Rooms", Published[int], url=url, on_error=errors) as broker,
            Topics(broker).subscribe("Kitchen") as kitchen,
        ):
            bath = Topics(broker).subscribe("Bath")
            with pytest.raises(AccessRefused, match="does not allow this"):
                await soon(bath.get())
            await Topics(broker).publish("Kitchen", 1)
            assert await take(kitchen, 1) == [1]
            assert len(errors) == 1


async def test_a_reader_joins_by_many_patterns_at_once_before_a_publish(server, subject):
    async with rooms(subject, server) as broker:
        inboxes = [Topics(broker).subscribe(f"room{number}") for number in range(100)]
        for number in range(100):
            await Topics(broker).publish(f"room{number}", number)
        taken = await asyncio.gather(*(take(inbox, 1) for inbox in inboxes))
        assert taken == [[number] for number in range(100)]
        for inbox in inboxes:
            inbox.close()


def test_those_who_subscribed_before_the_loop_runs_do_not_wait_for_each_other_to_join(
    server, subject, monkeypatch: pytest.MonkeyPatch
):
    broker = rooms(subject, server)
    connection = broker._transport.connection
    inboxes = [Topics(broker).subscribe(room) for room in ("kitchen", "bath")]
    confirm, asked_for = connection.confirm, []

    async def confirm_and_note() -> None:
        await confirm()
        asked_for.append(len(connection.client._subs))

    async def main() -> None:
        monkeypatch.setattr(connection, "confirm", confirm_and_note)
        await soon(broker._intakes.get_ready())
        assert asked_for == [2] * len(inboxes)
        await broker.shutdown()

    asyncio.run(main())
