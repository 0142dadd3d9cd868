"""One server that dies, stands still, is full, or whose administrator deletes what is in use.

Five processes publish and subscribe meanwhile: nothing is lost, or what is lost is counted.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from pubsub_lib.nats import JetStreamPubSub, NatsServer, StoreFull, unconfirmed_in, why_no_server
from tests.drills import by_form
from tests.nats.fleet import (
    SUBJECT,
    SUBSCRIBERS,
    Fleet,
    Journal,
    assert_each_has_every_effect_once,
)
from tests.nats.observing import administrator, needs_signals, until

NO_SERVER = why_no_server(of_our_own=True)
pytestmark = [
    pytest.mark.drill,
    pytest.mark.timeout(by_form(short=300, long=1800)),
    pytest.mark.skipif(NO_SERVER is not None, reason=str(NO_SERVER)),
    pytest.mark.skipif(sys.platform == "win32", reason="standard input cannot be awaited"),
]
KILLS = by_form(short=3, long=20)
PORTION = by_form(short=300, long=500)
STANDS_STILL_S = by_form(short=3, long=10)


@pytest.fixture
def server() -> Iterator[NatsServer]:
    with NatsServer() as server:
        yield server


@pytest.fixture
async def fleet(server: NatsServer, tmp_path: Path) -> AsyncIterator[Fleet]:
    fleet = Fleet("jetstream", server.url, tmp_path, timeout=60, ack_wait=2)
    yield fleet
    await fleet.kill()


async def test_a_server_that_is_killed_again_and_again_loses_nothing(
    fleet: Fleet, server: NatsServer
):
    await fleet.start()
    for _ in range(KILLS):
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(fleet.publish_many(PORTION))
            tasks.create_task(asyncio.to_thread(server.restart))
    await fleet.handled()
    pause_ms = await fleet.longest_pause_ms()
    published, counts = await fleet.stop()
    assert published == 2 * KILLS * PORTION
    journals = assert_each_has_every_effect_once(fleet, KILLS * PORTION)
    assert [each["dropped"] for each in counts.values()] == [0, 0, 0]
    doubled = {name: journal.repeated for name, journal in journals.items()}
    print(
        f"killed {KILLS} times, {published:,} messages: lost 0, doubled {doubled}, longest pause "
        f"{pause_ms / 1000:.1f} s"
    )


@needs_signals
async def test_a_server_that_stands_still_loses_nothing(fleet: Fleet, server: NatsServer):
    await fleet.start()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(fleet.publish_many(10 * PORTION))
        os.kill(server.process_id, signal.SIGSTOP)
        await asyncio.sleep(STANDS_STILL_S)
        os.kill(server.process_id, signal.SIGCONT)
    await fleet.handled()
    _, counts = await fleet.stop()
    assert_each_has_every_effect_once(fleet, 10 * PORTION)
    assert [each["dropped"] for each in counts.values()] == [0, 0, 0]


async def test_of_a_full_store_what_was_not_stored_is_known_and_can_be_published_later():
    size, room = 10_000, 2_000_000
    with NatsServer(configuration=f"jetstream {{ max_file_store: {room} }}") as server:
        async with JetStreamPubSub[list[object]](SUBJECT, url=server.url, timeout=60) as broker:
            async with broker.subscribe(name="later"):
                pass
            messages = [[number, "x" * size] for number in range(400)]
            with pytest.raises(StoreFull) as raised:
                await broker.publish_many(messages)
            left = unconfirmed_in(raised.value)
            assert 0 < broker.network.stored == 400 - len(left) < 400
            read: list[object] = []
            async with broker.subscribe(name="later", maxsize=50) as inbox:

                async def handle() -> None:
                    async for number, _ in inbox:
                        read.append(number)

                reading = asyncio.create_task(handle())
                while left:
                    try:
                        await broker.publish_many(
                            [messages[place] for place in left], message_ids=list(left.values())
                        )
                        left = {}
                    except StoreFull as full:
                        again = unconfirmed_in(full)
                        places = list(left)
                        left = {places[each]: again[each] for each in again}
                async with administrator(server.url) as admin:
                    await admin.until_acknowledged(SUBJECT, "later")
                await broker.shutdown()
                await reading
            assert sorted(set(read)) == list(range(400))
            print(f"lost 0, doubled {len(read) - 400}: a full server has not kept acknowledgements")


@pytest.mark.parametrize("meanwhile", [False, True], ids=["handled", "in_mid_stream"])
async def test_what_a_deleted_stream_has_lost_is_counted_in_other_processes(
    fleet: Fleet, server: NatsServer, meanwhile: bool
):
    """It is made anew, and nothing that it keeps then is lost.

    What the old one still had for a reader is counted as far as the server has told of it, and what
    was stored before the reader had a place in the new one is counted to the message.
    """
    await fleet.start()
    async with administrator(server.url) as admin:

        async def all_take_part() -> bool:
            return await admin.consumers(SUBJECT) == sorted(SUBSCRIBERS)

        for _ in range(KILLS):
            async with asyncio.TaskGroup() as tasks:
                if meanwhile:
                    tasks.create_task(fleet.publish_many(PORTION))
                tasks.create_task(admin.jetstream.delete_stream(SUBJECT))
            await fleet.publish_many(PORTION)
            await until(all_take_part, limit_s=60)
            await fleet.publish_many(PORTION)
            for name in SUBSCRIBERS:
                await admin.until_acknowledged(SUBJECT, name)
    published, counts = await fleet.stop()
    for name in SUBSCRIBERS:
        lost = published - len(Journal(fleet.folder / name).effects)
        counted = counts[name]["dropped"]
        print(f"{name}: of {published:,} lost {lost:,}, counted {counted:,}")
        assert counted <= lost
        if not meanwhile:
            assert counted == lost


async def test_the_readers_of_a_deleted_consumer_end_with_an_error_and_others_go_on(
    fleet: Fleet, server: NatsServer
):
    await fleet.start()
    async with administrator(server.url) as admin:
        await fleet.publish_many(PORTION)
        await admin.jetstream.delete_consumer(SUBJECT, SUBSCRIBERS[0])
        await fleet.publish_many(PORTION)

        async def it_has_ended() -> bool:
            return (await admin.consumers(SUBJECT)) == sorted(SUBSCRIBERS[1:])

        await until(it_has_ended)
        for name in SUBSCRIBERS[1:]:
            await admin.until_acknowledged(SUBJECT, name)
    for name in SUBSCRIBERS[1:]:
        assert len(Journal(fleet.folder / name).effects) == 4 * PORTION
