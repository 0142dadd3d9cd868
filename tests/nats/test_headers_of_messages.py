"""Headers are checked before they are sent, and counted as the server counts them."""

import pytest

from pubsub_lib.nats.headers import checked_headers, given_headers, overhead


def test_no_headers_are_none():
    assert checked_headers(None) == checked_headers({}) == given_headers(None) == {}


def test_what_goes_with_a_message_is_counted_to_the_byte():
    assert overhead({}) == len(b"NATS/1.0\r\n\r\n")
    assert overhead({"A": "1", "B": "ä"}) == len("NATS/1.0\r\nA: 1\r\nB: ä\r\n\r\n".encode())


@pytest.mark.parametrize("headers", [{"A": 1}, {1: "A"}, [("A", "1")], "A"])
def test_what_maps_no_strings_to_strings_is_a_type_error(headers):
    with pytest.raises(TypeError, match="headers map strings to strings"):
        checked_headers(headers)


@pytest.mark.parametrize("name", ["", " A", "A:", "Ä", "A\r\nB"])
def test_a_name_is_one_word(name):
    with pytest.raises(ValueError, match="the name of a header is one word"):
        checked_headers({name: "1"})


@pytest.mark.parametrize("name", ["Nats-Msg-Id", "nats-x", "PUBSUB-FOR"])
def test_names_of_the_server_and_of_this_library_are_not_given_and_not_shown(name):
    with pytest.raises(ValueError, match="belong to the server and this library"):
        checked_headers({name: "1"})
    assert given_headers({name: "1", "A": "2"}) == {"A": "2"}


@pytest.mark.parametrize("value", [" 1", "1 ", "1\n2", "1\r\n2", "1\u20282"])
def test_a_value_is_one_line_without_blanks_around_it(value):
    with pytest.raises(ValueError, match="one line without blanks"):
        checked_headers({"A": value})
