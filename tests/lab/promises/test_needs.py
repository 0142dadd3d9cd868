"""A promise uses nothing of a broker but what it says that it needs."""

from typing import Any

import pytest

from pubsub_lib import AsyncPubSub, Inbox
from pubsub_lib.lab.promises import (
    ASYNC_PUB_SUB,
    MANAGED,
    Kind,
    Promise,
    Trait,
    keeps,
    which_promises,
)


class Hidden:
    """An attribute that is not there."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        raise AttributeError(f"{self.name} is not among what the promise needs")


WHAT_A_BROKER_HAS = {
    Trait.STATISTICS: ["stats"],
    Trait.TIMEOUT: ["publish_nowait"],
    Trait.ENDING: ["closed", "__aenter__", "__aexit__"],
    Trait.THREADS: ["publish_threadsafe"],
}
WHAT_A_SUBSCRIPTION_HAS = {
    Trait.STATISTICS: ["stats"],
    Trait.LEAVING: ["close", "closed", "name", "__aenter__", "__aexit__"],
    Trait.ITERATION: ["__aiter__", "batches"],
}


def hidden(attributes: dict[Trait, list[str]], offers: frozenset[Trait]) -> dict[str, Any]:
    return {
        name: Hidden()
        for trait, names in attributes.items()
        if trait not in offers
        for name in names
    }


def broker_that_offers_only(offers: frozenset[Trait]) -> type:
    """Make of the library's broker one that lacks what is not among these traits."""

    class LimitedInbox(Inbox[Any]):
        locals().update(hidden(WHAT_A_SUBSCRIPTION_HAS, offers))

    class Limited(AsyncPubSub[Any]):
        locals().update(hidden(WHAT_A_BROKER_HAS, offers))

        if Trait.TIMEOUT not in offers:

            def __init__(self, maxsize: int = 100) -> None:
                super().__init__(maxsize)

        if Trait.DELIVERIES not in offers:

            async def publish(self, message: Any) -> None:
                await super().publish(message)

        if Trait.ENDING not in offers:

            async def shutdown(self) -> None:
                await super().shutdown()

        def _subscribe(self, **options: Any) -> Any:
            inbox = super().subscribe(**options)
            inbox.__class__ = LimitedInbox
            return inbox

        if Trait.LEAVING in offers and Trait.FILTERS in offers:
            subscribe = _subscribe
        elif Trait.LEAVING in offers:

            def subscribe(self, *, name: str = "") -> Any:
                return self._subscribe(name=name)

        elif Trait.FILTERS in offers:

            async def subscribe(self, *, where: Any = None) -> Any:
                return self._subscribe(where=where)

        else:

            async def subscribe(self) -> Any:
                return self._subscribe()

    Limited.__name__, LimitedInbox.__name__ = "Limited", "LimitedInbox"
    return Limited


@pytest.mark.parametrize("promise", which_promises(ASYNC_PUB_SUB), ids=lambda each: each.name)
def test_a_broker_that_offers_only_what_is_needed_keeps_it(promise: Promise):
    traits = promise.needs | (ASYNC_PUB_SUB.traits - MANAGED)
    outcome = keeps(Kind(broker_that_offers_only(promise.needs), traits), promise)
    assert outcome.kept, str(outcome)
