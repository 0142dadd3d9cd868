"""One of several workers: what runs in each process, from its beginning to its end.

>>> print(work.__doc__)
Serve a board of one's own, and report that it serves, or why it cannot.
"""

import logging
import multiprocessing
import os
import socket
import sys
import threading
from multiprocessing.connection import Connection

from examples.price_board.changes import SharedNumbers
from examples.price_board.server import BoardServer, serve
from examples.price_board.settings import Settings
from pubsub_lib.nats import NatsError

SERVES = "serves"


def work(
    settings: Settings,
    numbers: SharedNumbers,
    listener: socket.socket,
    report: Connection,
    has_market: bool,
) -> None:
    """Serve a board of one's own, and report that it serves, or why it cannot."""
    logging.basicConfig(stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    threading.Thread(target=_end_with_parent, daemon=True).start()
    server = BoardServer(
        settings, numbers, has_market=has_market, started=lambda: report.send(SERVES)
    )
    try:
        serve(server, listener)
    except NatsError as error:
        report.send(str(error))
        sys.exit(1)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
