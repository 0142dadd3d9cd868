"""What goes with a message beside its content, such as an identity by which it can be traced.

The server and this library have headers of their own, which are not shown, and cannot be given.

>>> checked_headers({"Trace": "7"})
{'Trace': '7'}
>>> given_headers({"Trace": "7", "Nats-Msg-Id": "orders-7"})
{'Trace': '7'}
>>> checked_headers({"Nats-Msg-Id": "orders-7"})
Traceback (most recent call last):
ValueError: headers whose name begins with Nats- or Pubsub- belong to the server and this library, \
as 'Nats-Msg-Id'; give yours another name
"""

import re
from collections.abc import Mapping

RESERVED = ("nats-", "pubsub-")
# What the protocol takes as a name.
A_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


def checked_headers(headers: Mapping[str, str] | None) -> dict[str, str]:
    """Return headers for a message, or say what is wrong with them.

    Raises:
        TypeError: if they are no mapping from strings to strings.
        ValueError: if a name is reserved, or there are blanks in it; or a value is not one line of
            text without blanks around it.
    """
    if headers is None:
        return {}
    if not isinstance(headers, Mapping) or not all(
        isinstance(each, str) for pair in headers.items() for each in pair
    ):
        raise TypeError(f"headers map strings to strings, as {{'Trace': '7'}}, not {headers!r}")
    for name, value in headers.items():
        if not A_NAME.fullmatch(name):
            raise ValueError(f"the name of a header is one word, as 'Trace', not {name!r}")
        if name.lower().startswith(RESERVED):
            raise ValueError(
                "headers whose name begins with Nats- or Pubsub- belong to the server and this "
                f"library, as {name!r}; give yours another name"
            )
        if value != value.strip() or len(value.splitlines()) > 1:
            raise ValueError(
                f"a header's value is one line without blanks around it, not {value!r}"
            )
    return dict(headers)


def given_headers(headers: Mapping[str, str] | None) -> dict[str, str]:
    """Return those headers that its publisher has given to a message."""
    return {
        name: value
        for name, value in (headers or {}).items()
        if not name.lower().startswith(RESERVED)
    }


def overhead(headers: Mapping[str, str]) -> int:
    """Return how many bytes go with a message, which count for the server's limit.

    >>> overhead({"Trace": "7"})
    22
    """
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return len(f"NATS/1.0\r\n{lines}\r\n".encode())
