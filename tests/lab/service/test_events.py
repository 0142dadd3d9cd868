"""Events come out of a stream whole, however its bytes are cut."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pubsub_lib.lab.service.events import EventReader

STREAM = (
    b"retry: 1000\r\n\r\n: a comment\r\n\r\n"
    b'id: 7\r\nevent: price\r\ndata: {"symbol": "TEA"}\r\n\r\n'
    b"data: two\r\ndata: lines\r\n\r\n"
)
EVENTS = [("price", "7", {"symbol": "TEA"}), ("message", "", "two\nlines")]


def events_of(*pieces: bytes) -> list[tuple[str, str, object]]:
    reader = EventReader()
    found = [event for piece in pieces for event in reader.feed(piece, at_s=0.0)]
    return [(event.name, event.id, event.data) for event in found]


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r"])
def test_lines_end_as_the_standard_allows(end: bytes):
    assert events_of(STREAM.replace(b"\r\n", end), b":") == EVENTS


@given(st.lists(st.integers(0, len(STREAM)), max_size=6))
def test_it_does_not_matter_where_a_stream_is_cut(cuts: list[int]):
    places = [0, *sorted(cuts), len(STREAM)]
    assert events_of(*(STREAM[a:b] for a, b in pairwise(places))) == EVENTS


def test_an_event_says_when_it_arrived():
    (event,) = EventReader().feed(b"data: 1\n\n", at_s=2.5)
    assert event.at_s == 2.5
