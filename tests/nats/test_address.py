"""An address is checked before it is used, and shown without its secrets."""

import pytest

from pubsub_lib.nats.address import addresses_of, checked_url
from pubsub_lib.nats.settings import connection_settings


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:4222",
        "http://localhost",
        "nats://",
        "nats://host:0",
        "nats://host:port",
        "nats://host/path",
        "nats://host,",
        "nats://host:99999",
        "nats://host:-1",
        "nats://[::1",
        "nats://ho st",
        "nats://host..x",
        f"nats://{'h' * 300}",
        "nats://\ud800",
        ["nats://host", ""],
        [],
    ],
)
def test_what_is_no_address_is_refused_at_once(url):
    with pytest.raises(ValueError, match="url and NATS_URL look like"):
        checked_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "nats://s3cret@host:port",
        "nats://s3cr/et@host",
        "nats://s3cr#et@host",
        "nats://s3cr?et@host",
    ],
)
def test_a_wrong_address_is_told_without_its_token(url: str):
    with pytest.raises(ValueError, match="a / in a token is written %2F") as told:
        checked_url(url)
    assert "s3cr" not in str(told.value)


@pytest.mark.parametrize("url", ["", [], ()])
def test_none_at_all_is_not_taken_for_the_usual_one(url):
    with pytest.raises(ValueError, match="url and NATS_URL look like"):
        connection_settings(url=url)


def test_a_user_without_a_password_is_a_token_and_with_an_empty_one_a_user():
    assert addresses_of("nats://name@host").token == "name"
    addresses = addresses_of("nats://name:@host")
    assert (addresses.user, addresses.password, addresses.token) == ("name", "", None)


def test_an_address_that_is_no_text_is_refused():
    for url in (4222, [4222], b"nats://host"):
        with pytest.raises(TypeError, match="url is a string"):
            addresses_of(url)


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
    assert addresses_of(url).shown == address


@pytest.mark.parametrize("url", ["nats://a, tls://token@b:1", ["nats://a", "tls://token@b:1"]])
def test_several_addresses_share_a_login_and_one_asks_for_tls(url):
    addresses = addresses_of(url)
    assert addresses.servers == ("nats://a:4222", "tls://b:1")
    assert addresses.token == "token"
    assert addresses.tls


def test_several_addresses_with_different_logins_are_refused_without_telling_them():
    with pytest.raises(ValueError, match="same token") as told:
        addresses_of("nats://s3cret@a,nats://0ther@b")
    assert "s3cret" not in str(told.value)


def test_what_is_percent_encoded_is_decoded():
    addresses = addresses_of("nats://us%2Fer:p%40ss%2Cword@host")
    assert (addresses.user, addresses.password, addresses.token) == ("us/er", "p@ss,word", None)
    assert addresses_of("nats://t%23ken@host").token == "t#ken"


@pytest.mark.parametrize(
    "url",
    [
        "nats://s3cret%40host",
        "nats://user:s3cret%40host:4222",
        "nats://host/s3cret",
        "nats://host:4222?auth_token=s3cret",
        "nats://host#s3cret",
        "ws://s3cret@host",
        "nats://user:p@ss/s3cret@ho st",
    ],
)
def test_a_token_in_the_wrong_place_is_refused_and_not_shown(url):
    with pytest.raises(ValueError, match="look like") as told:
        addresses_of(url)
    assert "s3cret" not in str(told.value)


def test_secrets_are_not_in_its_representation():
    for url in ("nats://s3cret@host", "nats://user:s3cret@host"):
        assert "s3cret" not in repr(addresses_of(url))
