"""Why messages have not reached the subscribers of a broker on a server.

>>> Drops(no_room=2, lost=1, undecodable=4).missed
3
"""

from typing import NamedTuple


class Drops(NamedTuple):
    """Messages that subscribers of this broker have not got, by the reason.

    Each is counted for each subscriber that has missed it. What is `undecodable` or `filter_raised`
    does not count as dropped in `stats`, since nobody knows who would have wanted it. Over
    JetStream the server keeps what finds no room, and both of these become dead letters.
    """

    no_room: int = 0  #: an inbox was full, or `receive_buffer`, and new ones were given up
    overtaken: int = 0  #: an inbox was full, and the oldest in it were given up for new ones
    disconnected: int = 0  #: an inbox was full, and its reader was cut off for that
    lost: int = 0  #: on the network, or with what a server has lost, as far as that is known
    undecodable: int = 0  #: payloads that are no messages
    filter_raised: int = 0  #: a subscription's filter raised; over core NATS that has ended it

    @property
    def missed(self) -> int:
        """How many `stats` counts as dropped."""
        return self.no_room + self.overtaken + self.disconnected + self.lost
