"""Which cells would tell the result of a prediction, by the names that they use."""

import pytest

from pubsub_lib.lab.lesson.findings import Findings

EXPERIMENT = """
load = open_loop(messages=100, rate_hz=10)
reader = slow_reader(service_time_s=1)

def measure(broker):
    return run(broker, load, reader)

runs = {name: measure(broker) for name, broker in brokers.items()}
for name, found in runs.items():
    print(name, found)
async with connect() as link, link.open() as line:
    sent = await line.send(1)
took_s = runs["ours"].took_s
late = took_s > 3
"""


@pytest.fixture
def findings():
    findings = Findings[str]()
    assert findings.told_in(EXPERIMENT + "guess.compare(took_s)", ["00.took"]) == []
    return findings


@pytest.mark.parametrize(
    "source",
    [
        "print(took_s)",
        "print(f'{late}')",
        "figures.timeline(runs)",
        "print(found)",
        "print(sent)",
        "def show():\n    print(took_s)\nshow()",
        "shown = [row for row in runs]",
        "if late:\n    print('late')",
        "try:\n    late.x()\nexcept Exception as error:\n    print(error)",
        "took_s += 1",
        "total = (twice := 2 * took_s)",
        "match took_s:\n    case 1:\n        print('one')",
    ],
)
def test_a_cell_that_uses_what_was_found_tells_it(findings, source):
    assert findings.told_in(source) == ["00.took"]


@pytest.mark.parametrize(
    "source",
    [
        "print(load, reader)",
        "print([name for name in brokers], {link: 1 for link in brokers})",
        "took_s = 3\nprint(took_s)",
        "for found in brokers:\n    print(found)",
        "async with connect() as link, link.open() as line:\n    await line.send(1)",
        "from elsewhere import runs\nprint(runs)",
        "print(sorted(brokers, key=lambda late: late))",
        "measure(new_broker)",
        "%matplotlib inline",
        "check('00.1', took_s)",
        "predict('00.next', f'After {took_s} s?', unit='s')",
    ],
)
def test_a_cell_that_only_runs_the_same_again_or_uses_names_of_its_own_tells_nothing(
    findings, source
):
    assert findings.told_in(source) == []


@pytest.mark.parametrize(
    "source",
    [
        "twice_s = 2 * took_s",
        "rows = []\nrows.append(took_s)\ntwice_s = rows",
        "twice_s = {}\ntwice_s['ours'] = took_s",
        "def twice_s():\n    return 2 * took_s",
        "with open(late) as file:\n    twice_s = file.read()",
        "while late:\n    twice_s = 1",
    ],
)
def test_what_is_made_of_it_tells_it_too_until_the_name_is_bound_anew(findings, source):
    findings.told_in(source)
    assert findings.told_in("print(twice_s)") == ["00.took"]
    findings.told_in("twice_s = 7")
    assert findings.told_in("print(twice_s)") == []


def test_what_a_cell_finds_later_about_another_prediction_is_no_part_of_the_first(findings):
    findings.told_in("spent = run()\nother.compare(spent)", ["00.spent"])
    assert findings.told_in("print(spent)") == ["00.spent"]
    assert findings.told_in("print(spent, took_s)") == ["00.spent", "00.took"]


def test_a_cell_that_compares_names_only_what_others_have_found(findings):
    source = "whole = [took_s, run()]\nother.compare(whole)"
    assert findings.told_in(source, ["00.whole"]) == ["00.took"]
    assert findings.told_in("print(whole)") == ["00.took", "00.whole"]
