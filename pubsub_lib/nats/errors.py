"""What can go wrong on a network and not within a process. Each message names the remedy.

Where nobody is there to raise it to, an error is given to the broker's `on_error`.

>>> issubclass(StreamFull, NatsError)
True
>>> UndecodablePayload("prices", b"?", ValueError("no JSON")).data
b'?'
"""

import copyreg
from typing import Any, override

# How many characters are shown of what others have written.
KEPT_CHARACTERS = 200
MOST_HAVE_TO_RUN = "start servers, until more than half of them run and reach each other"


def cut(text: object) -> str:
    """Return a text, or the beginning of a long one.

    >>> len(cut("a" * 1_000_000))
    203
    """
    shown = str(text)
    return shown if len(shown) <= KEPT_CHARACTERS else f"{shown[:KEPT_CHARACTERS]}..."


class NatsError(RuntimeError):
    """Anything that has to do with the server or with the way to it.

    It can be pickled, so that it gets from a process to another.
    """

    @override
    def __reduce__(self) -> tuple[Any, ...]:
        return copyreg.__newobj__, (type(self), *self.args), self.__dict__  # type: ignore[attr-defined]


class NotConnected(NatsError):
    """A message was refused, because there is no connection and no room to keep it.

    It has not been sent and will not be: publishing it again is safe.
    """


class PayloadTooLarge(NatsError):
    """The server takes no message of this size. It has not been sent.

    Attributes:
        size: of the message, in bytes.
        limit: of the server, in bytes.
    """

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(
            f"a message of {size:,} bytes is more than the {limit:,} that the server takes; send "
            "where the content is to be found, or raise max_payload in the server's configuration"
        )
        self.size = size
        self.limit = limit


class UndecodablePayload(NatsError):
    """Bytes came in that are no message. They were set aside, and reading goes on.

    Attributes:
        subject: where they came in.
        data: the bytes; of many, the first `KEPT_BYTES`.
        size: how many there were.
    """

    # Enough to see what it was. Whoever may publish can send much, which must not fill the memory.
    KEPT_BYTES = 10_000

    def __init__(self, subject: str, data: bytes, reason: object) -> None:
        super().__init__(
            f"set aside {len(data):,} bytes on {subject!r} that are no message ({cut(reason)}); "
            "give publishers and subscribers the same codec, or the subject to one kind of message"
        )
        self.subject = subject
        self.data = data[: self.KEPT_BYTES]
        self.size = len(data)


class MessageSetAside(NatsError):
    """A message could not be handled, and was set aside as a dead letter. Its reader goes on.

    Attributes:
        subscription: the name of the subscription, if it has one.
        reason: why.
    """

    def __init__(self, subject: str, subscription: str, reason: str) -> None:
        super().__init__(
            f"set aside a message on {subject!r} that {subscription or 'a reader'} could not "
            f"handle ({cut(reason)}); dead_letters() lists it, and put_back() lets it be tried "
            "again"
        )
        self.subscription = subscription
        self.reason = cut(reason)


class SlowConsumer(NatsError):
    """Messages come in faster than the subscribers of this process read, and are dropped here.

    Attributes:
        limit: how many may wait, in messages.
    """

    def __init__(self, subject: str, limit: int) -> None:
        super().__init__(
            f"over {limit:,} messages wait on {subject!r}, so newer ones are dropped; read faster, "
            "in batches or in more processes, raise receive_buffer, or use JetStreamPubSub"
        )
        self.limit = limit


class ConnectionLost(NatsError):
    """The connection to the server has ended; it is being made again.

    Attributes:
        uncertain: how many messages were on their way, and may or may not have arrived.
    """

    def __init__(self, address: str, uncertain: int) -> None:
        super().__init__(
            f"lost the connection to the NATS server at {address}, and connecting again; "
            f"{uncertain} messages were on their way, and may not have arrived: if that matters, "
            "use JetStreamPubSub"
        )
        self.uncertain = uncertain


