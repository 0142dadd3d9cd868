"""A cluster of three NATS servers on this machine, each of which may be killed and started again.

>>> from pubsub_lib.nats import why_no_server
>>> why_no_server(of_our_own=True) or len(NatsCluster().servers)
3
"""

import itertools
import json
import socket
import time
import urllib.request
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Self, override
from urllib.error import URLError

from pubsub_lib.nats.local_server.server import HOST, NatsServer

LIMIT_S = 60.0
POLL_S = 0.02
numbers = itertools.count(1)


class NatsClusterServer(NatsServer):
    """One server of a cluster.

    Args:
        name: what it is called in it.
        cluster: what the cluster is called.
        token: what its clients have to know, the same for all of the cluster.
        route_port: where the others find it.
        configuration: lines to add to its configuration.

    Attributes:
        name, route_port: as given.
        routes: the ports where it finds the others.
    """

    def __init__(
        self, name: str, cluster: str, token: str, route_port: int, configuration: str
    ) -> None:
        super().__init__(configuration=configuration)
        self.name = name
        self.route_port = route_port
        self.routes: Sequence[int] = ()
        self._cluster = cluster
        self._token = token
        self._further = self._configuration

    @override
    def _write_configuration(self) -> None:
        routes = ", ".join(f'"nats-route://{HOST}:{port}"' for port in self.routes)
        self._configuration = "\n".join(
            [
                self._further,
                f'server_name: "{self.name}"',
                f'http: "{HOST}:-1"',
                f'cluster {{ name: "{self._cluster}", listen: "{HOST}:{self.route_port}", '
                f"routes: [{routes}] }}",
            ]
        )
        super()._write_configuration()

    @property
    def is_healthy(self) -> bool:
        """Whether it says that it has caught up with the others, and there is a leader."""
        try:
            (ports,) = self.folder.glob(f"*_{self.process_id}.ports")
            address = json.loads(ports.read_text(encoding="utf-8"))["monitoring"][0]
            with urllib.request.urlopen(f"{address}/healthz", timeout=1) as answer:
                return bool(json.load(answer)["status"] == "ok")
        except (OSError, URLError, ValueError):
            return False


class NatsCluster:
    """Three servers that keep each stream of three replicas together."""

    def __init__(self, *, configuration: str = "") -> None:
        number = next(numbers)
        token = f"token{number}"
        self._stack = ExitStack()
        self.servers = [
            NatsClusterServer(f"n{each}", f"cluster{number}", token, port, configuration)
            for each, port in enumerate(_free_ports(3))
        ]
        for server in self.servers:
            self._stack.callback(server.stop)
            server.routes = [other.route_port for other in self.servers if other is not server]

    @property
    def urls(self) -> list[str]:
        """The addresses of all of them."""
        return [server.url for server in self.servers]

    def named(self, name: str) -> NatsClusterServer:
        """Return a server by its name."""
        return next(server for server in self.servers if server.name == name)

    def until_healthy(self) -> None:
        """Return when all of them have caught up with each other."""
        deadline = time.monotonic() + LIMIT_S
        while not all(server.is_healthy for server in self.servers):
            if time.monotonic() > deadline:
                raise TimeoutError([server.is_healthy for server in self.servers])
            time.sleep(POLL_S)  # a server tells nobody

    def __enter__(self) -> Self:
        try:
            for server in self.servers:
                server.start()
            self.until_healthy()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stack.close()


def _free_ports(count: int) -> list[int]:
    """Return ports that are free now, as each has to know those of the others."""
    with ExitStack() as stack:
        listeners = [stack.enter_context(socket.create_server((HOST, 0))) for _ in range(count)]
        return [listener.getsockname()[1] for listener in listeners]
