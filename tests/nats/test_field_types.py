"""A message whose fields have other types than its class says is none, whoever sends it."""

import enum
from dataclasses import dataclass, field
from typing import Any

import nats
import pytest

from pubsub_lib.codecs import JsonMessage
from pubsub_lib.nats import JetStreamPubSub, NatsPubSub
from pubsub_lib.nats.decoding import codec_of
from pubsub_lib.nats.field_types import check_fields
from tests.nats.observing import Errors, eventually, soon


@dataclass(frozen=True, slots=True)
class Price:
    eur: float


class Metal(enum.StrEnum):
    GOLD = "gold"


@dataclass(frozen=True)
class Deal:
    metal: Metal = Metal.GOLD
    grams: int = 1
    notes: list[str] = field(default_factory=list)
    by_day: dict[str, int] = field(default_factory=dict)
    paid: bool = False
    buyer: str | None = None
    anything: Any = None


@dataclass(frozen=True)
class Event(JsonMessage):
    at: int


@dataclass(frozen=True)
class Sold(Event):
    price: float


class Unknown:
    pass


@dataclass(frozen=True)
class Odd:
    whose: Unknown
    which: Price | Deal  # msgspec cannot tell these apart
    nested: Price | None = None


@pytest.mark.parametrize(
    "message",
    [
        Price(1.5),
        Price(1),
        Deal(),
        Deal("gold", 2, ["a"], {"mon": 1}, True, "ada", [1]),
        Sold(at=1, price=2.0),
        Odd(Unknown(), Price(1)),
        7,
        "no dataclass",
        {"eur": None},
    ],
)
def test_what_fits_passes(message):
    check_fields(message)


@pytest.mark.parametrize(
    ("message", "says"),
    [
        (Price(None), r"Expected `float`, got `null` - at `\$\.eur`"),
        (Price("1.5"), "Expected `float`, got `str`"),
        (Price(True), "Expected `float`, got `bool`"),
        (Deal(metal="lead"), "Invalid enum value 'lead'"),
        (Deal(grams=1.5), "Expected `int`"),
        (Deal(notes=["a", 1]), r"at `\$\.notes\[1\]`"),
        (Deal(by_day={"mon": None}), r"at `\$\.by_day\[...\]`"),
        (Deal(buyer=1), r"Expected `str \| null`"),
        (Sold(at=1, price=None), "Expected `float`"),
        (Sold(at=None, price=1.0), "Expected `int`"),
        (Odd("nobody", None), "Expected `Unknown`"),
        (Odd(Unknown(), None, {"eur": 1.0}), r"as they say it is .*Price\(eur=1.0\)"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_place(message, says):
    with pytest.raises(ValueError, match=says):
        check_fields(message)


def test_a_type_that_is_not_found_is_named():
    @dataclass
    class Local:
        value: "Missing"  # noqa: F821

    with pytest.raises(TypeError, match=r"'Missing' is not defined.*in a module"):
        check_fields(Local(1))


@pytest.mark.parametrize("codec", [Price, Event])
def test_a_codec_checks_what_goes_out_and_what_comes_in(codec):
    wrong = Price(None) if codec is Price else Sold(at=1, price=None)
    with pytest.raises(ValueError, match="does not fit its types"):
        codec_of(codec).to_bytes(wrong)
    data = b'{"Price": {"eur": null}}' if codec is Price else b'{"Sold": {"at": 1, "price": null}}'
    with pytest.raises(ValueError, match="does not fit its types"):
        codec_of(codec).from_bytes(data)


@pytest.mark.parametrize("broker_class", [NatsPubSub, JetStreamPubSub])
async def test_a_strangers_null_closes_nobody_and_reaches_no_filter(server, subject, broker_class):
    errors = Errors()
    stranger = await nats.connect(server.url)
    async with broker_class(subject, Price, url=server.url, on_error=errors) as broker:
        readers = [await broker.subscribe(where=lambda price: price.eur > 0) for _ in range(20)]
        await stranger.publish(subject, b'{"Price": {"eur": null}}')
        await stranger.flush()
        await broker.publish(Price(1.0))
        for reader in readers:
            assert await soon(reader.get()) == Price(1.0)
            reader.task_done()
            assert not reader.closed
        await eventually(lambda: broker.network.undecodable)
        assert "got `null`" in str(errors[0])
        with pytest.raises(ValueError, match="does not fit"):
            await broker.publish(Price(None))
    await stranger.close()
