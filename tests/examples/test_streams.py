"""What a visitor of the price board reads, when it comes, stays, and comes back."""

from collections.abc import Iterator

import pytest

from tests.examples.serving import Service, price_board, visiting

pytestmark = pytest.mark.real_time


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """A board on which only that moves what is posted."""
    with price_board("--rate", "0") as service:
        service.post("TEA", 4.2)
        service.post("COFFEE", 6.4)
        service.post("TEA", 4.3)
        yield service


async def test_a_newcomer_begins_with_the_last_price_of_each_symbol(service):
    async with visiting(service) as stream:
        assert await stream.prices(2) == [("COFFEE", 6.4), ("TEA", 4.3)]


async def test_then_each_change_comes_in_order_with_a_number_that_grows(service):
    async with visiting(service) as stream:
        *_, last = [await stream.next() for _ in range(2)]
        for price in (6.5, 6.6, 6.4):
            service.post("COFFEE", price)
        events = [await stream.next() for _ in range(3)]
    assert [event.data["price"] for event in events] == [6.5, 6.6, 6.4]
    assert [event.number - last.number for event in events] == [1, 2, 3]


async def test_who_comes_back_gets_exactly_what_was_missed(service):
    async with visiting(service) as stream:
        *_, last = [await stream.next() for _ in range(2)]
    for price in (4.4, 4.5, 4.3):
        service.post("TEA", price)
    async with visiting(service, last_seen=last.number) as stream:
        service.post("COFFEE", 6.4)
        assert await stream.prices(4) == [("TEA", 4.4), ("TEA", 4.5), ("TEA", 4.3), ("COFFEE", 6.4)]
    async with visiting(service, last_seen=last.number) as stream:
        assert await stream.kinds_until("lag") == ["price"] * 4 + ["lag"], "and no gap"


async def test_who_has_seen_everything_is_sent_nothing_again(service):
    async with visiting(service) as stream:
        *_, last = [await stream.next() for _ in range(2)]
    async with visiting(service, last_seen=last.number) as stream:
        service.post("TEA", 4.3)
        assert (await stream.next()).number == last.number + 1


async def test_who_comes_back_from_an_earlier_service_is_told_of_the_gap(service):
    async with visiting(service, last_seen=17) as stream:
        assert (await stream.next("gap")).data == {"missed": None}
        assert len(await stream.prices(2)) == 2


async def test_every_second_the_lag_is_told(service):
    async with visiting(service) as stream:
        assert (await stream.next("lag")).data == {"lag": 0, "dropped": 0}


def test_what_is_no_number_of_an_event_is_refused(service):
    for text in ("x", "-1", "1.5", "9" * 100):
        answer = service.ask("prices", headers={"Last-Event-ID": text})
        assert answer.status_code == 400
        assert answer.text.startswith("Last-Event-ID is the number of an event")


def test_a_look_at_the_headers_opens_no_stream(service):
    answer = service.client.head("prices")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert service.metrics()["visitors"] == 0
