"""Typed topics over NATS: the same code as over any other broker."""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from pubsub_lib.nats import JetStreamPubSub, NatsPubSub, NatsServer, why_no_server
from pubsub_lib.nats.decoding import codec_of
from pubsub_lib.nats.parametrised_json import ParametrisedJson
from pubsub_lib.topics import Published, Topics
from tests.nats.observing import soon

NO_SERVER = why_no_server(of_our_own=True)
SUBJECTS = (f"topics{number}" for number in itertools.count())


@dataclass(frozen=True, slots=True)
class Price:
    metal: str
    eur: float


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with NatsServer() as server:
        yield server.url


@pytest.mark.skipif(NO_SERVER is not None, reason=str(NO_SERVER))
@pytest.mark.parametrize("kind", [NatsPubSub, JetStreamPubSub])
async def test_topics_carry_typed_messages_to_those_who_ask_for_their_subject(url, kind):
    subject = next(SUBJECTS)
    async with (
        kind(subject, Published[Price], url=url) as broker,
        kind(subject, Published[Price], url=url) as another,
        Topics(another).subscribe("prices.*.eur") as inbox,
        Topics(another).subscribe("prices.>") as everything,
    ):
        topics = Topics(broker)
        await topics.publish("prices.gold.usd", Price("gold", 2100.0))
        await topics.publish("prices.gold.eur", Price("gold", 1900.0))
        expected = Published("prices.gold.eur", Price("gold", 1900.0))
        assert await soon(inbox.get()) == expected
        assert (await soon(everything.get())).subject == "prices.gold.usd"
        assert await soon(everything.get()) == expected


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"NaN",
        b"{}",
        b'{"Price": {"subject": "a", "message": {"metal": "gold", "eur": 1.0}}}',
        b'{"Published": {"subject": "a.*", "message": {"metal": "gold", "eur": 1.0}}}',
        b'{"Published": {"subject": "a", "message": {"metal": "gold", "eur": "1"}}}',
        b'{"Published": {"subject": "a", "message": {"metal": "gold", "eur": 1e999}}}',
        b'{"Published": {"subject": "a", "message": ' + b"[" * 100_000,
    ],
)
def test_what_does_not_fit_is_refused(data):
    with pytest.raises(ValueError, match="Published"):
        codec_of(Published[Price]).from_bytes(data)


@pytest.mark.parametrize("message", [Price("gold", 1.0), "text", None])
def test_what_is_no_such_dataclass_is_a_type_error(message):
    with pytest.raises(TypeError, match="which is what is sent here"):
        ParametrisedJson(Published[Price]).to_bytes(message)


@pytest.mark.parametrize("price", [Price("gold", "dear"), Price("gold", math.inf), Price(1, 1.0)])
def test_fields_of_other_types_are_refused_where_they_go_out(price):
    with pytest.raises(ValueError, match="would not come back"):
        codec_of(Published[Price]).to_bytes(Published("a", price))
