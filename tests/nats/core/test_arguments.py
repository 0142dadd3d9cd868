"""What a broker over core NATS can be made with."""

import asyncio

import pytest

from pubsub_lib import ManagedBroker, Overflow
from pubsub_lib.nats import NatsPubSub
from tests.nats.observing import soon

pytestmark = pytest.mark.usefixtures("nothing_is_left")


def test_it_is_a_managed_broker():
    assert isinstance(NatsPubSub("prices"), ManagedBroker)


@pytest.mark.parametrize("subject", ["", ".", "a.", ".a", "a..b", "a b", "a.*", "a.>", "a\r\nPING"])
def test_a_subject_that_is_none_is_refused(subject: str):
    with pytest.raises(ValueError, match="subject is words with dots between"):
        NatsPubSub(subject)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"subject": 1}, TypeError),
        ({"codec": object()}, TypeError),
        ({"codec": str}, TypeError),
        ({"url": "localhost"}, ValueError),
        ({"url": 4222}, TypeError),
        ({"connect_timeout": 0}, ValueError),
        ({"connect_timeout": -1}, ValueError),
        ({"connect_timeout": "1"}, TypeError),
        ({"send_buffer": -1}, ValueError),
        ({"send_buffer": 1.5}, TypeError),
        ({"receive_buffer": 0}, ValueError),
        ({"on_error": asyncio.sleep}, TypeError),
        ({"overflow": Overflow.RAISE}, ValueError),
        ({"overflow": "drop"}, TypeError),
        ({"maxsize": 0}, ValueError),
    ],
)
def test_an_option_out_of_its_range_is_refused(options: dict, error: type[Exception]):
    with pytest.raises(error):
        NatsPubSub(**{"subject": "prices"} | options)


def test_what_is_not_given_is_as_for_other_brokers_and_what_is_given_holds():
    usual = NatsPubSub("prices")
    assert (usual.maxsize, usual.timeout, usual.overflow) == (100, 1.0, Overflow.DROP_NEWEST)
    other = NatsPubSub("prices", maxsize=7, timeout=0.3, overflow=Overflow.DISCONNECT)
    assert (other.maxsize, other.timeout, other.overflow) == (7, 0.3, Overflow.DISCONNECT)
    settings = usual._transport.connection.settings
    assert (settings.send_buffer, settings.connect_timeout) == (2 * 1024 * 1024, 2.0)
    assert usual._intakes._receive_buffer == 65_536
    inbox = usual.subscribe(name="ada", maxsize=3, timeout=0.1, overflow=Overflow.DROP_OLDEST)
    assert (inbox.name, inbox.maxsize) == ("ada", 3)
    assert (inbox._state.timeout, inbox._state.overflow) == (0.1, Overflow.DROP_OLDEST)
    inbox.close()


def test_raise_is_refused_for_one_subscriber_as_well():
    with pytest.raises(ValueError, match=r"RAISE cannot reach a publisher .* watch stats\.dropped"):
        NatsPubSub("prices").subscribe(overflow=Overflow.RAISE)


def test_a_replay_is_refused_since_the_server_keeps_nothing():
    with pytest.raises(ValueError, match="replay must be at most 0, not 1: the server keeps none"):
        NatsPubSub("prices").subscribe(replay=1)
    with pytest.raises(TypeError, match="replay is a whole number of messages, not '1'"):
        NatsPubSub("prices").subscribe(replay="1")


async def test_what_nobody_said_is_as_documented(server, subject):
    async with NatsPubSub(subject, url=server.url) as broker:
        inbox = broker.subscribe(where=lambda number: number > 1)
        assert (broker.maxsize, broker.timeout, inbox.maxsize) == (100, 1.0, 100)
        await broker.publish_many([1, 2])
        assert await soon(inbox.get()) == 2
        inbox.close()


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"receive_buffer": 0}, ValueError, "maxsize"),
        ({"receive_buffer": "1"}, TypeError, "maxsize"),
        ({"send_buffer": -1}, ValueError, "send_buffer"),
    ],
)
def test_sizes_that_are_none_are_refused_at_once(options, error, says):
    with pytest.raises(error, match=says):
        NatsPubSub("one", **options)
