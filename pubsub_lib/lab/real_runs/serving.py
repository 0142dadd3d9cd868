"""What a learner writes: the loop of a desk, or a relay, and what they are given.

>>> async def serve(inbox: Orders, ledger: CarriedOut) -> None:
...     while (order := await inbox.get()) is not None:
...         await ledger.carry_out(order)
...         inbox.task_done()
"""

from collections.abc import Callable, Coroutine
from typing import Any, Protocol


class Orders(Protocol):
    """Where a desk gets its orders, one at a time."""

    async def get(self) -> int | None:
        """Wait for the next order; `None` at the end."""

    def task_done(self) -> None:
        """Acknowledge the order."""


class CarriedOut(Protocol):
    """What a desk keeps, beyond its own end."""

    def __contains__(self, order: int) -> bool:
        """Whether this order was carried out."""

    async def carry_out(self, order: int) -> None:
        """Carry out an order, and note that, in one write."""


type Serve = Callable[[Orders, CarriedOut], Coroutine[Any, Any, None]]


class Outbox(Protocol):
    """What is to be published, kept beyond the end of a process."""

    def waiting(self) -> list[tuple[int, Any]]:
        """Return what waits, each with its number, in order."""

    def remove(self, number: int) -> None:
        """Take out what the server has."""


class ChangePublisher(Protocol):
    """Where changes are published."""

    async def publish(self, change: Any, *, message_id: str = "") -> object:
        """Return when the server has the change, or has it already by this id."""


type Relay = Callable[[Outbox, ChangePublisher], Coroutine[Any, Any, None]]
