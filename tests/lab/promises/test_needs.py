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
    Trait.PUBLISHING_MANY: ["publish_many"],
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
WHAT_OPENING_TAKES = {
    Trait.TIMEOUT: ["timeout"],
    Trait.POLICIES: ["overflow"],
    Trait.HISTORY: ["history", "key"],
}
WHAT_SUBSCRIBING_TAKES = {
    Trait.LEAVING: ["name"],
    Trait.FILTERS: ["where"],
    Trait.TIMEOUT: ["maxsize", "timeout", "overflow"],
    Trait.REPLAY: ["replay"],
}
OFFERED = MANAGED | {Trait.POLICIES, Trait.REPLAY, Trait.HISTORY}


def require_only(options: dict[str, Any], taken: dict[Trait, list[str]], offers: Any) -> None:
    known = {name for trait in offers for name in taken.get(trait, [])}
    if unknown := options.keys() - known:
        raise TypeError(f"{sorted(unknown)} are not among what the promise needs")


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

        def __init__(self, maxsize: int = 100, **options: Any) -> None:
            require_only(options, WHAT_OPENING_TAKES, offers)
            if Trait.REPLAY in offers and Trait.HISTORY not in offers:
                options["history"] = maxsize  # it keeps its messages anyway, as a ring does
            super().__init__(maxsize, **options)

        if Trait.DELIVERIES not in offers:

            async def publish(self, message: Any) -> None:
                await super().publish(message)

        if Trait.ENDING not in offers:

            async def shutdown(self) -> None:
                await super().shutdown()

        def _subscribe(self, **options: Any) -> Any:
            require_only(options, WHAT_SUBSCRIBING_TAKES, offers)
            inbox = super().subscribe(**options)
            inbox.__class__ = LimitedInbox
            return inbox

        if Trait.LEAVING in offers:
            subscribe = _subscribe
        else:

            async def subscribe(self, **options: Any) -> Any:
                return self._subscribe(**options)

    Limited.__name__, LimitedInbox.__name__ = "Limited", "LimitedInbox"
    return Limited


@pytest.mark.parametrize("promise", which_promises(ASYNC_PUB_SUB), ids=lambda each: each.name)
def test_a_broker_that_offers_only_what_is_needed_keeps_it(promise: Promise):
    traits = promise.needs | (ASYNC_PUB_SUB.traits - OFFERED)
    outcome = keeps(Kind(broker_that_offers_only(promise.needs), traits), promise)
    assert outcome.kept, str(outcome)
