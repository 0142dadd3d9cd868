"""The command: it listens, says where, and serves until it is told to end.

>>> run(["--host", "nowhere.invalid"])
1
"""

import logging
import os
import socket
import sys
import threading
import webbrowser
from collections.abc import Sequence

from examples.price_board.changes import Numbers
from examples.price_board.listening import CannotListen, address_of, listen
from examples.price_board.server import BoardServer, serve
from examples.price_board.settings import Settings, parsed
from examples.price_board.workers import WorkerFailed, Workers
from pubsub_lib.nats import NatsError


def run(arguments: Sequence[str]) -> int:
    """Run until it is told to end, and return the exit status.

    Raises:
        SystemExit: if an argument is wrong; it is said on stderr, in one line.
    """
    settings = parsed(arguments)
    logging.basicConfig(stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    try:
        with listen(settings) as listener:
            return _serve(settings, listener)
    except (CannotListen, NatsError, WorkerFailed) as error:
        print(f"price_board: {error}", file=sys.stderr)
        return 1


def has_browser_with_a_window() -> bool:
    """Return whether a page can be opened without taking this terminal for it."""
    try:
        found = webbrowser.get()
    except webbrowser.Error:
        return False
    in_the_terminal = type(found) is webbrowser.GenericBrowser and "BROWSER" not in os.environ
    return not in_the_terminal


def _serve(settings: Settings, listener: socket.socket) -> int:
    def say_where() -> None:
        print(f"Price board at {address_of(listener)}", flush=True)
        if settings.open and has_browser_with_a_window():
            threading.Thread(
                target=webbrowser.open, args=[address_of(listener)], daemon=True
            ).start()

    if settings.workers == 1:
        serve(BoardServer(settings, Numbers(), started=say_where), listener)
        return 0
    return Workers(settings, listener, started=say_where).run()
