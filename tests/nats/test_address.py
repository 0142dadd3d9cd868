"""An address is checked before it is used, and shown without its secrets."""

import pytest

from pubsub_lib.nats.address import checked_url, shown


@pytest.mark.parametrize(
    "url",
    ["", "localhost:4222", "http://localhost", "nats://", "nats://host:0", "nats://host:port"],
)
def test_what_is_no_address_is_refused_at_once(url: str):
    with pytest.raises(ValueError, match="url and NATS_URL look like"):
        checked_url(url)


def test_a_wrong_address_is_told_without_its_token():
    with pytest.raises(ValueError, match="url and NATS_URL") as told:
        checked_url("nats://s3cret@host:port")
    assert "s3cret" not in str(told.value)


def test_an_address_that_is_no_text_is_refused():
    with pytest.raises(TypeError, match="url is a string"):
        checked_url(4222)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("nats://token@host", "nats://host:4222"),
        ("nats://user:password@host:1", "nats://host:1"),
        ("tls://token@[::1]:4222", "tls://[::1]:4222"),
        ("tls://[::1]", "tls://[::1]:4222"),
    ],
)
def test_an_address_is_shown_without_secrets(url: str, address: str):
    assert shown(url) == address
