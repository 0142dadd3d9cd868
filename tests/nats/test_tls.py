"""An encrypted connection is encrypted, or it is an error that says what is wrong."""

import asyncio
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from pubsub_lib.nats import NatsPubSub, NatsServer, TlsFailed, why_no_server
from tests.nats.observing import LIMIT_S, Errors

NO_SERVER = why_no_server(of_our_own=True)
pytestmark = [
    pytest.mark.skipif(NO_SERVER is not None, reason=str(NO_SERVER)),
    pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl"),
]


class Authority:
    """Signs certificates, of which the system knows nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self._run(
            "req -x509 -nodes -newkey rsa:2048 -days 2 -subj /CN=ours -keyout ca.key -out ca.pem "
            "-addext keyUsage=critical,keyCertSign"
        )

    def sign(self, name: str) -> tuple[Path, Path]:
        """Return a new certificate and its key."""
        (self.folder / "extensions").write_text(
            "subjectAltName=IP:127.0.0.1\nauthorityKeyIdentifier=keyid\n"
        )
        self._run(
            f"req -nodes -newkey rsa:2048 -subj /CN={name} -keyout {name}.key -out {name}.csr"
        )
        self._run(
            f"x509 -req -days 2 -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial "
            f"-extfile extensions -out {name}.pem"
        )
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"

    def context(self, *certificate: Path) -> ssl.SSLContext:
        """Return what trusts this authority, and shows a certificate if it is given one."""
        context = ssl.create_default_context(cafile=str(self.folder / "ca.pem"))
        if certificate:
            context.load_cert_chain(*certificate)
        return context

    def _run(self, command: str) -> None:
        subprocess.run(
            ["openssl", *command.split()], cwd=self.folder, check=True, capture_output=True
        )


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls") / "ours")


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls") / "theirs")


def a_server(authority: Authority, *, verify: bool = False, more: str = "") -> NatsServer:
    certificate, key = authority.sign("server")
    verified = f"ca_file: {str(authority.folder / 'ca.pem')!r}, verify: true" if verify else ""
    return NatsServer(
        configuration=f"tls: {{cert_file: '{certificate}', key_file: '{key}', {verified}}}\n{more}"
    )


def encrypted(server: NatsServer) -> str:
    return server.url.replace("nats://", "tls://")


async def goes_through(url: str, tls: ssl.SSLContext | None) -> bool:
    errors = Errors()
    async with (
        NatsPubSub("one", url=url, tls=tls, connect_timeout=LIMIT_S, on_error=errors) as broker,
        broker.subscribe() as inbox,
    ):
        await broker.publish(1)
        transport = broker._transport.connection.client._transport
        assert transport._io_writer.get_extra_info("cipher")
        return await inbox.get() == 1 and not errors


async def refused(url: str, tls: ssl.SSLContext | None) -> str:
    async with asyncio.timeout(LIMIT_S):
        with pytest.raises(TlsFailed) as told:
            async with NatsPubSub("one", url=url, tls=tls, connect_timeout=None):
                pass
    return str(told.value)


async def test_a_certificate_of_a_private_authority_is_accepted_by_who_knows_that(ours):
    with a_server(ours) as server:
        assert await goes_through(encrypted(server), ours.context())
        assert await goes_through(server.url, ours.context())


@pytest.mark.parametrize("knows", ["the usual ones", "another"])
async def test_a_certificate_of_an_unknown_authority_is_an_error_that_says_so(ours, theirs, knows):
    with a_server(ours) as server:
        tls = None if knows == "the usual ones" else theirs.context()
        told = await refused(encrypted(server), tls)
    assert "CERTIFICATE_VERIFY_FAILED" in told
    assert "give tls= an ssl.SSLContext that knows the authority" in told


async def test_a_server_that_wants_a_certificate_of_the_client_gets_it(ours):
    with a_server(ours, verify=True) as server:
        assert await goes_through(encrypted(server), ours.context(*ours.sign("client")))


async def test_without_the_certificate_that_the_server_wants_of_the_client_it_is_an_error(ours):
    with a_server(ours, verify=True) as server:
        told = await refused(encrypted(server), ours.context())
    assert "has a certificate of this client" in told


async def test_where_the_server_leaves_it_to_the_client_it_is_encrypted(ours):
    with a_server(ours, more="allow_non_tls: true") as server:
        assert await goes_through(encrypted(server), ours.context())


@pytest.mark.parametrize("asked_for_by", ["tls://", "tls="])
async def test_a_server_without_tls_is_refused_and_is_sent_nothing(ours, asked_for_by):
    received = bytearray()

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'INFO {"auth_required": true, "max_payload": 1048576, "headers": true}\r\n')
        received.extend(await reader.read())
        writer.close()

    listening = await asyncio.start_server(greet, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    scheme, tls = ("tls", None) if asked_for_by == "tls://" else ("nats", ours.context())
    told = await refused(f"{scheme}://s3cret@127.0.0.1:{port}", tls)
    listening.close()
    await listening.wait_closed()
    assert "the server offers no TLS" in told
    assert "s3cret" not in told
    assert received == b""


@pytest.mark.parametrize("tls", ["yes", True, ssl.PROTOCOL_TLS_CLIENT])
def test_what_is_no_context_is_refused_at_once(tls):
    with pytest.raises(TypeError, match=r"tls is an ssl\.SSLContext"):
        NatsPubSub("one", tls=tls)
