"""A file lets us in: the seed of a key, or a user's credentials; and what is wrong is told."""

import asyncio
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pubsub_lib.nats import (
    AccessRefused,
    ConnectionLost,
    CredentialsUnusable,
    JetStreamPubSub,
    NatsPubSub,
    NatsServer,
    why_no_server,
)
from pubsub_lib.nats.credentials import Credentials, secret_key
from tests.nats.identities import ACCOUNT, USER, Identity, Operation, written
from tests.nats.observing import LIMIT_S, Errors, eventually, soon

NO_SERVER = why_no_server(of_our_own=True)
needs_server = pytest.mark.skipif(NO_SERVER is not None, reason=str(NO_SERVER))
OPTIONS = ["user_credentials", "nkeys_seed"]


@contextmanager
def a_server(configuration: str) -> Iterator[NatsServer]:
    """A server that lets in nobody but who is in this configuration."""
    server = NatsServer()
    server._write_configuration = lambda: (server.folder / "server.conf").write_text(
        f'listen: "127.0.0.1:{server._port or -1}"\nports_file_dir: "."\n{configuration}'
    )
    with server:
        yield server


def address(server: NatsServer) -> str:
    return f"nats://127.0.0.1:{server.port}"


def who(*users: Identity) -> str:
    listed = ", ".join(f"{{nkey: {user.public}}}" for user in users)
    return f"authorization {{ users: [{listed}] }}"


async def goes_through(broker: NatsPubSub) -> bool:
    async with broker, broker.subscribe() as inbox:
        await broker.publish(1)
        return await soon(inbox.get()) == 1


def assert_silent(secret: str, error: BaseException) -> None:
    """Check that a secret is in nothing that anybody may see of an error."""
    shown = "".join(traceback.format_exception(error))
    while error is not None:
        shown += repr(error) + repr(error.args)
        error = error.__cause__ or error.__context__
    assert secret not in shown
    assert secret[10:30] not in shown


# --- They let us in ---


@needs_server
async def test_the_seed_of_a_key_lets_its_user_in(tmp_path):
    user = Identity(USER)
    path = written(tmp_path / "user.nk", f"{user.seed}\n")
    with a_server(who(user)) as server:
        assert await goes_through(NatsPubSub("one", url=address(server), nkeys_seed=path))


@needs_server
async def test_the_credentials_of_an_operators_user_let_it_in(tmp_path):
    operation = Operation()
    path = written(tmp_path / "user.creds", operation.credentials())
    with a_server(operation.configuration) as server:
        assert await goes_through(
            NatsPubSub("one", url=address(server), user_credentials=str(path))
        )


@needs_server
async def test_they_let_us_in_again_when_the_server_comes_back_and_may_be_replaced(tmp_path):
    first, second = Identity(USER), Identity(USER)
    path = written(tmp_path / "user.nk", first.seed)
    errors = Errors()
    with a_server(who(first)) as server:
        async with NatsPubSub(
            "one", url=address(server), nkeys_seed=path, on_error=errors
        ) as broker:
            server.kill()
            await errors.until(ConnectionLost)
            written(path, second.seed)
            server._write_configuration = lambda: (server.folder / "server.conf").write_text(
                f'listen: "127.0.0.1:{server.port}"\nports_file_dir: "."\n{who(second)}'
            )
            server.start()
            await eventually(lambda: broker.network.reconnects == 1)
            await broker.publish(1)
            await broker.flush()
            assert errors.of(AccessRefused) == []


@needs_server
async def test_who_has_expired_is_told_so_and_let_in_again_with_a_new_file(tmp_path):
    operation = Operation()
    errors = Errors()
    with a_server(operation.configuration) as server:
        path = written(tmp_path / "user.creds", operation.credentials(ends_at=time.time() + 4))
        async with (
            NatsPubSub(
                "one", url=address(server), user_credentials=path, on_error=errors
            ) as broker,
            broker.subscribe() as inbox,
        ):
            told = await errors.until(AccessRefused)
            assert "replace what is in the file if it has expired" in str(told)
            written(path, operation.credentials())
            await eventually(lambda: broker.network.reconnects)
            await broker.publish(1)
            assert await soon(inbox.get()) == 1
            assert len(errors.of(AccessRefused)) == 1


# --- The server refuses them ---


@needs_server
@pytest.mark.parametrize("kind", [NatsPubSub, JetStreamPubSub])
async def test_a_user_that_the_server_does_not_know_is_refused_at_once(tmp_path, kind):
    stranger = Identity(USER)
    path = written(tmp_path / "user.nk", stranger.seed)
    with a_server(who(Identity(USER))) as server:
        broker = kind("one", url=address(server), nkeys_seed=path, connect_timeout=None)
        with pytest.raises(AccessRefused, match=r"refuses nkeys_seed='.*user\.nk'") as told:
            await soon(broker.publish(1))
        assert_silent(stranger.seed, told.value)


@needs_server
async def test_credentials_of_another_operator_are_refused_at_once(tmp_path):
    path = written(tmp_path / "user.creds", Operation().credentials())
    with a_server(Operation().configuration) as server:
        broker = NatsPubSub("one", url=address(server), user_credentials=path, connect_timeout=None)
        with pytest.raises(AccessRefused, match=r"refuses user_credentials="):
            await soon(broker.publish(1))


# --- The file is wrong ---


