"""One visitor: a subscription, with an inbox that its stream reads from, and a connection.

>>> from pubsub_lib import AsyncPubSub
>>> inbox = AsyncPubSub[Change](maxsize=3).subscribe()
>>> ada = Visitor(name="ada", address="", inbox=inbox, opening=Opening([]), hang_up=print)
>>> ada.farewell()
Farewell(reason='shutdown', lag=0, dropped=0)
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from examples.price_board.changes import Change
from examples.price_board.memory import Opening
from pubsub_lib import Disconnected, Inbox


@dataclass(frozen=True, slots=True)
class Farewell:
    """Why a stream ended: `too slow` or `shutdown`, the most that waited, and what was lost."""

    reason: str
    lag: int
    dropped: int


@dataclass(slots=True, kw_only=True, eq=False)
class Visitor:
    """One who is here.

    Attributes:
        name: what the visitor calls itself, or the board does.
        address: where it comes from.
        inbox: what waits for it.
        opening: what its stream begins with.
        hang_up: ends its connection at once.
        untold: why its last stream ended, if that could not be said.
        began: when it came, on the monotonic clock.
        in_hand: what its connection is to take now.
        cut_off_at: since when the broker has given it up, on the monotonic clock.
        is_aborted: whether its connection was ended at once, with nothing said.
    """

    name: str
    address: str
    inbox: Inbox[Change]
    opening: Opening
    hang_up: Callable[[], None]
    untold: Farewell | None = None
    began: float = field(default_factory=time.monotonic)
    in_hand: Change | None = None
    cut_off_at: float | None = None
    is_aborted: bool = False

    @property
    def is_cut_off(self) -> bool:
        """Whether the broker has given it up, because it was too slow."""
        return self.inbox.closed_because.startswith(Disconnected.__name__)

    def abort(self) -> None:
        """End its connection at once; it is told why when it is back."""
        self.is_aborted = True
        self.hang_up()

    def farewell(self) -> Farewell:
        """Say why the stream ends."""
        stats = self.inbox.stats
        reason = "too slow" if self.is_cut_off else "shutdown"
        return Farewell(reason, stats.high_water_mark, stats.dropped)
