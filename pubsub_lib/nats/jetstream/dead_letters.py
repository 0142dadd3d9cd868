"""Messages that nobody could handle: set aside where they survive, listed, and put back.

What always fails must not be tried for ever, nor be lost. The field calls it a dead letter. The
library keeps those of a stream in another one beside it: of `orders` it is called `orders_dead`,
with the subject `dead.orders`, or one below that, as the message had. It keeps them until they are
put back or deleted, and as many as the first stream may hold.

>>> DeadLetter(number=1, data=b'7', headers={}, message=7, reason="KeyError: 7",
...            subscription="billing", tries=5,
...            set_aside_at=datetime.datetime(2026, 11, 30)).reason
'KeyError: 7'
"""

import asyncio
import datetime
import json
from dataclasses import dataclass
from typing import Any, NamedTuple

from nats.aio.msg import Msg
from nats.js import api

from pubsub_lib.nats.decoding import Decoder
from pubsub_lib.nats.errors import NatsError, SubscriptionForgotten, cut
from pubsub_lib.nats.headers import given_headers
from pubsub_lib.nats.jetstream.asking import found
from pubsub_lib.nats.jetstream.configurations import asks_for
from pubsub_lib.nats.jetstream.intake import PUT_BACK_FOR
from pubsub_lib.nats.jetstream.position import numbers_of, stored_at
from pubsub_lib.nats.jetstream.publisher import Outgoing, StreamPublisher
from pubsub_lib.nats.jetstream.recovery import Recovery
from pubsub_lib.nats.jetstream.stream import Stream

# What tells why a message was set aside, in the header of its dead letter.
NOTE = "Pubsub-Dead-Letter"
# How the subject of a dead letter begins; then comes that of the message.
DEAD = "dead."


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter[T]:
    """A message that was set aside. To be given to `put_back` or `delete_dead_letter`.

    Attributes:
        number: which dead letter it is, from 1; the number stays the same.
        data: the bytes of the message.
        headers: what its publisher has given with it.
        message: what they are, or `None` if they do not decode.
        reason: why it was set aside.
        subscription: the name of the subscription that has failed on it; empty if that has no name,
            or nobody could read it.
        tries: how often it had been delivered.
        set_aside_at: when the server has stored it.
    """

    number: int
    data: bytes
    headers: dict[str, str]
    message: T | None
    reason: str
    subscription: str
    tries: int
    set_aside_at: datetime.datetime


class Note(NamedTuple):
    """Why a message was set aside."""

    reason: str
    subscription: str = ""
    tries: int = 0


