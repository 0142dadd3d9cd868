"""What a release consists of works where nothing else is installed, and is typed."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYTHON = "Scripts/python.exe" if sys.platform == "win32" else "bin/python"
CONSUMER = """
import asyncio

from pubsub_lib import AsyncPubSub, Delivery, Message


async def main() -> Delivery:
    async with AsyncPubSub[Message](maxsize=1) as broker:
        inbox = await broker.subscribe()
        delivery = await broker.publish(Message("Hello"))
        message: Message | None = await inbox.get()
        print(message.content if message else "the end")
        inbox.task_done()
        return delivery


delivered: int = asyncio.run(main()).delivered
"""
# Runs what stands in the docstrings of everything that needs only the standard library.
EXAMPLES = """
import doctest, importlib, pkgutil, pubsub_lib
names = [found.name for found in pkgutil.walk_packages(pubsub_lib.__path__, "pubsub_lib.")
         if not found.name.startswith(("pubsub_lib.lab", "pubsub_lib.nats"))]
results = [doctest.testmod(importlib.import_module(name)) for name in ["pubsub_lib", *names]]
failed, tried = (sum(numbers) for numbers in zip(*results, strict=True))
assert failed == 0, failed
print(tried, "examples,", pubsub_lib.__file__)
"""

pytestmark = pytest.mark.run_all


def run(*command: object, cwd: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ran = subprocess.run(
        list(map(str, command)), cwd=cwd, env=environment, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def packages(tmp_path_factory) -> Path:
    """Return a folder with both packages: those of `make packages`, or new ones."""
    if "PACKAGES" in os.environ:
        return ROOT / os.environ["PACKAGES"]
    folder = tmp_path_factory.mktemp("packages")
    run(sys.executable, "-m", "hatchling", "build", "--directory", folder, cwd=ROOT)
    return folder


@pytest.fixture(scope="module")
def wheel(packages) -> Path:
    (found,) = packages.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def sdist(packages) -> Path:
    (found,) = packages.glob("*.tar.gz")
    return found


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """Return the interpreter of an environment with the wheel and nothing else."""
    folder = tmp_path_factory.mktemp("empty")
    run(sys.executable, "-m", "venv", folder / "venv", cwd=folder)
    python = folder / "venv" / PYTHON
    run(python, "-m", "pip", "install", "--quiet", "--no-index", wheel, cwd=folder)
    return python


def test_the_wheel_works_in_an_empty_environment(installed, tmp_path) -> None:
    tried, *_, where = run(installed, "-c", EXAMPLES, cwd=tmp_path).split()
    assert int(tried) > 100
    assert str(installed.parents[1]) in where


@pytest.mark.parametrize(
    ("program", "extra"),
    [
        ("import pubsub_lib.nats", "distributed"),
        ("from pubsub_lib.lab import check", "course"),
    ],
)
def test_a_part_that_needs_more_says_how_to_get_it(installed, tmp_path, program, extra) -> None:
    remedy = rf'python -m pip install "pubsub-lib\[{extra}\]"'
    with pytest.raises(AssertionError, match=remedy):
        run(installed, "-c", program, cwd=tmp_path)


def test_a_project_that_uses_it_is_type_checked(installed, tmp_path) -> None:
    consumer = tmp_path / "consumer.py"
    consumer.write_text(CONSUMER)
    mypy = [sys.executable, "-m", "mypy", "--strict", "--python-executable", installed]
    # Without the settings of this project, and without its sources.
    run(*mypy, "--config-file=", "--cache-dir=" + os.devnull, consumer, cwd=tmp_path)
    assert run(installed, consumer, cwd=tmp_path) == "Hello\n"
    consumer.write_text(CONSUMER.replace("delivered: int", "delivered: str"))
    with pytest.raises(AssertionError, match="Incompatible types in assignment"):
        run(*mypy, "--config-file=", "--cache-dir=" + os.devnull, consumer, cwd=tmp_path)


def test_the_source_distribution_builds_the_same_wheel(sdist, wheel, tmp_path) -> None:
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (folder,) = tmp_path.iterdir()
    run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", cwd=folder)
    (again,) = (folder / "dist").glob("*.whl")
    assert names_in(again) == names_in(wheel)
    shutil.rmtree(folder)


def test_the_wheel_has_what_is_no_python_too(wheel) -> None:
    names = names_in(wheel)
    assert "pubsub_lib/py.typed" in names
    assert "pubsub_lib/lab/replay/page/controls.js" in names
    assert not [name for name in names if not name.startswith(("pubsub_lib/", "pubsub_lib-"))]


def test_the_extras_name_what_the_parts_need(wheel) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("/METADATA")]
        metadata = archive.read(name).decode()
    required = [line for line in metadata.splitlines() if line.startswith("Requires-Dist: ")]
    assert any("nats-py" in line and "extra == 'distributed'" in line for line in required)
    assert [line for line in required if "extra ==" not in line] == []


def names_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())
