"""What the price board's README says of its files, options and limits is so."""

import re
from pathlib import Path

import pytest

from examples.price_board import connection, posting, settings, visitors
from examples.price_board.memory import Memory

FOLDER = Path(settings.__file__).parent
README = (FOLDER / "README.md").read_text(encoding="utf-8")


def test_every_file_that_it_names_is_there_and_every_file_is_named():
    named = set(re.findall(r"`(\w+\.py)`", README))
    assert named == {path.name for path in FOLDER.glob("[!_]*.py")}


def test_every_option_that_it_names_is_one(capsys):
    with pytest.raises(SystemExit):
        settings.parsed(["--help"])
    options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out))
    of_others = {"--no-buffer", "--silent", "--detach"}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", README)) - of_others <= options


def test_its_limits_are_those_of_the_program():
    (length,) = Memory.__init__.__kwdefaults__.values()
    for said in (
        f"the last {length:,} changes",
        f"{posting.MOST_SYMBOLS} symbols",
        f"{posting.LARGEST_BODY_BYTES:,} bytes for a price",
        f"{connection.REQUEST_S:g} s for a request to come in",
    ):
        assert said in README
    assert visitors.FAREWELL_S == 2
    assert "waits two seconds" in README


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--port", "65536"], "no whole number from 0 to 65535"),
        (["--workers", "0"], "no whole number from 1 to 64"),
        (["--rate", "nan"], "no number from 0 to 10000"),
        (["--grace", "x"], "no number from 1 to 3600"),
        (["--overflow", "raise"], "invalid choice"),
        (["--work", "2"], "unrecognized arguments"),
    ],
)
def test_a_wrong_option_is_said_in_one_line_with_the_remedy(arguments, said, capsys):
    with pytest.raises(SystemExit) as ended:
        settings.parsed(arguments)
    assert ended.value.code == 2
    assert said in (line := capsys.readouterr().err)
    assert line.endswith("; --help lists the options\n")
    assert line.count("\n") == 1
