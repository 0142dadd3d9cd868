"""What happened to the messages that came in over core NATS, and why some reached nobody.

>>> counts = Counts()
>>> counts.overflowed(Overflow.DROP_OLDEST, 2)
>>> counts.drops(undecodable=1)
Drops(no_room=0, overtaken=2, disconnected=0, lost=0, undecodable=1, filter_raised=0)
"""

from dataclasses import dataclass
from typing import assert_never

from pubsub_lib.nats.drops import Drops
from pubsub_lib.overflow import Overflow


@dataclass(slots=True)
class Counts:
    """What happened to the messages that came in, in messages.

    Attributes:
        received, lost: as in `NetworkStats`.
        no_room, overtaken, disconnected, filter_raised: as in `Drops`.
        missed_on_the_way: what `Drops` calls `lost`.
    """

    received: int = 0
    lost: int = 0
    no_room: int = 0
    overtaken: int = 0
    disconnected: int = 0
    missed_on_the_way: int = 0
    filter_raised: int = 0

    def overflowed(self, overflow: Overflow, count: int) -> None:
        """Note that so many found no room in an inbox with this policy."""
        match overflow:
            case Overflow.DROP_NEWEST | Overflow.RAISE:
                self.no_room += count
            case Overflow.DROP_OLDEST:
                self.overtaken += count
            case Overflow.DISCONNECT:
                self.disconnected += count
            case _:
                assert_never(overflow)

    def drops(self, undecodable: int) -> Drops:
        """Return them by the reason."""
        return Drops(
            no_room=self.no_room,
            overtaken=self.overtaken,
            disconnected=self.disconnected,
            lost=self.missed_on_the_way,
            undecodable=undecodable,
            filter_raised=self.filter_raised,
        )
