"""What the board answers, path by path.

>>> from examples.price_board.changes import Numbers
>>> from examples.price_board.settings import Settings
>>> app = make_app(Board(Settings(), Numbers()))
>>> [route.path for route in app.routes][:2]
['/', '/prices']
"""

import os
import secrets
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from examples.price_board.board import Board
from examples.price_board.metrics import registry_of
from examples.price_board.posting import read_price
from examples.price_board.streams import PriceStream
from pubsub_lib import PubSubClosed
from pubsub_lib.nats import NatsError

PAGE = Path(__file__).parent / "page"
#: A page may load what is on this server, and nothing else.
PAGE_HEADERS = {"Content-Security-Policy": "default-src 'self'", "Cache-Control": "no-cache"}
RETRY_AFTER_S = 5
LONGEST_NAME = 40
LONGEST_NUMBER = 18
IN_PLAIN_WORDS = {
    404: "There is nothing here. The board is at /, its prices are at /prices.",
    405: "This cannot be asked in this way. Prices are read with GET and published with POST.",
}


def make_app(board: Board) -> Starlette:
    """Return the application that serves one board."""
    registry = registry_of(board)

    async def prices(request: Request) -> Response:
        _refuse_while_closing(board)
        address = request.client.host if request.client else ""
        if not board.visitors.may_come_from(address):
            raise _refused(429, f"{address} has as many streams here as it may have; close some.")
        visitor = board.visit(
            _name_of(request),
            address,
            hang_up=request.state.abort,
            last_seen=_last_seen_by(request),
        )
        return PriceStream(visitor, board.visitors, grace=board.settings.grace)

    async def publish(request: Request) -> Response:
        _refuse_while_closing(board)
        posted = await read_price(request, board.memory.symbols)
        try:
            delivery = await board.publish(posted.symbol, posted.price)
        except (NatsError, PubSubClosed) as error:
            raise _refused(503, f"The price was not published: {error}") from error
        return JSONResponse(
            {"delivered": delivery and delivery.delivered, "missed": delivery and delivery.dropped}
        )

    async def visitors(request: Request) -> Response:
        now = time.monotonic()
        return JSONResponse(
            [
                {
                    "visitor": visitor.name,
                    "address": visitor.address,
                    "lag": visitor.inbox.qsize(),
                    "dropped": visitor.inbox.stats.dropped,
                    "connected_s": round(now - visitor.began, 3),
                }
                for visitor in board.visitors.here
            ]
        )

    async def metrics(request: Request) -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    async def health(request: Request) -> Response:
        return JSONResponse({"worker": os.getpid()}, status_code=503 if board.closing else 200)

    return Starlette(
        routes=[
            Route("/", _page("board.html")),
            Route("/prices", prices, methods=["GET"]),
            Route("/prices", publish, methods=["POST"]),
            Route("/operator", _page("operator.html")),
            Route("/operator/visitors", visitors),
            Route("/metrics", metrics),
            Route("/health", health),
            Mount("/page", StaticFiles(directory=PAGE)),
        ],
        exception_handlers={HTTPException: _in_plain_words, ClientDisconnect: _nobody_there},
    )


def _page(name: str) -> Callable[[Request], Awaitable[Response]]:
    async def page(request: Request) -> Response:
        return FileResponse(PAGE / name, headers=PAGE_HEADERS)

    return page


def _in_plain_words(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    said = IN_PLAIN_WORDS.get(error.status_code, error.detail)
    return PlainTextResponse(f"{said}\n", status_code=error.status_code, headers=error.headers)


def _nobody_there(request: Request, error: Exception) -> Response:
    return PlainTextResponse("", status_code=400)


def _refused(status: int, said: str) -> HTTPException:
    return HTTPException(status, said, headers={"Retry-After": str(RETRY_AFTER_S)})


def _refuse_while_closing(board: Board) -> None:
    if board.closing:
        raise _refused(503, "The board is being shut down; come back in a moment.")


def _name_of(request: Request) -> str:
    """Return what the visitor calls itself, so that it is known when it is back."""
    name = request.query_params.get("visitor", "")[:LONGEST_NAME]
    return name if name.isascii() and name.isalnum() else secrets.token_hex(4)


def _last_seen_by(request: Request) -> int | None:
    given = request.headers.get("last-event-id")
    if not given:
        return None
    if not (given.isascii() and given.isdigit() and len(given) <= LONGEST_NUMBER):
        raise HTTPException(400, "Last-Event-ID is the number of an event, as its `id:` gave it.")
    return int(given)
