"""Prices that are posted: checked before they are believed.

>>> as_posted(b'{"symbol": "TEA", "price": 4.2}')
Posted(symbol='TEA', price=4.2)
>>> as_posted(b'{"symbol": "TEA", "price": -1}')
Traceback (most recent call last):
starlette.exceptions.HTTPException: 422: This is no price: Expected `float` > 0.0 - at `$.price`
"""

from typing import Annotated

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request

LARGEST_BODY_BYTES = 1000
MOST_SYMBOLS = 100
EXAMPLE = '{"symbol": "TEA", "price": 4.2}'

type Symbol = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{1,12}$")]
type Price = Annotated[float, msgspec.Meta(gt=0, le=1e9)]


class Posted(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What has to be posted: a symbol in capital letters, and its price."""

    symbol: Symbol
    price: Price


async def read_price(request: Request, symbols: set[str]) -> Posted:
    """Return the price that was posted.

    Args:
        request: what came in.
        symbols: those that the board has already; it has room for `MOST_SYMBOLS`.

    Raises:
        HTTPException: 413, 415, 422 or 409, if it is none; says what one looks like.
    """
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        # A form of a foreign page cannot send this type without having asked.
        raise HTTPException(415, f"Post a price as application/json: {EXAMPLE}")
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST_BODY_BYTES:
            raise HTTPException(
                413, f"A price takes no more than {LARGEST_BODY_BYTES} bytes: {EXAMPLE}"
            )
    posted = as_posted(body)
    if posted.symbol not in symbols and len(symbols) >= MOST_SYMBOLS:
        raise HTTPException(409, f"The board has room for {MOST_SYMBOLS} symbols, and is full.")
    return posted


def as_posted(body: bytes) -> Posted:
    """Return what these bytes say, or raise an `HTTPException` that says what is wrong."""
    try:
        return msgspec.json.decode(body, type=Posted)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise HTTPException(422, f"This is no price: {error}") from error
