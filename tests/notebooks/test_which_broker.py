"""The page to keep: each line names what exists, and leads to the place that showed it."""

import re
from pathlib import Path

import pytest
from nbformat.v4 import new_notebook

import pubsub_lib
from pubsub_lib import nats
from pubsub_lib.caching import replicas
from pubsub_lib.handlers import HandlerGroup

from .checks import LINK, Notebook, link_problem

PAGE = Path(__file__).parents[2] / "notebooks" / "which_broker.md"
TEXT = PAGE.read_text(encoding="utf-8")
ROWS = [line for line in TEXT.splitlines() if line.startswith("| ") and "what you need" not in line]
LINES = [row for row in ROWS if row.count("|") == 7]
NAME = re.compile(r"`([A-Z]\w+)(?:\.([A-Z_]+))?`")
PLACES = (pubsub_lib, nats, replicas)


@pytest.mark.parametrize("row", LINES, ids=lambda row: row.split("|")[1].strip()[:40])
def test_a_line_leads_to_the_section_that_showed_it(row: str):
    here = Notebook(PAGE, new_notebook(), ())
    targets = [next(filter(None, match.groups())) for match in LINK.finditer(row)]
    assert targets
    for target in targets:
        assert ".ipynb#" in target
        assert link_problem(target, here) == ""


def test_every_name_on_the_page_is_one_of_the_library():
    for name, member in NAME.findall(TEXT):
        found = [getattr(place, name) for place in PLACES if hasattr(place, name)]
        found += [HandlerGroup] if name == "HandlerGroup" else []
        assert found, name
        assert not member or hasattr(found[0], member), f"{name}.{member}"


def test_every_policy_and_every_broker_has_its_place():
    for policy in pubsub_lib.Overflow:
        assert f"`Overflow.{policy.name}` |" in TEXT
    for broker in ("AsyncPubSub", "RingPubSub", "NatsPubSub", "JetStreamPubSub", "ChapterPubSub"):
        assert f"`{broker}`" in TEXT


def test_the_last_notebook_leads_to_it():
    last = sorted(PAGE.parent.glob("*.ipynb"))[-1].read_text(encoding="utf-8")
    assert "](which_broker.md)" in last
