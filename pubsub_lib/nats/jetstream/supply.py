"""What a subscription asks of whatever brings its messages from the server.

>>> from pubsub_lib.nats.jetstream.consumer import Consumer
>>> all(hasattr(Consumer, name) for name in ("begin", "get_ready", "end", "ended"))
True
"""

from typing import Protocol


class Supply(Protocol):
    """What brings the messages of one subscription from the server."""

    def begin(self) -> object:
        """Let messages come in, soon."""

    async def get_ready(self) -> None:
        """Return when messages come in."""

    def end(self) -> None:
        """Let nothing more come in."""

    async def ended(self) -> None:
        """Return when the server knows that, if it can be told soon."""