class Unconfirmed(NatsError):
    """The server has not confirmed messages in time: it may have them or not.

    Attributes:
        count: how many.
    """

    def __init__(self, count: int, remedy: str) -> None:
        super().__init__(f"the server did not confirm {count} messages in time; {remedy}")
        self.count = count


def name_unconfirmed(error: BaseException, message_ids: dict[int, str]) -> None:
    """Let an error say which messages of a `publish_many` were not confirmed."""
    error.unconfirmed = message_ids  # type: ignore[attr-defined]


def unconfirmed_in(error: BaseException) -> dict[int, str]:
    """Return which messages of a `publish_many` that has failed the server is not known to have.

    Whatever has ended it, the error that comes out of `JetStreamPubSub.publish_many` says so.

    Returns:
        For each of them, by its place among the messages, from 0: the id that it was sent with.
        Published again with this `message_id`, it is stored once.

    >>> unconfirmed_in(ValueError("no publish_many"))
    {}
    """
    return dict(getattr(error, "unconfirmed", {}))


class StreamFull(NatsError):
    """The stream holds as many messages as it may, since a subscriber has not acknowledged them."""

    def __init__(self, stream: str) -> None:
        super().__init__(
            f"the stream {stream!r} is full: a subscriber is behind; publish again later, let it "
            "catch up, forget() one that will not come back, or raise max_messages"
        )


class StoreFull(NatsError):
    """The server has no room for another message, of whatever stream."""

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(
            f"the store of the server at {address} is full ({reason}); publish again later, let "
            "subscribers catch up, forget() one that will not come back, or give it more room with "
            "max_file_store in the server's configuration"
        )


class JetStreamUnavailable(NatsError):
    """The server answers, but JetStream does not: it is off, not yet ready, or has no quorum.

    If it is the quorum, it is a `NoQuorum`.
    """

    def __init__(self, address: str, reason: str, *, silent: bool = False) -> None:
        super().__init__(
            f"the server at {address} says nothing of what it keeps ({reason}); see whether it is "
            "stopped or has too much to do, or give it more time"
            if silent
            else f"the server at {address} keeps no messages ({reason}); start it with JetStream, "
            "as `nats-server -js`, or use NatsPubSub"
        )


class NoQuorum(JetStreamUnavailable):
    """Too few servers of the cluster run, so those that do cannot agree on what is stored."""

    def __init__(self, address: str, reason: str) -> None:
        NatsError.__init__(
            self,
            f"the cluster at {address} has no quorum ({reason}): {MOST_HAVE_TO_RUN}; what it has "
            "stored is kept, and all goes on by itself then",
        )


class StreamLost(NatsError):
    """The server no longer has the stream; it was made anew, and what it kept is lost.

    Attributes:
        stream: what it is called.
    """

    def __init__(self, address: str, stream: str) -> None:
        super().__init__(
            f"the server at {address} no longer has the stream {stream!r}: what it kept is lost, "
            "and it was made anew; give the server a store that lasts, and let nobody delete a "
            "stream that is in use"
        )
        self.stream = stream


class SubscriptionForgotten(NatsError):
    """The server no longer knows a subscription with a name, so nothing more comes to its readers.

    Attributes:
        name: of the subscription.
    """

    def __init__(self, name: str) -> None:
        super().__init__(
            f"the server no longer knows the subscription {name!r}, nor what it kept for it: it "
            "was deleted, by forget() or by an administrator; subscribe again to begin anew"
        )
        self.name = name


class MessagesLost(NatsError):
    """Messages will not come, since the server no longer has them, the subscription or its stream.

    They are counted as dropped by the subscription, which goes on. Of what was deleted this is how
    many messages the server had still to send, as it last said: with each that it sends, and every
    two seconds while it sends none. What was stored after that is not in it; what was removed after
    that, or sent to another reader of the same name, is.

    Attributes:
        count: how many, as far as it is known here.
    """

    def __init__(self, subject: str, count: int) -> None:
        super().__init__(
            f"at least {count:,} messages on {subject!r} are lost to a subscription: the server no "
            "longer had it, or them, since somebody has deleted what is in use; it goes on, so "
            "publish again what matters"
        )
        self.count = count
