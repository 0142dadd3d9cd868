"""A number in the documents is that of its source, or is not stated: an edited one is noticed.

A `Statement` is a phrase of a document, and where its numbers come from. What is left of a document
without the phrases, code, the targets of links and the numbers of notebooks must have no number.
What the guide says of a notebook has to stand there. The benchmark's page has tests of its own, in
`tests/benchmarks/test_page.py`.
"""

import asyncio
import ipaddress
import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest

from pubsub_lib.in_process.threads import MOST_WAITING
from pubsub_lib.lab.figures.captions import quantile
from pubsub_lib.nats.core.sender import BYTES_ON_THE_WAY
from tests.notebooks.checks import plain, read, saved_text
from tools.kernels import NOTEBOOK_BUDGET_S
from tools.reading_time import MOST_CORE_MINUTES

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = {path.name[:2]: path for path in sorted((ROOT / "notebooks").glob("*.ipynb"))}
README, GLOSSARY, GUIDE = "README.md", "notebooks/glossary.md", "notebooks/instructors_guide.md"
ARCHITECTURE, CONTRIBUTING, CHANGELOG = "docs/architecture.md", "CONTRIBUTING.md", "CHANGELOG.md"
DOCUMENTS = (README, GLOSSARY, GUIDE, ARCHITECTURE, CONTRIBUTING, CHANGELOG)

NO_PROSE = re.compile(
    r"```.*?```|`[^`\n]*`|(?<=\])\([^)\s]*\)|^## \[.*?\]$", re.DOTALL | re.MULTILINE
)
# Of notebooks and exercises, of the steps of a list, and names such as p99 and C5.
REFERENCE = re.compile(
    r"\b(?:0\d|1[0-3])(?:\.\d)?\b(?![.,]\d)|^ *\d+\. |\bp\d\d\b|\bC\d+b?\b", re.MULTILINE
)
# A link to a heading, which has its words.
TITLE = re.compile(r"\[\d\d, (?P<title>[^\]]+)\]\(\d\d_\w+\.ipynb#(?P<anchor>[^)]+)\)")
ROW = re.compile(r"^\| \[\d\d [^\]]+\]\([^)]+\) \| \d+ \|$", re.MULTILINE)
SESSIONS = re.compile(r"In (?:three|four) sessions:(.*?)afterwards", re.DOTALL)
SECTION = re.compile(r"^### (\d\d) · [^\n]+\n(.*?)(?=^### |\Z)", re.MULTILINE | re.DOTALL)
HUNDRED = np.arange(1.0, 101.0)


@dataclass(frozen=True)
class Statement:
    """A phrase with a `{}` for each of its numbers, and what gives them."""

    document: str
    phrase: str
    numbers: Callable[[], Sequence[object]]

    def __str__(self) -> str:
        return self.phrase.format(*self.numbers())


def oldest_python() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project["requires-python"].removeprefix(">=")


def licence(package: str) -> str:
    about = metadata.metadata(package)
    return about.get("License-Expression") or about["License"]


def loopback_network() -> int:
    (network,) = (n for n in range(256) if ipaddress.ip_address(f"{n}.0.0.1").is_loopback)
    return network


def slope_in_proportion() -> str:
    sizes = np.array([1.0, 10.0, 100.0])
    return f"{np.polyfit(np.log(sizes), np.log(3 * sizes), 1)[0]:.0f}"


def slow_step_ms() -> str:
    loop = asyncio.new_event_loop()
    loop.close()
    return f"{loop.slow_callback_duration * 1e3:.0f}"


def share(percent: int) -> str:
    return f"{quantile(HUNDRED, percent / 100):.0f}"


