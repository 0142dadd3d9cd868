"""Solutions to the exercises of notebook 11: what was lost, when to acknowledge, once each."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
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


# Exercise 11.2: the effect, then the acknowledgement. An error ends the loop, so that it is never
# reached, and the server delivers the order again.
async def handle_all(inbox: Orders, effect: Callable[[int], Awaitable[None]]) -> None:
    while (order := await inbox.get()) is not None:
        await effect(order)
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


ANSWERS = {
    "11.1": count_lost,
    "11.2": handle_all,
    "11.3": OnceEach,
}
