"""Solutions to the exercises of notebook 11: what was lost, a desk, once each, an outbox."""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Protocol


# Exercise 11.1: what is missing is a set. A gap adds to it, and what comes in late leaves it.
def count_lost(numbers: Iterable[tuple[str, int]]) -> int:
    highest: dict[str, int] = {}
    missing: set[tuple[str, int]] = set()
    for publisher, number in numbers:
        last = highest.get(publisher, number - 1)
        missing.update((publisher, skipped) for skipped in range(last + 1, number))
        missing.discard((publisher, number))
        highest[publisher] = max(last, number)
    return len(missing)


class Orders(Protocol):
    async def get(self) -> int | None: ...

    def task_done(self) -> None: ...


class CarriedOut(Protocol):
    def __contains__(self, order: int) -> bool: ...

    async def carry_out(self, order: int) -> None: ...


# Exercise 11.2: the effect, then the acknowledgement: who is killed in between leaves the order to
# the server. It comes again, and the ledger, which has outlived the desk, says what was done.
async def serve(inbox: "Orders", ledger: "CarriedOut") -> None:
    while (order := await inbox.get()) is not None:
        if order not in ledger:
            await ledger.carry_out(order)
        inbox.task_done()


# Exercise 11.3: remembered is what has had its effect, and the oldest is forgotten.
class OnceEach:
    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.handled: OrderedDict[str, None] = OrderedDict()

    def handle(self, message_id: str, effect: Callable[[], None]) -> bool:
        if message_id in self.handled:
            return False
        effect()
        self.handled[message_id] = None
        if len(self.handled) > self.capacity:
            self.handled.popitem(last=False)
        return True


class Outbox(Protocol):
    def waiting(self) -> list[tuple[int, object]]: ...

    def remove(self, number: int) -> None: ...


class Publisher(Protocol):
    async def publish(self, change: object, *, message_id: str = "") -> object: ...


# Exercise 11.4: what was published and not yet removed is published again, under the same id, so
# that the server refuses it.
async def relay(outbox: Outbox, broker: Publisher) -> None:
    for number, change in outbox.waiting():
        await broker.publish(change, message_id=f"change {number}")
        outbox.remove(number)


ANSWERS = {
    "11.1": count_lost,
    "11.2": serve,
    "11.3": OnceEach,
    "11.4": relay,
}
