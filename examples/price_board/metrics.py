"""What a monitoring system reads: the broker's own numbers, asked for when somebody looks.

>>> from examples.price_board.changes import Numbers
>>> from examples.price_board.settings import Settings
>>> registry = registry_of(Board(Settings(), Numbers()))
>>> registry.get_sample_value("price_board_visitors")
0
"""

import time
from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from examples.price_board.board import Board


def registry_of(board: Board) -> CollectorRegistry:
    """Return a registry with the numbers of one board, and nothing else."""
    registry = CollectorRegistry()
    registry.register(BoardCollector(board))
    return registry


class BoardCollector(Collector):
    """Reads the numbers of a board. Nothing is counted for it beside."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def collect(self) -> Iterator[Metric]:
        """Yield each number, as it is now."""
        board, stats = self._board, self._board.broker.stats
        here = board.visitors.here
        lags = [visitor.inbox.qsize() for visitor in here]
        waiting = [visitor.in_hand.sent for visitor in here if visitor.in_hand]
        counters: dict[str, tuple[str, float]] = {
            "published": ("changes that this worker published", stats.published),
            "delivered": ("changes that inboxes have taken in", board.delivered),
            "cut_off": ("visitors that were cut off", board.visitors.cut_off),
        }
        gauges: dict[str, tuple[str, float]] = {
            "visitors": ("visitors that are here", len(here)),
            "lag": ("most changes that wait in one inbox", max(lags, default=0)),
            "lag_limit": ("changes that an inbox holds", board.broker.maxsize),
            "oldest_seconds": (
                "age of the oldest change that a connection has not taken",
                time.time() - min(waiting) if waiting else 0.0,
            ),
        }
        for name, (meaning, value) in counters.items():
            yield CounterMetricFamily(f"price_board_{name}", meaning, value=value)
        for name, (meaning, value) in gauges.items():
            yield GaugeMetricFamily(f"price_board_{name}", meaning, value=value)
        dropped = CounterMetricFamily("price_board_dropped", "changes lost", labels=["reason"])
        dropped.add_metric([board.broker.overflow.value], stats.dropped)
        yield dropped
