"""A browser with several tabs, and the few connections that it allows itself.

Over HTTP/1.1 a browser keeps a small number of connections to one server, and a stream occupies one
for as long as it lasts. httpx keeps a pool of connections in the same way.

>>> Browser("http://127.0.0.1:8000/").tabs
0
"""

import asyncio
import contextlib
from typing import TYPE_CHECKING, Self

from pubsub_lib.lab.service.visitors import PATIENCE_S

if TYPE_CHECKING:
    import httpx

#: What Chromium, Firefox and Safari allow themselves to one server, over HTTP/1.1.
MOST_CONNECTIONS = 6
#: How long a tab waits here for a connection to become free, in seconds; in a browser, for ever.
TAB_PATIENCE_S = 0.3


class Browser:
    """Opens tabs with a stream each; use it in an `async with` block, which closes them all.

    Args:
        url: the page that each tab shows.

    Attributes:
        tabs: how many have got their stream.
    """

    def __init__(self, url: str) -> None:
        self.tabs = 0
        self._url = url
        self._stack = contextlib.AsyncExitStack()
        self._client: httpx.AsyncClient | None = None

    async def open_tabs(self, count: int) -> None:
        """Open as many tabs, and wait until each has its stream, or has waited in vain."""
        async with asyncio.TaskGroup() as group:
            for number in range(count):
                group.create_task(self._open_tab(), name=f"tab {number}")

    async def _open_tab(self) -> None:
        import httpx

        if self._client is None:
            raise RuntimeError("a browser opens tabs in its `async with` block")
        with contextlib.suppress(httpx.PoolTimeout):
            stream = self._client.stream("GET", f"{self._url}prices")
            await self._stack.enter_async_context(stream)
            self.tabs += 1

    async def __aenter__(self) -> Self:
        import httpx

        self._client = await self._stack.enter_async_context(
            httpx.AsyncClient(
                limits=httpx.Limits(max_connections=MOST_CONNECTIONS),
                timeout=httpx.Timeout(PATIENCE_S, pool=TAB_PATIENCE_S),
            )
        )
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._stack.aclose()