def misprinted(seed: str) -> str:
    return f"{seed[:20]}{'B' if seed[20] == 'A' else 'A'}{seed[21:]}"


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize(
    "content",
    [
        "",
        "no such thing",
        "-----BEGIN NATS USER JWT-----\n",
        "\x00\xff" * 1_000,
        Identity(ACCOUNT).seed,
        Identity(USER).public,
        misprinted(Identity(USER).seed),
        f"{Identity(USER).seed} {Identity(USER).seed}",
        Operation().credentials().replace("USER JWT", "OTHER JWT"),
        Operation().credentials().replace("SEED", "SEES"),
        Operation().credentials().replace(".", ","),
    ],
    # They are made anew each time, so they would have other names in each worker.
    ids=[
        "nothing",
        "no keys",
        "only its beginning",
        "bytes",
        "an account's seed",
        "a public key",
        "a misprinted seed",
        "two seeds",
        "another kind of token",
        "another kind of key",
        "a broken token",
    ],
)
def test_a_file_with_something_else_in_it_is_an_error_at_once(option, content, tmp_path):
    path = written(tmp_path / "file", content)
    with pytest.raises(CredentialsUnusable, match=f"{option}='.*file'.*it should hold") as told:
        NatsPubSub("one", **{option: path})
    if len(content) > 20:
        assert_silent(content, told.value)


def test_credentials_and_a_seed_are_not_taken_for_each_other(tmp_path):
    seed, credentials = Identity(USER).seed, Operation().credentials()
    with pytest.raises(CredentialsUnusable, match="a user's token and seed"):
        NatsPubSub("one", user_credentials=written(tmp_path / "a", seed))
    with pytest.raises(CredentialsUnusable, match="the seed of a user's key"):
        NatsPubSub("one", nkeys_seed=written(tmp_path / "b", credentials))


@pytest.mark.skipif(sys.platform != "linux", reason="there is no file that nobody can read")
@pytest.mark.parametrize("option", OPTIONS)
def test_a_file_that_cannot_be_read_is_an_error_that_says_why(option):
    told = f"{option}='/proc/self/mem' lets nobody in: it cannot be read: Input/output error"
    with pytest.raises(CredentialsUnusable, match=told):
        NatsPubSub("one", **{option: "/proc/self/mem"})


@pytest.mark.parametrize("option", OPTIONS)
def test_a_folder_is_no_file(option, tmp_path):
    with pytest.raises(FileNotFoundError, match=f"{option} is the path of a file"):
        NatsPubSub("one", **{option: tmp_path})


@pytest.mark.parametrize("option", OPTIONS)
def test_a_secret_in_the_place_of_its_path_is_not_shown(option):
    for secret in (Identity(USER).seed, Operation().credentials(), f"x{Identity(USER).seed}"):
        with pytest.raises(FileNotFoundError, match="this looks like what should be") as told:
            NatsPubSub("one", **{option: secret})
        assert_silent(secret, told.value)


@pytest.mark.parametrize("option", OPTIONS)
def test_what_is_no_path_is_refused_without_showing_it(option):
    with pytest.raises(TypeError, match=f"{option} is the path of a file, not bytes") as told:
        NatsPubSub("one", **{option: Identity(USER).seed.encode()})
    assert "SU" not in str(told.value)


def test_without_what_signs_it_says_what_to_install(tmp_path, monkeypatch):
    path = written(tmp_path / "user.nk", Identity(USER).seed)
    monkeypatch.setitem(sys.modules, "nacl", None)
    with pytest.raises(ModuleNotFoundError, match=r"nkeys_seed needs .*: pip install pynacl"):
        NatsPubSub("one", nkeys_seed=path)


def test_only_one_file_can_let_us_in(tmp_path):
    path = written(tmp_path / "user.nk", Identity(USER).seed)
    with pytest.raises(ValueError, match="give user_credentials or nkeys_seed"):
        NatsPubSub("one", user_credentials=path, nkeys_seed=path)


@needs_server
async def test_a_file_that_goes_bad_while_connected_is_told_and_mended_later(tmp_path, caplog):
    operation = Operation()
    path = written(tmp_path / "user.creds", operation.credentials())
    content = path.read_text()
    errors = Errors()
    with a_server(operation.configuration) as server:
        async with NatsPubSub(
            "one", url=address(server), user_credentials=path, on_error=errors
        ) as broker:
            written(path, content[:100])
            server.restart()
            told = await errors.until(CredentialsUnusable)
            assert_silent(content[40:100], told)
            written(path, content)
            await eventually(lambda: broker.network.reconnects)
            assert len(errors.of(CredentialsUnusable)) == 1
    assert content[40:100] not in caplog.text


async def test_a_file_that_goes_bad_before_the_first_connection_is_an_error_at_once(tmp_path):
    if NO_SERVER:
        pytest.skip(NO_SERVER)
    user = Identity(USER)
    path = written(tmp_path / "user.nk", user.seed)
    with a_server(who(user)) as server:
        broker = NatsPubSub("one", url=address(server), nkeys_seed=path, connect_timeout=None)
        path.unlink()
        async with asyncio.timeout(LIMIT_S):
            with pytest.raises(CredentialsUnusable, match="No such file"):
                await broker.publish(1)


def test_nothing_secret_is_in_what_is_shown_of_them(tmp_path):
    user = Identity(USER)
    path = written(tmp_path / "user.nk", user.seed)
    credentials = Credentials("nkeys_seed", Path(path))
    assert repr(credentials) == f"nkeys_seed={str(path)!r}"
    assert user.seed not in repr(vars(credentials))
    assert credentials.public_key == user.public
    assert secret_key(user.seed.encode()) == bytes(user._key)