STATEMENTS = [
    Statement(README, "You need Python {} or newer", lambda: [oldest_python()]),
    Statement(README, "less than {} seconds of processor time", lambda: [NOTEBOOK_BUDGET_S]),
    Statement(README, "all under {},", lambda: [licence("nats-py")]),
    Statement(README, "types of fields, under {}.", lambda: [licence("msgspec")]),
    Statement(GLOSSARY, "longer than {} ms. It", lambda: [slow_step_ms()]),
    Statement(GLOSSARY, "Its addresses begin with {},", lambda: [loopback_network()]),
    Statement(GLOSSARY, "It is the same as p{}.", lambda: [share(50)]),
    Statement(GLOSSARY, "The {}th [percentile]: the time within which half", lambda: [share(50)]),
    Statement(
        GLOSSARY,
        "The {}th [percentile]: the time within which {} of 100 messages",
        lambda: [share(99)] * 2,
    ),
    Statement(
        GLOSSARY, "{} of 100 took no longer than the {}th percentile", lambda: [share(99)] * 2
    ),
    Statement(GLOSSARY, "O({}) does not depend on it", lambda: [share(1)]),
    Statement(GLOSSARY, "a slope of {} means in proportion", lambda: [slope_in_proportion()]),
    Statement(GUIDE, "less than {} seconds of processor time", lambda: [NOTEBOOK_BUDGET_S]),
    Statement(ARCHITECTURE, "After {} KB it waits", lambda: [BYTES_ON_THE_WAY // 1024]),
    Statement(CONTRIBUTING, "takes: {} minutes at most", lambda: [MOST_CORE_MINUTES]),
    Statement(CHANGELOG, "at most {:,} messages of other threads", lambda: [MOST_WAITING]),
]


@cache
def text_of(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def prose_of(text: str) -> str:
    return " ".join(NO_PROSE.sub("", text).split())


def problems(document: str, text: str) -> Iterator[str]:
    """What is wrong with the numbers of a document that has this text."""
    if document == GUIDE:
        yield from what_the_guide_says(text)
        text = SECTION.sub("", ROW.sub("", text))
    text = TITLE.sub(lambda link: "" if names_its_heading(link) else link[0], text)
    without_references = REFERENCE.sub("", text)
    prose, left = prose_of(text), prose_of(without_references)
    for statement in STATEMENTS:
        if statement.document == document:
            if prose.count(str(statement)) != 1:
                yield f"it is to say, once: {statement}"
            left = left.replace(prose_of(REFERENCE.sub("", str(statement))), "")
    for found in re.findall(r".{,40}[0-9].{,40}", left):
        yield f"nothing says where this number comes from: {found}"


def names_its_heading(link: re.Match[str]) -> bool:
    return plain(link["title"]).replace(" ", "-") == link["anchor"]


def what_the_guide_says(text: str) -> Iterator[str]:
    """What of the guide is no phrase: what is taught when, and what stands in the notebooks."""
    for session in SESSIONS.findall(text):
        if taught_by(session) != list(range(len(NOTEBOOKS))):
            yield f"these sessions teach {taught_by(session)}"
    for number, section in SECTION.findall(text):
        for exercise in re.findall(r"\b\d\d\.\d\b", section):
            if f"exercise {exercise} " not in words_of(NOTEBOOKS[number]):
                yield f"notebook {number} has no exercise {exercise}"
        for phrases in numbered_phrases(section):
            if not any(phrase in words_of(NOTEBOOKS[number]) for phrase in phrases):
                yield f"notebook {number} says none of {phrases}"


def taught_by(sessions: str) -> list[int]:
    ranges = re.findall(r"(\d+) to\s+(\d+)", sessions)
    return [number for first, last in ranges for number in range(int(first), int(last) + 1)]


def numbered_phrases(section: str) -> Iterator[tuple[str, str]]:
    """Each number of a section with the word after it, and with the word before it."""
    words = in_words(REFERENCE.sub("", NO_PROSE.sub("", section)))
    for before, word, after in zip(["", *words], words, [*words[1:], ""], strict=False):
        if word[0].isdigit():
            yield f" {word} {after} ", f" {before} {word} "


@cache
def words_of(notebook: Path) -> str:
    """The words of a notebook and of what it has found."""
    content = read(notebook)
    texts = [cell.source for cell in content.cells]
    texts += [saved_text(cell) for _, cell in content.code]
    return f" {' '.join(in_words('\n'.join(texts)))} "


def in_words(text: str) -> list[str]:
    return [word.strip(".,").casefold() for word in re.findall(r"\w[\w.,]*", text)]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_number_of_a_document_is_that_of_its_source(document):
    assert list(problems(document, text_of(document))) == []


@pytest.mark.parametrize(
    ("document", "number", "other"),
    [
        (README, "Python 3.12 or", "Python 3.11 or"),
        (README, "less than 20 seconds", "less than 15 seconds"),
        (GLOSSARY, "longer than 100 ms", "longer than 50 ms"),
        (GLOSSARY, "begin with 127", "begin with 128"),
        (GLOSSARY, "which 99 of 100", "which 98 of 100"),
        (GUIDE, "04 to 06", "04 to 07"),
        (GUIDE, "10,000 messages", "20,000 messages"),
        (ARCHITECTURE, "After 64 KB", "After 32 KB"),
        (CHANGELOG, "at most 10,000", "at most 1,000"),
    ],
)
def test_an_edited_number_is_noticed(document, number, other):
    text = text_of(document)
    assert number in text
    assert list(problems(document, text.replace(number, other, 1))) != []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_number_that_is_added_is_noticed(document):
    text = text_of(document).replace(". ", ", in 37 ways. ", 1)
    assert list(problems(document, text)) != []
