"""What comes in is decoded, wanted or not, and numbered, so that what is missing is known."""

import logging

import pytest

from pubsub_lib.codecs import Json
from pubsub_lib.nats import NatsError, NatsPubSub, UndecodablePayload
from pubsub_lib.nats.core import numbering as numbering_module
from pubsub_lib.nats.decoding import KEPT_ASIDE
from tests.nats.core.reading import read
from tests.nats.observing import Errors, eventually

pytestmark = pytest.mark.usefixtures("nothing_is_left")


async def test_what_does_not_decode_is_set_aside_and_reading_goes_on(
    server, subject: str, errors: Errors, client
):
    async with (
        NatsPubSub(subject, url=server.url, on_error=errors) as broker,
        broker.subscribe() as inbox,
    ):
        for data in (b"1", b"no JSON", b"null", b"", b"2"):
            await client.publish(subject, data)
        assert await read(inbox, 2) == [1, 2]
        assert [error.data for error in broker.set_aside] == [b"no JSON", b"null", b""]
        assert errors == broker.set_aside
        assert broker.network.undecodable == 3
        assert broker.network.received == 5
        assert broker.stats.dropped == 0


async def test_a_codec_may_raise_anything(server, subject: str, errors: Errors):
    class Broken(Json):
        def from_bytes(self, data: bytes):
            raise ZeroDivisionError

    async with (
        NatsPubSub(subject, Broken(), url=server.url, on_error=errors) as broker,
        broker.subscribe(),
    ):
        await broker.publish(1)
        assert (await errors.until(UndecodablePayload)).subject == subject


async def test_what_is_set_aside_is_bounded(server, subject: str, client):
    async with NatsPubSub(subject, url=server.url, on_error=len) as broker, broker.subscribe():
        for number in range(KEPT_ASIDE + 10):
            await client.publish(subject, f"{number}?".encode())
        await eventually(lambda: broker.network.undecodable == KEPT_ASIDE + 10)
        assert len(broker.set_aside) == KEPT_ASIDE
        assert broker.set_aside[0].data == b"10?"


async def test_megabytes_of_garbage_are_set_aside_in_kilobytes_and_reported_in_one_line(
    server, subject: str, client
):
    errors: list[NatsError] = []
    async with (
        NatsPubSub(subject, url=server.url, on_error=errors.append) as broker,
        broker.subscribe() as inbox,
    ):
        await client.publish(subject, b"?" * 1_000_000)
        await client.publish(subject, b"1")
        assert await read(inbox, 1) == [1]
        (garbage,) = broker.set_aside
        assert (len(garbage.data), garbage.size) == (10_000, 1_000_000)
        assert len(str(errors[0])) < 500


async def test_errors_that_nobody_asked_for_are_logged(
    server, subject: str, client, caplog: pytest.LogCaptureFixture
):
    async with NatsPubSub(subject, url=server.url) as broker, broker.subscribe() as inbox:
        await client.publish(subject, b"?")
        await client.publish(subject, b"1")
        await read(inbox, 1)
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "set aside 1 bytes" in caplog.text


@pytest.mark.parametrize(
    "replies",
    [
        ("", "", ""),
        ("answers", "answers"),
        ("_INBOX.abc.1", "_INBOX.abc.9"),
        ("_INBOX.a.1", "_INBOX.a.9"),
        ("0123456789.1", "0123456789.9"),
        ("0123456789abcdef.x", "0123456789abcdef.", "0123456789abcdef.1x"),
        ("0123456789abcdef.1", "0123456789abcdef.x", "0123456789abcdef.2"),
        (f"0123456789abcdef.{'9' * 100}", "0123456789abcdef.1"),
    ],
)
async def test_messages_of_others_without_our_numbers_are_read_and_nothing_seems_lost(
    server, subject: str, client, replies
):
    async with NatsPubSub(subject, url=server.url) as broker, broker.subscribe() as inbox:
        for reply in replies:
            await client.publish(subject, b"1", reply=reply)
        assert await read(inbox, len(replies)) == [1] * len(replies)
        assert broker.network.lost == broker.stats.dropped == 0


async def test_what_is_missing_between_two_numbers_is_lost(server, subject: str, client):
    async with NatsPubSub(subject, url=server.url) as broker, broker.subscribe() as inbox:
        for number in (7, 8, 11, 10, 12):  # never again: 9; and 10 came, if too late to be known
            await client.publish(subject, b"1", reply=f"0123456789abcdef.{number}")
        await read(inbox, 5)
        assert broker.network.lost == inbox.stats.dropped == 2


async def test_a_forged_number_is_refused_and_counted_and_real_losses_still_are(
    server, subject: str, client
):
    async with NatsPubSub(subject, url=server.url) as broker, broker.subscribe() as inbox:
        for number in (1, "9" * 4_001, 10**17, "-5", 2, 4):
            await client.publish(subject, b"1", reply=f"0123456789abcdef.{number}")
        await read(inbox, 6)
        assert broker.network.lost == inbox.stats.dropped == 1
        assert broker.network.refused_numbers == 3


async def test_publishers_are_counted_apart_and_may_come_later(server, subject: str):
    async with (
        NatsPubSub(subject, url=server.url) as one,
        NatsPubSub(subject, url=server.url) as other,
        NatsPubSub(subject, url=server.url) as reading,
    ):
        for number in range(3):
            await one.publish(number)
        await one.flush()
        async with reading.subscribe() as inbox:
            for number in range(3, 6):
                await one.publish(number)
                await other.publish(number)
            assert sorted(await read(inbox, 6)) == [3, 3, 4, 4, 5, 5]
            assert reading.network.lost == 0


async def test_how_many_publishers_are_known_is_bounded(
    server, subject: str, client, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(numbering_module, "KNOWN_LINES", 3)
    async with NatsPubSub(subject, url=server.url) as broker, broker.subscribe() as inbox:
        for publisher in range(10):
            await client.publish(subject, b"1", reply=f"{publisher:016x}.1")
        await read(inbox, 10)
        assert len(broker._intakes.numbering) == 3


async def test_a_filter_lets_in_what_is_wanted_and_closes_if_it_raises(server, subject: str):
    async with (
        NatsPubSub(subject, url=server.url) as broker,
        broker.subscribe(where=lambda number: number % 2) as odd,
    ):
        broken = await broker.subscribe(where=lambda number: 1 / number)
        for number in (3, 0, 1, 2):
            await broker.publish(number)
        assert await read(odd, 2) == [3, 1]
        assert await read(broken, 1) == [3]
        with pytest.raises(ZeroDivisionError):
            await broken.get()
