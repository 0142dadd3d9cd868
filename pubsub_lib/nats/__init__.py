"""The same broker on a NATS server, for subscribers in other processes and on other machines.

The server does the work (https://nats.io), and its official client, nats-py, talks to it; this
package only gives them the broker's interface. `NatsPubSub` delivers at most once, and
`JetStreamPubSub` at least once. `nats_server` finds a server, or starts one that ends with this
process.

It needs nats-py, which the optional dependencies `distributed` bring, and a server with it.
"""

from importlib import import_module

try:
    for name in ("nats.aio", "msgspec"):
        import_module(name)
except ModuleNotFoundError as missing:
    missing.add_note('pubsub_lib.nats needs more: python -m pip install "pubsub-lib[distributed]"')
    raise

from pubsub_lib.nats.connecting_errors import (
    AccessRefused,
    ConnectionLimitReached,
    CredentialsUnusable,
    ServerUnreachable,
    TlsFailed,
)
from pubsub_lib.nats.core.broker import NatsPubSub
from pubsub_lib.nats.core.sender import SendStats
from pubsub_lib.nats.core.statistics import NetworkStats
from pubsub_lib.nats.drops import Drops
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
    unconfirmed_in,
)
from pubsub_lib.nats.jetstream.broker import JetStreamPubSub
from pubsub_lib.nats.jetstream.dead_letters import DeadLetter
from pubsub_lib.nats.jetstream.statistics import JetStreamStats, NamedSubscription
from pubsub_lib.nats.local_server.server import (
    NatsServer,
    NatsServerFailed,
    NoNatsServer,
    nats_server,
    why_no_server,
)

__all__ = [
    "AccessRefused",
    "ConnectionLimitReached",
    "ConnectionLost",
    "CredentialsUnusable",
    "DeadLetter",
    "Drops",
    "JetStreamPubSub",
    "JetStreamStats",
    "JetStreamUnavailable",
    "MessageSetAside",
    "MessagesLost",
    "NamedSubscription",
    "NatsError",
    "NatsPubSub",
    "NatsServer",
    "NatsServerFailed",
    "NetworkStats",
    "NoNatsServer",
    "NoQuorum",
    "NotConnected",
    "PayloadTooLarge",
    "SendStats",
    "ServerUnreachable",
    "SlowConsumer",
    "StoreFull",
    "StreamFull",
    "StreamLost",
    "SubscriptionForgotten",
    "TlsFailed",
    "Unconfirmed",
    "UndecodablePayload",
    "nats_server",
    "unconfirmed_in",
    "why_no_server",
]
