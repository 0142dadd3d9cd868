"""The type checker's verdict on a text, and how a notebook shows it."""

import pytest

from pubsub_lib.lab.processes.type_checking import type_check

PUBLISH = """
from pubsub_lib import ChapterPubSub, Message

async def main(broker: ChapterPubSub[Message]) -> None:
    await broker.publish({})
"""


def test_a_correct_module_has_no_findings():
    assert type_check(PUBLISH.format('Message("Hello")')) == []


def test_a_finding_names_the_line_and_the_rule():
    (finding,) = type_check(PUBLISH.format("None"))
    assert str(finding) == "line 4: await broker.publish(None)  [arg-type]"
    assert "Message" in finding.message


def test_what_is_no_python_is_a_finding():
    assert {finding.rule for finding in type_check("def\n")} == {"syntax"}


def test_the_program_is_not_executed(capfd: pytest.CaptureFixture[str]):
    assert type_check('raise SystemExit("executed")') == []
    assert capfd.readouterr() == ("", "")