class DeadLetters[T]:
    """The dead letters of one stream.

    Args:
        stream: whose messages are set aside.
        publisher: puts them back.
        decoder: makes messages of bytes.

    Attributes:
        count: how many were set aside here.
    """

    def __init__(self, stream: Stream, publisher: StreamPublisher, decoder: Decoder[T]) -> None:
        self.count = 0
        self._of = stream
        self._putting_back = publisher
        self._decoder = decoder
        self._stream = stream.beside(name_ends="_dead", subject_begins=DEAD)
        self._publisher = StreamPublisher(self._stream, Recovery(self._stream, ()))
        self._storing: set[asyncio.Task[Any]] = set()

    async def put(self, envelope: Msg, reason: str, subscription: str) -> bool:
        """Store a message with its reason; return whether it is stored, and can be given up."""
        sequence, _, _, tries = numbers_of(envelope)
        note = json.dumps(Note(cut(reason), subscription, tries))  # one line, and ASCII
        storing = asyncio.current_task()
        assert storing is not None
        self._storing.add(storing)
        try:
            await self._stream.make()
            # The same message is stored once, also if we die before the server is told.
            # A number alone may be that of another one, in a stream that was made since.
            number = f"{stored_at(envelope)}.{sequence}.{subscription}"
            headers = given_headers(envelope.headers) | {NOTE: note}
            subject = DEAD + envelope.subject
            await self._publisher.put(Outgoing.of(subject, envelope.data, number, headers))
        except NatsError as error:
            self._of.connection.report(error)
            return False
        finally:
            self._storing.discard(storing)
        self.count += 1
        return True

    async def settled(self) -> None:
        """Return when nothing is being stored any more."""
        if self._storing:
            await asyncio.wait(self._storing)

    async def list(self, *, after: int, limit: int) -> "list[DeadLetter[T]]":
        """Return dead letters in the order of their numbers.

        Raises:
            NatsError: if the server cannot be reached or refuses it.
        """
        await self._stream.make()
        letters: list[DeadLetter[T]] = []
        number = after
        while len(letters) < limit:
            stored = await self._next(number + 1)
            if stored is None:
                break
            assert stored.seq is not None
            number = stored.seq
            letters.append(self._read(number, stored))
        return letters

    async def put_back(self, letter: DeadLetter[T]) -> None:
        """Publish it again, for the subscription that has failed on it, and delete it here.

        Raises:
            LookupError: if it is not there any more.
            SubscriptionForgotten: if there is no such subscription any more.
            NatsError: if nobody asks for its subject, or the server cannot be reached or refuses
                it.
        """
        await self._stream.make()
        stored = await self._stored(letter)
        name = self._read(letter.number, stored).subscription
        subject = (stored.subject or "").removeprefix(DEAD)
        readers = await self._of.consumers()
        if name:
            readers = [reader for reader in readers if reader.name == name]
            if not readers:
                raise SubscriptionForgotten(name)
        if not any(asks_for(reader.config, subject) for reader in readers):
            raise NatsError(
                f"nobody has subscribed to {subject!r}, so what is put back would be kept for "
                "nobody; subscribe first"
            )
        number = f"{self._stream.created}.{letter.number}".replace(" ", "T")
        headers = given_headers(stored.headers) | ({PUT_BACK_FOR: name} if name else {})
        await self._putting_back.put(Outgoing.of(subject, stored.data or b"", number, headers))
        await self._delete(letter)

    async def delete(self, letter: DeadLetter[T]) -> None:
        """Delete it for good.

        Raises:
            LookupError: if it is not there any more.
            NatsError: if the server cannot be reached or refuses it.
        """
        await self._stream.make()
        await self._delete(letter)

    async def _delete(self, letter: DeadLetter[T]) -> None:
        name = self._stream.name
        try:
            await self._stream.ask(
                found(lambda jetstream: jetstream.delete_msg(name, letter.number))
            )
        except NatsError:
            await self._stored(letter)
            raise

    async def _stored(self, letter: DeadLetter[T]) -> api.RawStreamMsg:
        stored = await self._next(letter.number)
        if stored is None or stored.seq != letter.number:
            raise LookupError(
                f"dead letter {letter.number} is not there any more: it was put back or deleted; "
                "dead_letters() lists those that are"
            )
        return stored

    async def _next(self, number: int) -> api.RawStreamMsg | None:
        """Return the first dead letter that has this number or a higher one."""
        stream = self._stream
        try:
            return await stream.ask(
                found(
                    lambda jetstream: jetstream.get_msg(
                        stream.name, number, stream.pattern, next=True
                    )
                )
            )
        except LookupError:
            return None

    def _read(self, number: int, stored: api.RawStreamMsg) -> DeadLetter[T]:
        data = stored.data or b""
        try:
            message = self._decoder.message_of(data)
        except Exception:  # whatever a codec raises on bytes that are no message
            message = None
        note = _note((stored.headers or {}).get(NOTE, ""))
        assert stored.time is not None
        return DeadLetter(
            number=number,
            data=data,
            headers=given_headers(stored.headers),
            message=message,
            reason=note.reason,
            subscription=note.subscription,
            tries=note.tries,
            set_aside_at=stored.time,
        )


def _note(text: str) -> Note:
    """Read a note, which anybody may have written who may publish."""
    try:
        reason, subscription, tries = json.loads(text)
        return Note(str(reason), str(subscription), int(tries))
    except (TypeError, ValueError, OverflowError, RecursionError):
        return Note("unknown: it was not set aside by this library")
