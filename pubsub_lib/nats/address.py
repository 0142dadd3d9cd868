"""Where a NATS server is: checked before it is used, and shown without what must not be shown.

>>> checked_url("nats://secret-token@localhost")
'nats://secret-token@localhost'
>>> addresses = addresses_of("nats://one.example.org, nats://two.example.org:4223")
>>> addresses.shown
'nats://one.example.org:4222, nats://two.example.org:4223'
>>> addresses_of("nats://us%2Fer:pass%40word@localhost").user
'us/er'
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

# The usual address of a server on this machine.
DEFAULT_URL = "nats://127.0.0.1:4222"


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where the servers of one cluster are, and what lets us in.

    Attributes:
        servers: an address for each, without what must not be shown.
        user, password, token: what the addresses give, decoded; `None` if they do not.
        tls: whether one of them asks for an encrypted connection.
    """

    servers: tuple[str, ...]
    user: str | None = field(repr=False)
    password: str | None = field(repr=False)
    token: str | None = field(repr=False)
    tls: bool

    @property
    def shown(self) -> str:
        """All of them, for people to read."""
        return ", ".join(self.servers)


def checked_url(url: str) -> str:
    """Return an address, or several with commas between, or say what is wrong with it."""
    addresses_of(url)
    return url


def addresses_of(url: str | Sequence[str]) -> Addresses:
    """Return where the servers are that these addresses name, or say what is wrong with them.

    Raises:
        TypeError: if it is neither a string nor several.
        ValueError: if one is no address of a NATS server, or they give different tokens.
    """
    urls = url.split(",") if isinstance(url, str) else url
    if not isinstance(urls, Sequence) or not all(isinstance(each, str) for each in urls):
        raise TypeError(
            f"url is a string, as {DEFAULT_URL!r}, or several, not {type(url).__name__}"
        )
    all_parts = [_parts(each.strip()) for each in urls] or [_parts("")]
    logins = {(parts.username, parts.password) for parts in all_parts} - {(None, None)}
    if len(logins) > 1:
        raise ValueError(
            "the servers of one cluster take the same token, or user and password; give it in one "
            "of the addresses, or the same in each"
        )
    name, password = next(iter(logins), (None, None))
    name = name and unquote(name)
    return Addresses(
        servers=tuple(_without_secrets(parts) for parts in all_parts),
        user=name if password is not None else None,
        password=password and unquote(password),
        token=name if password is None else None,
        tls=any(parts.scheme == "tls" for parts in all_parts),
    )


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        well_formed = (
            parts.scheme in {"nats", "tls"}
            and parts.hostname
            and parts.hostname.encode("idna")
            and ("%" not in parts.hostname or ":" in parts.hostname)  # a zone of IPv6 has one
            and not any(character.isspace() for character in url)
            and parts.port != 0
            and not (parts.path.strip("/") or parts.query or parts.fragment)
        )
    except ValueError:  # a port that is no number, or a name of a host that cannot be one
        well_formed = False
    if not well_formed:
        raise ValueError(
            f"url and NATS_URL look like {DEFAULT_URL!r} or 'nats://TOKEN@example.org:4222', where "
            "a / in a token is written %2F, a @ %40, and so on, as urllib.parse.quote(token, "
            f"safe='') does; not {_shown(url)!r}"
        )
    return parts


def _shown(url: str) -> str:
    """Return what may be shown of what is no address: not what may be a token in the wrong place.

    >>> [_shown("nats://us:pass%40host"), _shown("nats://host?token=secret")]
    ['host', 'nats://host...']
    """
    begin, found, rest = unquote(url).rpartition("@")[2].rpartition("://")
    server = re.split("[/?#]", rest)[0]
    return begin + found + (server if server == rest.rstrip("/") else f"{server}...")


def _without_secrets(parts: SplitResult) -> str:
    server = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{server if parts.port else server.rstrip(':') + ':4222'}"
