"""What becomes of each message, seen from outside, on any broker."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pubsub_lib import AsyncPubSub, ChapterPubSub, Lagged, Overflow, RingPubSub
from pubsub_lib.lab.replay.events import ChangeKind
from pubsub_lib.lab.replay.filming import Film, film
from pubsub_lib.lab.replay.message_numbers import MOST_MESSAGES
from pubsub_lib.lab.replay.watching import FilmTooLong
from tests.lab.replay import wrong_brokers
from tests.lab.replay.programs import (
    OwnPubSub,
    fates,
    of_kind,
    one_reader,
    publish,
    read,
    story,
)


def recording_of(coroutine):
    made = film(coroutine)
    assert made.errors == {}
    return made.recordings[""]


def test_a_message_goes_from_the_publisher_through_the_queue_to_the_reader():
    assert story(recording_of(one_reader(AsyncPubSub(maxsize=2), ["hello"]))) == [
        "publisher publishes 0",
        "reader enter 0",
        "reader take 0",
        "reader handle 0",
    ]


@pytest.mark.parametrize("broker_class", [AsyncPubSub, ChapterPubSub, RingPubSub, OwnPubSub])
def test_every_broker_can_be_filmed_a_learners_own_too(broker_class):
    made = film(one_reader(broker_class(maxsize=5), range(100, 103)))
    assert list(filter(None, made.results[""])) == [100, 101, 102]
    recording = made.recordings[""]
    assert recording.messages[:3] == ["100", "101", "102"]
    assert [line for line in story(recording) if line.startswith("reader take")][:3] == [
        "reader take 0",
        "reader take 1",
        "reader take 2",
    ]


def test_a_plain_queue_needs_no_broker():
    async def main() -> None:
        queue = asyncio.Queue(maxsize=1)

        async def produce() -> None:
            for number in range(2):
                await queue.put(number)

        async with asyncio.TaskGroup() as group:
            group.create_task(produce(), name="producer")
            for name in ("one", "other"):
                group.create_task(queue.get(), name=name)

    assert story(recording_of(main())) == [
        "producer publishes 0",
        "one/other enter 0",
        "producer publishes 1",
        "1 waits for one/other",
        "one/other take 0",
        "one/other handle 0",
        "one/other enter 1",
        "one/other take 1",
        "one/other handle 1",
    ]


def test_who_waits_for_room_is_seen_and_what_it_loses():
    async def main() -> None:
        broker = ChapterPubSub(maxsize=1)
        await broker.subscribe()
        await publish(broker, ["a", "b"], shut_down=False)

    recording = recording_of(main())
    assert story(recording) == [
        "main publishes 0",
        "queue 1 enter 0",
        "main publishes 1",
        "1 waits for queue 1",
        "queue 1 drop 1",
    ]
    (dropped,) = [
        picture.time_s
        for picture in recording.pictures
        if any(change[0] == ChangeKind.DROP for change in picture.changes)
    ]
    assert dropped == 1.1


@pytest.mark.parametrize("messages", [[7001, 7002, 7003], iter([7001, 7002, 7003])], ids=type)
def test_many_messages_of_one_publish_are_messages_each(messages):
    async def main() -> None:
        broker = AsyncPubSub(maxsize=2, timeout=0.5)
        broker.subscribe(name="dead")
        reader = broker.subscribe(name="reader")
        async with asyncio.TaskGroup() as group:
            group.create_task(read(reader))
            await broker.publish_many(messages)
            await broker.shutdown(timeout=0.1)

    recording = recording_of(main())
    assert recording.messages == ["7001", "7002", "7003"]
    assert fates(recording, 1)[ChangeKind.TAKE] == 3
    assert fates(recording, 0)[ChangeKind.ENTER] == 2


def test_a_publisher_who_makes_room_drops_the_oldest():
    async def main() -> None:
        broker = OwnPubSub(maxsize=1)
        await broker.subscribe()
        await publish(broker, ["a", "b"], shut_down=False)

    assert story(recording_of(main()))[-2:] == ["queue 1 drop 0", "queue 1 enter 1"]


def test_a_message_that_is_the_same_object_again_is_another_message():
    recording = recording_of(one_reader(AsyncPubSub(maxsize=3), ["tick"] * 3))
    assert [line for line in story(recording) if "take" in line] == [
        "reader take 0",
        "reader take 1",
        "reader take 2",
    ]


def test_a_batch_is_taken_whole_and_handled_whole():
    async def main() -> None:
        broker = AsyncPubSub(maxsize=5)
        inbox = await broker.subscribe(name="reader")
        await publish(broker, range(300, 303), every_s=0, shut_down=False)

        async def read_batches() -> None:
            async for _ in inbox.batches():
                await asyncio.sleep(1)

        async with asyncio.TaskGroup() as group:
            group.create_task(read_batches())
            group.create_task(broker.shutdown())

    assert story(recording_of(main()))[-6:] == [
        *(f"reader take {number}" for number in range(3)),
        *(f"reader handle {number}" for number in range(3)),
    ]


def test_one_object_put_into_several_queues_is_one_message():
    recording = recording_of(one_reader(OwnPubSub(maxsize=3), ["a"]))
    assert recording.messages == ["'a'", "the end (None)"]


def test_a_subscriber_with_a_filter_does_not_lose_what_it_did_not_want():
    async def main() -> None:
        broker = AsyncPubSub(maxsize=3)
        inbox = broker.subscribe(name="odd", where=lambda number: number % 2)
        await publish(broker, range(1001, 1005), shut_down=False)
        assert inbox.qsize() == 2

    assert fates(recording_of(main()), 0) == {ChangeKind.ENTER: 2}


def test_a_queue_that_a_learners_broker_lets_go_has_left_and_loses_nothing_more():
    async def main() -> None:
        broker = OwnPubSub(maxsize=3)
        queue = await broker.subscribe()
        await publish(broker, ["a"], shut_down=False)
        broker.members.remove(queue)
        await asyncio.sleep(0)
        await publish(broker, ["b"], shut_down=False)

    recording = recording_of(main())
    assert of_kind(recording, ChangeKind.JOIN, ChangeKind.LEAVE) == [
        (ChangeKind.JOIN, 0),
        (ChangeKind.LEAVE, 0),
    ]
    assert fates(recording, 0) == {ChangeKind.ENTER: 1}


class Relay:
    """What a learner may call a broker: one joins and leaves by name, and by no word of films."""

    def __init__(self) -> None:
        self.phones: dict[str, asyncio.Queue] = {}

    def join(self, name: str) -> asyncio.Queue:
        self.phones[name] = asyncio.Queue(maxsize=1)
        return self.phones[name]

    async def publish(self, score: int) -> None:
        for queue in self.phones.values():
            await queue.put(score)


def test_who_leaves_a_broker_that_is_joined_is_seen_and_who_gets_nothing_more_loses_it():
    async def main() -> None:
        relay = Relay()

        async def follow(name: str, pause_s: float, scores: int) -> None:
            queue = relay.join(name)
            for _ in range(scores):
                await queue.get()
                await asyncio.sleep(pause_s)
            del relay.phones[name]

        async with asyncio.TaskGroup() as group:
            for name, pause_s, scores in [("slow", 2, 3), ("leaver", 0.5, 2), ("last", 0, 3)]:
                group.create_task(follow(name, pause_s, scores), name=name)
            await asyncio.sleep(0)
            for score in range(3):
                await relay.publish(score)

    made = film(main())
    assert str(made.recordings[""].error).startswith("RuntimeError: dictionary changed size")
    names = [queue.name for queue in made.recordings[""].queues]
    left = [names[queue] for _, queue in of_kind(made.recordings[""], ChangeKind.LEAVE)]
    assert left[0] == "leaver"
    lost = of_kind(made.recordings[""], ChangeKind.DROP)
    assert [names[queue] for _, queue, message, *_ in lost if message == 2] == ["last"]


def test_to_wait_until_a_queue_is_done_with_is_not_to_join_it():
    async def main() -> None:
        queue = asyncio.Queue()
        queue.put_nowait("a")
        queue.get_nowait()
        queue.task_done()
        await queue.join()

    assert recording_of(main()).count(ChangeKind.JOIN) == 1


def test_a_member_that_a_learners_broker_skips_loses_the_message():
    class Skipping(OwnPubSub):
        async def publish(self, message) -> None:
            for number in range(len(self.members) - 1):
                await self.members[number].put(message)

    async def main() -> None:
        broker = Skipping(maxsize=3)
        for _ in range(2):
            await broker.subscribe()
        await publish(broker, ["a"], shut_down=False)

    recording = recording_of(main())
    assert fates(recording, 0) == {ChangeKind.ENTER: 1}
    assert fates(recording, 1) == {ChangeKind.DROP: 1}


async def cancel_a_reader(*, marks: bool, goes_on: bool) -> None:
    """Cancel a reader in the middle of its first message, which may have been marked as done."""
    queue = asyncio.Queue()
    queue.put_nowait("hello")

    async def take() -> None:
        await queue.get()
        if marks:
            queue.task_done()
        await asyncio.sleep(1)
        if goes_on:
            await queue.get()

    reader = asyncio.create_task(take(), name="reader")
    await asyncio.sleep(2 if goes_on else 0.5)
    reader.cancel()
    await asyncio.wait([reader])


def test_a_message_in_the_hand_of_a_task_that_is_cancelled_is_lost_and_not_handled():
    recording = recording_of(cancel_a_reader(marks=False, goes_on=False))
    assert story(recording)[-2:] == ["reader take 0", "reader drop 0"]


@pytest.mark.parametrize(("marks", "goes_on"), [(True, False), (False, True)])
def test_a_reader_that_was_done_with_its_message_loses_nothing_when_it_is_cancelled(marks, goes_on):
    recording = recording_of(cancel_a_reader(marks=marks, goes_on=goes_on))
    assert story(recording)[-2:] == ["reader take 0", "reader handle 0"]


def test_a_message_that_another_task_marks_as_done_was_handled_though_its_reader_is_cancelled():
    async def main() -> None:
        queue = asyncio.Queue()
        queue.put_nowait("hello")

        async def handle() -> None:
            await asyncio.sleep(1)
            queue.task_done()

        async def take() -> None:
            await queue.get()
            handling = asyncio.create_task(handle(), name="handling")
            try:
                await asyncio.shield(handling)
            finally:
                await handling

        reader = asyncio.create_task(take(), name="reader")
        await asyncio.sleep(0.5)
        reader.cancel()
        await asyncio.wait([reader])

    assert story(recording_of(main()))[-2:] == ["reader take 0", "reader handle 0"]


def test_joining_leaving_and_the_shutdown_are_seen():
    async def main() -> None:
        broker = AsyncPubSub(maxsize=3)
        async with broker.subscribe(name="guest"):
            await publish(broker, ["a"], shut_down=False)
        await broker.shutdown()

    recording = recording_of(main())
    assert of_kind(recording, ChangeKind.JOIN, ChangeKind.LEAVE) == [
        (ChangeKind.JOIN, 0),
        (ChangeKind.LEAVE, 0),
    ]
    notes = [recording.texts[text] for _, text in of_kind(recording, ChangeKind.NOTE)]
    assert notes == ["shutdown() begins", "shutdown() is over"]


def test_in_a_ring_the_one_that_is_overtaken_loses_messages_and_nobody_else():
    async def main() -> None:
        ring = RingPubSub(maxsize=2, timeout=0.3)
        fast, dead = ring.subscribe(name="fast"), ring.subscribe(name="dead")
        async with asyncio.TaskGroup() as group:
            group.create_task(read(fast))
            group.create_task(publish(ring, range(500, 505)))
        assert dead.stats.dropped == 3

    recording = recording_of(main())
    assert fates(recording, 0) == {ChangeKind.ENTER: 5, ChangeKind.TAKE: 5, ChangeKind.HANDLE: 5}
    assert fates(recording, 1) == {ChangeKind.ENTER: 5, ChangeKind.DROP: 3}


def test_a_film_of_too_many_messages_is_refused_with_advice():
    broker = AsyncPubSub(maxsize=5)
    with pytest.raises(FilmTooLong, match=r"at most 400 messages.*film a shorter run"):
        film(one_reader(broker, range(1000, 1000 + MOST_MESSAGES + 1), every_s=0.001))


def test_as_many_messages_as_are_allowed_make_a_film_of_a_fair_size():
    async def main() -> None:
        broker = AsyncPubSub(maxsize=10)
        async with asyncio.TaskGroup() as group:
            for _ in range(3):
                group.create_task(read(await broker.subscribe(), 0.001))
            group.create_task(publish(broker, range(1000, 1000 + MOST_MESSAGES), 0.002))

    made = film(main())
    assert made.errors == {}
    assert made.recordings[""].count(ChangeKind.HANDLE) == 3 * MOST_MESSAGES
    assert len(made.html.encode()) <= 100_000


def test_a_film_that_is_too_large_is_refused_with_advice():
    messages = [f"{number} {'x' * 40}" for number in range(MOST_MESSAGES)]

    async def main() -> None:
        broker = AsyncPubSub(maxsize=10)
        async with asyncio.TaskGroup() as group:
            for _ in range(4):
                group.create_task(read(await broker.subscribe(), 0.001))
            group.create_task(publish(broker, messages, 0.002))

    with pytest.raises(FilmTooLong, match=r"\d+ KB of a notebook.*at most 100; film a shorter run"):
        film(main())


@pytest.mark.parametrize("make", [asyncio.Queue, lambda: AsyncPubSub(5).subscribe(name="early")])
def test_a_queue_that_was_made_before_the_film_is_watched_too(make):
    queue = make()

    async def main() -> None:
        await queue.put("late")
        await queue.get()

    assert [line.split(" ", 1)[1] for line in story(recording_of(main()))][-2:] == [
        line.split(" ", 1)[1] for line in ("early take 0", "early handle 0")
    ]


def test_the_subscribers_that_joined_before_the_film_are_watched_too():
    broker = AsyncPubSub(maxsize=1, timeout=0.5)
    early = broker.subscribe(name="early")

    async def main() -> None:
        await publish(broker, ["a", "b"], shut_down=False)

    recording = recording_of(main())
    assert [queue.name for queue in recording.queues] == ["early"]
    assert fates(recording, 0) == {ChangeKind.ENTER: 1, ChangeKind.DROP: 1}
    assert early.qsize() == 1


def test_a_queue_that_is_no_queue_of_arrival_is_watched_too():
    async def main() -> list[int]:
        queue = asyncio.PriorityQueue()
        for number in (903, 901, 902):
            await queue.put(number)
        return [await queue.get() for _ in range(3)]

    recording = recording_of(main())
    assert [line for line in story(recording) if "take" in line] == [
        "main take 1",
        "main take 2",
        "main take 0",
    ]


delays = st.sampled_from([0.0, 0.01, 0.05, 0.3])


@settings(max_examples=40)
@given(
    broker_class=st.sampled_from([AsyncPubSub, RingPubSub]),
    bound=st.integers(1, 4),
    timeout=st.sampled_from([0, 0.02, 0.2]),
    every_s=delays,
    services_s=st.lists(delays, min_size=1, max_size=3),
    overflow=st.sampled_from([Overflow.DROP_NEWEST, Overflow.DROP_OLDEST]),
    dead=st.booleans(),
)
def test_the_film_counts_what_the_broker_and_the_readers_count(
    broker_class, bound, timeout, every_s, services_s, overflow, dead
):
    async def main() -> list[tuple[int, int]]:
        options = {"overflow": overflow} if broker_class is AsyncPubSub else {}
        broker = broker_class(bound, timeout=timeout, **options)
        inboxes = [broker.subscribe() for _ in range(len(services_s) + dead)]
        handled = [0] * len(inboxes)

        async def handle(number: int, seconds: float) -> None:
            while True:
                try:
                    async for _ in inboxes[number]:
                        handled[number] += 1
                        await asyncio.sleep(seconds)
                    break
                except Lagged:
                    continue

        async with asyncio.TaskGroup() as group:
            for number, seconds in enumerate(services_s):
                group.create_task(handle(number, seconds))
            for message in range(1000, 1015):
                await broker.publish(message)
                await asyncio.sleep(every_s)
            await broker.shutdown(timeout=0.1)
        return [(count, inbox.stats.dropped) for count, inbox in zip(handled, inboxes, strict=True)]

    made = film(main())
    assert made.errors == {}
    recording = made.recordings[""]
    counted = [
        (fates(recording, number)[ChangeKind.TAKE], fates(recording, number)[ChangeKind.DROP])
        for number in range(len(recording.queues))
    ]
    assert counted == made.results[""]


# What a broker does wrong.


def film_of(broker_class: type[wrong_brokers.Waits]) -> Film:
    return film(wrong_brokers.ordinary_day(broker_class()))


@pytest.mark.parametrize(
    ("broker_class", "words"),
    [
        (wrong_brokers.DeliversTwice, "Ada got 9, 1 twice;"),
        (wrong_brokers.ChangesTheOrder, "Ada got 8, 2 late; Ben got 4 and lost 4;"),
        (wrong_brokers.ForgetsWhoJoinsLater, "Cy got 0 and lost 5."),
        (wrong_brokers.LosesTheEnd, "Ben got 6 and lost 2 and the end;"),
    ],
)
def test_the_caption_says_who_got_something_twice_late_or_never(broker_class, words):
    assert words in film_of(broker_class).caption


def test_a_reader_that_nobody_wakes_sleeps_beside_its_messages():
    recording = film_of(wrong_brokers.WakesOnlyTheFirst).recordings[""]
    asleep = {recording.queues[queue].name for _, queue, _ in recording.changes(ChangeKind.ASLEEP)}
    assert asleep == {"Ben", "Cy", "Dee"}


def test_nobody_sleeps_where_each_is_woken():
    assert film_of(wrong_brokers.Waits).recordings[""].changes(ChangeKind.ASLEEP) == []


def test_a_publish_that_counts_others_than_those_that_got_it_is_found_out():
    counts = film_of(wrong_brokers.CountsWhatIsDropped).recordings[""].changes(ChangeKind.RETURN)
    assert [change[2:] for change in counts if change[2:]] == [(3, 2)] * 2
    right = film_of(wrong_brokers.Waits).recordings[""].changes(ChangeKind.RETURN)
    assert all(not change[2:] for change in right)


def test_the_end_waits_for_room_in_a_queue_that_its_broker_has_let_go():
    recording = film_of(wrong_brokers.Waits).recordings[""]
    (end,) = recording.ends
    waits = [change for change in recording.changes(ChangeKind.WAIT) if change[1] == end]
    ben = next(place for place, queue in enumerate(recording.queues) if queue.name == "Ben")
    assert waits == [(ChangeKind.WAIT, end, ben), (ChangeKind.WAIT, end)]


def test_what_is_delivered_later_was_not_lost():
    recording = film_of(wrong_brokers.ChangesTheOrder).recordings[""]
    ada = [queue.name for queue in recording.queues].index("Ada")
    assert fates(recording, ada)[ChangeKind.ENTER] == 9, "eight messages, and the end"
    assert recording.messages[:8] == [f"'message {number}'" for number in range(1, 9)]


def test_a_reader_has_its_place_before_it_gets_anything():
    async def main() -> None:
        queue = asyncio.Queue()
        reader = asyncio.create_task(queue.get(), name="reader")
        await asyncio.sleep(1)
        reader.cancel()

    (queue,) = recording_of(main()).queues
    assert (queue.name, queue.readers) == ("reader", [0])


@pytest.mark.parametrize("end", [None, "end"])
def test_an_end_is_no_message(end):
    async def main() -> None:
        queue = asyncio.Queue()
        for message in ("a", "b", end):
            await queue.put(message)
        while await queue.get() != end:
            pass

    made = film(main())
    assert made.recordings[""].ends == [2]
    assert "2 messages; main got 2." in made.caption


def test_what_a_reader_has_in_hand_when_it_fails_is_neither_handled_nor_lost():
    async def main() -> None:
        queue = asyncio.Queue()
        queue.put_nowait("hello")

        async def fail() -> None:
            await queue.get()
            raise ValueError("no")

        await asyncio.wait([asyncio.create_task(fail(), name="reader")])

    recording = recording_of(main())
    assert story(recording)[-1] == "reader take 0"
    assert recording.changes(ChangeKind.KEEP) == [(ChangeKind.KEEP, 0, 0)]
