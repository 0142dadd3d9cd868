"""The files that let a client in: the seed of a key, or the credentials of a user.

They are read anew each time a connection is made, so that they may be replaced while a service
runs. What is in them is shown nowhere, also where somebody gives it in the place of its path.

>>> Credentials("nkeys_seed", "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY")
Traceback (most recent call last):
FileNotFoundError: nkeys_seed is the path of a file, and this looks like what should be in one
"""

import base64
import binascii
import os
import re
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal

from pubsub_lib.nats.connecting_errors import CredentialsUnusable

if TYPE_CHECKING:
    from nacl.signing import SigningKey

type Option = Literal["user_credentials", "nkeys_seed"]

# What a public key begins with that is a user's: a U.
A_USER = 20 << 3
A_SEED = re.compile(rb"SU[A-Z2-7]{56}")
A_TOKEN = re.compile(rb"[\w-]+\.[\w-]+\.[\w-]+")
# More than this is no such file.
MOST_BYTES = 1_000_000
CONTENT = {
    "user_credentials": "a user's token and seed, as `nsc generate creds` writes them",
    "nkeys_seed": "the seed of a user's key, which begins with SU, and nothing else",
}


class Credentials:
    """One file that lets us in.

    Args:
        option: as what it was given.
        path: where it is.

    Raises:
        TypeError: if it is no path.
        FileNotFoundError: if there is no such file.
        CredentialsUnusable: if it cannot be read, or has something else in it.
        ModuleNotFoundError: if PyNaCl is not installed.
    """

    def __init__(self, option: Option, path: str | os.PathLike[str]) -> None:
        if not isinstance(path, str | os.PathLike):
            raise TypeError(f"{option} is the path of a file, not {type(path).__name__}")
        self.option = option
        self._path = os.fspath(path)
        if _looks_secret(self._path):
            raise FileNotFoundError(
                f"{option} is the path of a file, and this looks like what should be in one"
            )
        if not os.path.isfile(self._path):
            raise FileNotFoundError(
                f"{option} is the path of a file, and there is none at {self._path!r}"
            )
        self.check()
        if find_spec("nacl") is None:
            raise ModuleNotFoundError(f"{option} needs the package PyNaCl: pip install pynacl")

    def __repr__(self) -> str:
        return f"{self.option}={self._path!r}"

    def check(self) -> None:
        """Check that the file can be used now.

        Raises:
            CredentialsUnusable: if not.
        """
        self._read()

    @property
    def user_token(self) -> bytes | None:
        """What the server is to believe of the user, signed by an account; a seed has none.

        Raises:
            CredentialsUnusable: if the file cannot be used any more.
        """
        return self._read()[0]

    @property
    def public_key(self) -> str:
        """By what the server knows the user.

        Raises:
            CredentialsUnusable: if the file cannot be used any more.
        """
        return in_text(A_USER, bytes(self._signing_key().verify_key)).decode()

    def sign(self, nonce: str) -> bytes:
        """Return the signature that the server asks for.

        Raises:
            CredentialsUnusable: if the file cannot be used any more.
        """
        return base64.b64encode(self._signing_key().sign(nonce.encode()).signature)

    def _signing_key(self) -> "SigningKey":
        from nacl.signing import SigningKey  # which is not needed without such a file

        return SigningKey(self._read()[1])

    def _read(self) -> tuple[bytes | None, bytes]:
        """Return the user's token, if there is one, and the secret key."""
        try:
            with open(self._path, "rb") as file:
                content = file.read(MOST_BYTES)
        except OSError as error:
            raise CredentialsUnusable(repr(self), f"it cannot be read: {error.strerror}") from None
        token, seed = None, content.strip()
        if self.option == "user_credentials":
            token = _block(content, b"NATS USER JWT", A_TOKEN)
            seed = _block(content, b"USER NKEY SEED", A_SEED) or b""
        secret = secret_key(seed)
        if secret is None or (self.option == "user_credentials" and token is None):
            raise self._unusable()
        return token, secret

    def _unusable(self) -> CredentialsUnusable:
        return CredentialsUnusable(repr(self), f"it should hold {CONTENT[self.option]}")


def secret_key(seed: bytes) -> bytes | None:
    """Return the secret key of a user's seed; `None` if it is none, or has a misprint.

    The form is that of nkeys (github.com/nats-io/nkeys): two bytes for what it is, the key, and a
    check of both, in base32.
    """
    if A_SEED.fullmatch(seed) is None:
        return None
    decoded = base64.b32decode(seed + b"======")
    content, check = decoded[:-2], decoded[-2:]
    return content[2:] if _check_of(content) == check else None


def in_text(kind: int, key: bytes) -> bytes:
    """Return a public key as nkeys writes it."""
    content = bytes([kind]) + key
    return base64.b32encode(content + _check_of(content))


def _check_of(content: bytes) -> bytes:
    return binascii.crc_hqx(content, 0).to_bytes(2, "little")


def _block(content: bytes, name: bytes, what: re.Pattern[bytes]) -> bytes | None:
    """Return what stands between the lines that begin and end a block, if it is such a thing."""
    block = re.search(rb"-+BEGIN %s-+\s+(\S+)\s+-+END %s-+" % (name, name), content)
    return block[1] if block is not None and what.fullmatch(block[1]) else None


def _looks_secret(path: str) -> bool:
    return "BEGIN " in path or A_SEED.search(path.encode(errors="replace")) is not None
