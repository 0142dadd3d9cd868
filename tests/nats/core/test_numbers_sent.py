"""A publisher numbers what it sends on each subject, and counts what became of it."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from nats.aio.client import Client
from nats.aio.subscription import Subscription

from pubsub_lib.in_process.event_loop import HomeLoop
from pubsub_lib.nats import AccessRefused, NotConnected, SendStats
from pubsub_lib.nats.connection import Connection
from pubsub_lib.nats.core import sender as sender_module
from pubsub_lib.nats.core.sender import Sender
from pubsub_lib.nats.settings import connection_settings
from tests.nats.observing import eventually, soon

pytestmark = pytest.mark.usefixtures("nothing_is_left")


class Sending:
    """A sender, its connection, and how often the server was asked what it has."""

    def __init__(self, url: str) -> None:
        home = HomeLoop("test")
        self.connection = Connection(connection_settings(url=url), home)  # no room without it
        self.sender = Sender(self.connection, home)
        self.asked = 0
        self._ask = self.connection.ask
        self.connection.ask = self.ask  # type: ignore[method-assign]

    def ask(self) -> asyncio.Task[bool]:
        self.asked += 1
        return self._ask()


@pytest.fixture
async def sending(server) -> AsyncIterator[Sending]:
    sending = Sending(server.url)
    await sending.connection.connect()
    yield sending
    await sending.connection.close()


async def subscribed(client: Client, subject: str) -> Subscription:
    """Return a subscription that the server knows of; a ping of nats-py's overtakes what waits."""
    received = await client.subscribe(subject)
    await eventually(lambda: not client.pending_data_size)
    await client.flush()
    return received


async def test_what_is_sent_says_by_whom_and_is_numbered_on_each_subject(
    sending, client, subject, monkeypatch
):
    monkeypatch.setattr(sender_module, "NUMBERED_SUBJECTS", 2)
    received = await subscribed(client, f"{subject}.>")
    for last in ("a", "a", "b", "c", "a"):
        await sending.sender.send(f"{subject}.{last}", b"")
    replies = [(await soon(received.next_msg(timeout=None))).reply for _ in range(5)]
    identity = sending.connection.identity
    assert replies[:3] == [f"{identity}.1", f"{identity}.2", f"{identity}.1"]
    # There are more subjects than are remembered, so all begin again, as if it were another.
    another = replies[3].removesuffix(".1")
    assert replies[3:] == [f"{another}.1"] * 2
    assert len(another) == len(identity)
    assert another != identity


async def test_the_server_is_asked_soon_once_for_all_that_was_sent_and_only_if_it_has_not_said(
    sending, subject
):
    sender = sending.sender
    for _ in range(3):
        await sender.send(subject, b"")
    await eventually(lambda: sending.asked)
    await soon(sending.connection.confirm())
    assert sender.stats == SendStats(3, 3, 0, 0)
    asked = sending.asked
    sender._ask_if_pending()  # as its timer does
    assert sending.asked == asked


async def test_what_is_refused_or_uncertain_is_pending_no_longer(sending, subject):
    sender, refusal = sending.sender, AccessRefused("server", "no")
    sender.publish_refused(subject, refusal)  # of somebody else on this connection
    sender.check_refusals()
    for _ in range(3):
        await sender.send(subject, b"")
    sender.publish_refused(subject, refusal)
    assert sender.stats == SendStats(3, 0, 0, 2, refused=1)
    with pytest.raises(AccessRefused) as raised:
        sender.check_refusals()
    assert raised.value is refusal
    sender.check_refusals()  # it was told
    await soon(sending.connection.confirm())
    assert sender.stats == SendStats(3, 2, 0, 0, refused=1)
    for uncertain in (1, 2):
        await sender.send(subject, b"")
        question = sender._asking_later
        assert sender.write_off() == 1
        assert question is not None
        assert question.cancelled()
        assert sender.stats == SendStats(3 + uncertain, 2, uncertain, 0, refused=1)
    assert sender._asking_later is None


async def test_what_is_refused_here_is_neither_numbered_nor_counted(
    sending, client, subject, monkeypatch
):
    received = await subscribed(client, subject)
    monkeypatch.setattr(type(sending.connection.client), "is_connected", False)
    with pytest.raises(
        NotConnected,
        match="publish again when it is back, or raise send_buffer",
    ):
        await sending.sender.send(subject, b"")
    monkeypatch.undo()
    for number in (1, 2):
        await sending.sender.send(subject, b"")
        with pytest.raises(TypeError):
            await sending.sender.send(subject, "no bytes")
        message = await soon(received.next_msg(timeout=None))
        assert message.reply == f"{sending.connection.identity}.{number}"
        assert sending.sender.stats.sent == number
