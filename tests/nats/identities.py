"""Keys and tokens as NATS has them, which `nk` and `nsc` would make: for a server's configuration.

What they look like: github.com/nats-io/nkeys, github.com/nats-io/jwt.
"""

import base64
import binascii
import json
import os
import time
from pathlib import Path
from typing import Any

from nacl.signing import SigningKey

SEED = 18 << 3
OPERATOR, ACCOUNT, USER = 14 << 3, 0, 20 << 3


class Identity:
    """A key of an operator, an account or a user."""

    def __init__(self, kind: int) -> None:
        self.kind = kind
        self._key = SigningKey(os.urandom(32))

    @property
    def public(self) -> str:
        return _in_text(bytes([self.kind]) + bytes(self._key.verify_key))

    @property
    def seed(self) -> str:
        beginning = bytes([SEED | self.kind >> 5, (self.kind & 31) << 3])
        return _in_text(beginning + bytes(self._key))

    def token(self, subject: "Identity", claims: dict[str, Any], *, ends_at: float = 0) -> str:
        """Say, and sign, what is so of another."""
        content = {"iss": self.public, "sub": subject.public, "iat": int(time.time()), "name": "x"}
        content |= {"jti": os.urandom(8).hex(), "nats": claims | {"version": 2}}
        if ends_at:
            content["exp"] = int(ends_at)
        said = ".".join(map(_as_part, ({"typ": "JWT", "alg": "ed25519-nkey"}, content)))
        signature = base64.urlsafe_b64encode(self._key.sign(said.encode()).signature)
        return f"{said}.{signature.decode().rstrip('=')}"


class Operation:
    """An operator with one account, whose users a server lets in."""

    def __init__(self) -> None:
        self._operator, self._account = Identity(OPERATOR), Identity(ACCOUNT)
        operator = self._operator.token(self._operator, {"type": "operator"})
        limits = dict.fromkeys(
            ("subs", "data", "payload", "imports", "exports", "conn", "leaf"), -1
        )
        account = self._operator.token(
            self._account, {"type": "account", "limits": limits | {"wildcards": True}}
        )
        self.configuration = (
            f"operator: {operator}\nresolver: MEMORY\n"
            f"resolver_preload: {{ {self._account.public}: {account} }}\n"
        )

    def credentials(self, *, ends_at: float = 0) -> str:
        """Return what the file of a new user has in it."""
        user = Identity(USER)
        claims = {"type": "user", "subs": -1, "data": -1, "payload": -1}
        token = self._account.token(user, claims, ends_at=ends_at)
        return (
            f"-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\n"
            "NKEYs are sensitive and should be treated as secrets.\n\n"
            f"-----BEGIN USER NKEY SEED-----\n{user.seed}\n------END USER NKEY SEED------\n"
        )


def written(path: Path, content: str) -> Path:
    """Write a file, and return its path."""
    path.write_text(content, encoding="utf-8")
    return path


def _as_part(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


def _in_text(content: bytes) -> str:
    check = binascii.crc_hqx(content, 0).to_bytes(2, "little")
    return base64.b32encode(content + check).decode().rstrip("=")
