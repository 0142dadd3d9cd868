"""Who waits for room, and when: until the message gets in, or its subscriber has left."""

import asyncio

import pytest

from pubsub_lib import AsyncPubSub, Overflow
from pubsub_lib.lab.replay import film
from pubsub_lib.lab.replay.events import ChangeKind, FilmRecording
from tests.lab.replay import wrong_brokers
from tests.lab.replay.programs import OwnPubSub, of_kind, publish, read
from tests.lab.replay.test_watching import recording_of


def waits(recording: FilmRecording, message: int) -> list[tuple[float, list[str]]]:
    """Return when a message waits for room, and in whose queues."""
    return [
        (picture.time_s, [recording.queues[number].name for number in queues])
        for picture in recording.pictures
        for kind, number, *queues in picture.changes
        if kind is ChangeKind.WAIT and number == message
    ]


def test_a_message_waits_before_a_queue_until_it_gets_in_there():
    async def main() -> None:
        broker = AsyncPubSub(maxsize=1, timeout=None)
        phone, dashboard = broker.subscribe(name="phone"), broker.subscribe(name="dashboard")
        async with asyncio.TaskGroup() as group:
            await publish(broker, ["a"], shut_down=False)
            group.create_task(publish(broker, ["b"], shut_down=False))
            for second, inbox in enumerate((phone, dashboard), start=1):
                await asyncio.sleep(second)
                await inbox.get()

    recording = recording_of(main())
    assert waits(recording, 1) == [
        (0.1, ["phone", "dashboard"]),
        (1.1, ["dashboard"]),
        (3.1, []),
    ]


def test_a_wait_for_who_is_cut_off_ends_without_room_and_it_has_not_got_the_message():
    async def main() -> None:
        broker = AsyncPubSub(maxsize=1, timeout=0.2, overflow=Overflow.DISCONNECT)
        hangs = broker.subscribe(name="hangs")
        await publish(broker, ["a", "b"], shut_down=False)
        assert hangs.closed

    recording = recording_of(main())
    assert waits(recording, 1) == [(0.1, ["hangs"]), (0.3, [])]
    (ending,) = [one for one in recording.pictures if (ChangeKind.LEAVE, 0) in one.changes]
    changes = [change for change in ending.changes if change[0] is not ChangeKind.LINE]
    assert changes == [(ChangeKind.LEAVE, 0), (ChangeKind.DROP, 0, 1, 1), (ChangeKind.WAIT, 1)]


def test_the_end_waits_for_who_has_left_until_it_is_there():
    """A broker may let its queues go, and then put the end into each."""
    made = film(wrong_brokers.ordinary_day(wrong_brokers.Waits()))
    recording = made.recordings[""]
    (end,) = recording.ends
    assert [queues for _, queues in waits(recording, end)] == [["Ben"], []]
    assert not any(change[2] == end for change in recording.changes(ChangeKind.DROP))


@pytest.mark.parametrize("overflow", [Overflow.DROP_NEWEST, Overflow.DROP_OLDEST])
def test_nobody_waits_where_a_broker_waits_for_nobody(overflow):
    async def main() -> None:
        broker = AsyncPubSub(maxsize=1, timeout=0, overflow=overflow)
        broker.subscribe(name="slow")
        await publish(broker, ["a", "b"], shut_down=False)

    recording = recording_of(main())
    assert recording.changes(ChangeKind.WAIT) == []
    assert recording.count(ChangeKind.DROP) == 1


def test_a_wait_of_no_time_is_seen_if_somebody_makes_room():
    async def main() -> None:
        queue = asyncio.Queue(maxsize=1)
        async with asyncio.TaskGroup() as group:
            group.create_task(publish_two(queue))
            group.create_task(read(queue), name="reader")

    async def publish_two(queue: asyncio.Queue) -> None:
        for message in ("a", "b", None):
            await queue.put(message)

    assert (0.0, ["reader"]) in waits(recording_of(main()), 1)


def test_a_wait_that_never_ends_is_seen_though_it_takes_no_time():
    async def main() -> None:
        queue = asyncio.Queue(maxsize=1)
        for message in ("a", "b"):
            await queue.put(message)

    assert waits(film(main()).recordings[""], 1) == [(0.0, ["queue 1"])]


def test_who_is_let_go_in_a_step_has_left_before_what_follows_in_it():
    async def main() -> None:
        broker = OwnPubSub(maxsize=1)
        till, archive = await broker.subscribe(), await broker.subscribe()
        till.name, archive.name = "till", "archive"
        await publish(broker, ["a"], shut_down=False)
        broker.members.remove(till)
        archive.get_nowait()

    kinds = of_kind(recording_of(main()), ChangeKind.LEAVE, ChangeKind.TAKE)
    assert [change[:2] for change in kinds] == [(ChangeKind.LEAVE, 0), (ChangeKind.TAKE, 1)]


def test_who_is_let_go_and_taken_again_within_a_publish_has_not_left():
    class TakesTurns(OwnPubSub):
        async def publish(self, message) -> None:
            queue = self.members.pop(0)
            queue.put_nowait(message)
            self.members.append(queue)

    async def main() -> None:
        broker = TakesTurns(maxsize=2)
        for _ in range(2):
            await broker.subscribe()
        await publish(broker, ["a", "b", "c"], shut_down=False)

    assert recording_of(main()).changes(ChangeKind.LEAVE) == []


def test_who_ended_before_a_message_was_published_does_not_lose_it():
    made = film(wrong_brokers.ordinary_day(wrong_brokers.KeepsWhoHasLeft()))
    recording = made.recordings[""]
    dee = [queue.name for queue in recording.queues].index("Dee")
    assert not any(change[1] == dee for change in recording.changes(ChangeKind.DROP))
    assert "Dee got 3;" in made.caption
