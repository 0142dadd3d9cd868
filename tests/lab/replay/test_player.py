"""The player: in the package that is installed, and left out where outputs are compared."""

import re
import subprocess
import sys
import zipfile
from importlib.resources import files
from pathlib import Path

import pytest
from nbval.plugin import get_sanitize_patterns

from pubsub_lib import AsyncPubSub
from pubsub_lib.lab.replay import film, player
from tests.lab.replay.programs import one_reader

ROOT = Path(__file__).resolve().parents[3]


def film_of(*messages: str) -> str:
    return film(one_reader(AsyncPubSub(maxsize=2), messages)).html


@pytest.fixture
def as_compared(pytestconfig):
    """Return what nbval compares of an output."""
    patterns = get_sanitize_patterns(Path(pytestconfig.option.nbval_sanitize_with).read_text())

    def sanitize(text: str) -> str:
        for pattern, replacement in patterns:
            text = re.sub(pattern, replacement, text)
        return text

    return sanitize


def test_a_change_of_the_player_is_no_change_of_a_notebook(as_compared, monkeypatch):
    before = film_of("a")
    monkeypatch.setattr(player, "_part", lambda name: f"another\n{name} for #FILM")
    after = film_of("a")
    assert before != after
    assert as_compared(before) == as_compared(after)


def test_a_change_of_what_happens_is_one(as_compared):
    assert as_compared(film_of("a")) != as_compared(film_of("b"))


def test_what_is_compared_has_the_events_and_not_the_player(as_compared):
    compared = as_compared(film_of("a"))
    assert '"pictures":"0,' in compared
    assert "addEventListener" not in compared


def test_what_is_in_quotes_stays_as_it_was_written_in_what_every_film_carries():
    quoted = re.compile(r'"[^"\n]*"|`[^`\n]*`')
    for name in player.SCRIPTS:
        script = files("pubsub_lib.lab.replay").joinpath("page", name).read_text("utf-8")
        code = re.sub(r"(^|\s)//.*", "", script)
        assert quoted.findall(player._part(name)) == quoted.findall(code)
        # What is in a template that is itself in a template would not stay.
        assert [text for text in quoted.findall(code) if text.count("${") > text.count("}")] == []


def test_the_player_is_installed_with_the_package(tmp_path):
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory"]
    subprocess.run([*build, str(tmp_path)], cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    parts = {f"pubsub_lib/lab/replay/page/{name}" for name in ("film.css", *player.SCRIPTS)}
    assert parts <= set(names)
