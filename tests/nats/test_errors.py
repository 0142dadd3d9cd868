"""The errors of the network brokers say what to do, and get from a process to another."""

import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor

import pytest

from pubsub_lib.nats import connecting_errors, errors
from pubsub_lib.nats.connecting_errors import (
    AccessRefused,
    ConnectionLimitReached,
    CredentialsUnusable,
    ServerUnreachable,
    TlsFailed,
)
from pubsub_lib.nats.errors import (
    ConnectionLost,
    JetStreamUnavailable,
    MessageSetAside,
    MessagesLost,
    NatsError,
    NoQuorum,
    NotConnected,
    PayloadTooLarge,
    SlowConsumer,
    StoreFull,
    StreamFull,
    StreamLost,
    SubscriptionForgotten,
    Unconfirmed,
    UndecodablePayload,
)

ADDRESS = "nats://127.0.0.1:4222"
REMEDIES = [
    (NatsError("it went wrong"), "it went wrong"),
    (ServerUnreachable(ADDRESS, "refused"), "start one"),
    (AccessRefused(ADDRESS), "give it in the address"),
    (AccessRefused(ADDRESS, "no subscription to prices"), "give this user the permission"),
    (AccessRefused(ADDRESS, credentials="nkeys_seed='a'"), "let it know this user, or replace"),
    (CredentialsUnusable("nkeys_seed='a'", "it should hold a seed"), "it should hold a seed"),
    (ConnectionLimitReached(ADDRESS, "exceeded"), "close some, or raise max_connections"),
    (NotConnected("publish again"), "publish again"),
    (PayloadTooLarge(2000, 1024), "raise max_payload"),
    (UndecodablePayload("prices", b"?", ValueError("no JSON")), "the same codec"),
    (MessageSetAside("orders", "billing", "LookupError: 7"), "put_back() lets it be tried again"),
    (SlowConsumer("prices", 10), "raise receive_buffer"),
    (ConnectionLost(ADDRESS, 3), "use JetStreamPubSub"),
    (Unconfirmed(3, "publish again"), "publish again"),
    (StreamFull("orders"), "let it catch up"),
    (StoreFull(ADDRESS, "insufficient resources"), "more room with max_file_store"),
    (JetStreamUnavailable(ADDRESS, "it is off"), "start it with JetStream"),
    (NoQuorum(ADDRESS, "no answer"), "until more than half of them run"),
    (StreamLost(ADDRESS, "orders"), "a store that lasts"),
    (SubscriptionForgotten("billing"), "subscribe again"),
    (MessagesLost("orders", 7), "publish again what matters"),
    (TlsFailed(ADDRESS, "the server offers no TLS"), "give tls= an ssl.SSLContext"),
]
each_error = pytest.mark.parametrize(("error", "remedy"), REMEDIES)


def test_no_error_is_left_out():
    everything = vars(errors) | vars(connecting_errors)
    kinds = {kind for kind in everything.values() if isinstance(kind, type)}
    assert {type(error) for error, _ in REMEDIES} == {
        kind for kind in kinds if issubclass(kind, NatsError)
    }


@each_error
def test_an_error_names_the_remedy(error: NatsError, remedy: str):
    assert remedy in str(error)


@each_error
def test_an_error_can_be_pickled_with_all_that_it_says(error: NatsError, remedy: str):
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)


def raise_one() -> None:
    raise PayloadTooLarge(2000, 1024)


def test_an_error_comes_back_from_a_worker_process():
    context = multiprocessing.get_context("spawn")
    with (
        ProcessPoolExecutor(1, mp_context=context) as pool,
        pytest.raises(PayloadTooLarge, match="2,000 bytes") as told,
    ):
        pool.submit(raise_one).result()
    assert told.value.limit == 1024
