"""The socket that visitors come to, made before any worker is, so that all of them share it.

>>> from examples.price_board.settings import Settings
>>> with listen(Settings(port=0)) as listener:
...     print(address_of(listener).partition("1:")[0])
http://127.0.0.
"""

import contextlib
import socket

from examples.price_board.settings import Settings

try:
    import resource
except ModuleNotFoundError:  # Windows has no such limit
    resource = None  # type: ignore[assignment]

WAITING_TO_BE_ACCEPTED = 2048


class CannotListen(Exception):
    """The board cannot be where it was told to be; says what to do."""


def listen(settings: Settings) -> socket.socket:
    """Return a socket that visitors can connect to.

    Raises:
        CannotListen: if the port is taken, or the host is not this machine.
    """
    _allow_many_connections()
    host, port = settings.host, settings.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=WAITING_TO_BE_ACCEPTED)
    except OSError as error:
        raise CannotListen(
            f"cannot listen at {host} port {port} ({error.strerror or error}); choose another with "
            "--port, where 0 is any free one, or another --host"
        ) from error
    if settings.send_buffer:
        # Inherited by each connection: else megabytes wait for a visitor before anybody notices.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, settings.send_buffer)
    return listener


def address_of(listener: socket.socket) -> str:
    """Return the address for a browser."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _allow_many_connections() -> None:
    """Allow as many open files as the system lets us; each visitor takes one."""
    if resource is not None:
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        with contextlib.suppress(OSError, ValueError):  # macOS has a lower limit than it says
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
