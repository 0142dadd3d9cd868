"""The way of one broker to its server: a connection, and a codec for what passes there.

>>> from pubsub_lib.nats.decoding import codec_of
>>> from pubsub_lib.nats.routing import Routing
>>> from pubsub_lib.nats.settings import connection_settings
>>> class Broker:
...     pass
>>> settings = connection_settings(url="nats://localhost")
>>> home, routing = HomeLoop("NatsPubSub"), Routing("prices")
>>> transport = Transport(Broker(), home, settings, codec_of(None), routing)
>>> transport.to_bytes(["gold", 1900]), transport.connection.made
(b'["gold", 1900]', False)
"""

import weakref

from pubsub_lib.in_process.event_loop import HomeLoop
from pubsub_lib.interfaces import Codec
from pubsub_lib.nats.connection import Connection
from pubsub_lib.nats.decoding import Decoder
from pubsub_lib.nats.routing import Routing
from pubsub_lib.nats.settings import ConnectionSettings


class Transport[T]:
    """The way of one broker to its server, and what passes there.

    Nothing here can fail: what it is made of was checked before.

    Args:
        broker: whose way it is. When that is gone, the connection is closed.
        home: the event loop that it belongs to.
        settings: how to connect.
        codec: turns messages into bytes and back.
        routing: says on which subjects they travel.

    Attributes:
        routing: as given.
        connection: the connection to the server.
        decoder: makes messages of what comes in.
        to_bytes: makes bytes of what goes out.
    """

    def __init__(
        self,
        broker: object,
        home: HomeLoop,
        settings: ConnectionSettings,
        codec: Codec[T],
        routing: Routing,
    ) -> None:
        self.routing = routing
        self.connection = Connection(settings, home)
        self.decoder = Decoder(codec, routing, self.connection.report)
        self.to_bytes = codec.to_bytes
        weakref.finalize(broker, home.call_soon, self.connection.abandon).atexit = False
