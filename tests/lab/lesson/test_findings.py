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
        "measure(new_broker)",
        "film(measure(new_broker), title='The same as a film')",
        "print([took_s for took_s in took_s])",
        "print((lambda took_s=took_s: took_s)())",
        "def show(took_s=took_s):\n    pass",
        "@show(took_s)\ndef shown():\n    pass",
        "class Shown:\n    print(took_s)",
        "def show():\n    def other():\n        took_s = 1\n    return took_s\nshow()",
        "class Shown:\n    def show(self):\n        return took_s\nShown().show()",
        "async with took_s as part:\n    print(part)",
        "try:\n    pass\nfinally:\n    print(took_s)",
        "async for part in took_s:\n    print(part)",
        "print(f'{1:{took_s}}')",
        "took_s.shown = True",
        "%timeit print(took_s)",
        "%%time\nprint(took_s)",
        "!echo {took_s}",
        "took_s?",
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
        "%matplotlib inline",
        "%%time\nprint(load)",
        "%%bash\necho 'no Python at all",
        "",
        "# took_s",
        "'took_s'",
        "print(took_s",
        "del took_s\ntook_s",
        "def took_s(took_s):\n    return took_s\ntook_s(1)",
        "def run_it(took_s):\n    print(took_s)\nrun_it(1)",
        "def fail():\n    try:\n        1\n    except OSError as took_s:\n        took_s\nfail()",
        "def run_it():\n    import numpy as took_s\n    return took_s\nrun_it()",
        "class Better(measured.Broker):\n    took_s = 1\n    print(took_s)",
        "check('00.1', took_s)",
        "predict('00.next', f'After {took_s} s?', unit='s')",
    ],
)
def test_a_cell_that_uses_names_of_its_own_or_asks_the_learner_tells_nothing(findings, source):
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
        "first, *twice_s = took_s, 1",
        "print(twice_s := 2 * took_s)",
        "[twice_s := late for late in runs]",
        "[(first, [*twice_s])] = took_s",
        "match runs:\n    case {'ours': _, **twice_s}:\n        pass",
        "match runs:\n    case [_, *twice_s]:\n        pass",
        "match runs:\n    case Run(took_s=twice_s):\n        pass",
        "twice_s = 1\ntwice_s += took_s",
        "twice_s = object()\ntwice_s.seconds = took_s",
        "twice_s = {}\ntwice_s['ours'].seconds[0] = took_s",
        "try:\n    took_s.x()\nexcept* ValueError as group:\n    twice_s = group",
        "async for twice_s in took_s:\n    pass",
        "twice_s = lambda: took_s",
        "twice_s = 0\ndef set_it():\n    global twice_s\n    twice_s = took_s\nset_it()",
        "twice_s = []\ndef note():\n    twice_s.append(took_s)\nnote()",
        "twice_s = []\ndef note():\n    twice_s.append(took_s)\ndef twice():\n    note()\ntwice()",
        "%time twice_s = 2 * took_s",
        "%%time\ntwice_s = 2 * took_s",
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


def test_what_the_run_of_a_comparing_cell_has_noted_tells_its_result(findings):
    noted = "noted = []\n\nasync def follow(broker):\n    noted.append(await broker.get())"
    findings.told_in(noted)
    findings.told_in("ended = observe(follow)\nother.compare(ended)", ["00.ended"])
    assert findings.told_in("print(noted)") == ["00.ended"]


@pytest.mark.parametrize(
    "source",
    [
        "class Better(Broker):\n    pass\nprint(Better().publish())",
        "def measure_both():\n    return measure(1), measure(2)",
        "def measure(broker):\n    return 1\nmeasure(1)",
        "measure = other\nmeasure(1)",
        "from elsewhere import measure\nmeasure(1)",
    ],
)
def test_what_is_built_on_what_was_run_or_replaces_it_is_another_run(findings, source):
    findings.told_in("class Broker:\n    def publish(self): ...")
    findings.told_in("gone = Broker().publish()\nother.compare(gone)", ["00.gone"])
    assert findings.told_in(source) == []


def test_a_cell_that_asks_something_of_its_own_may_run_the_same(findings):
    assert findings.told_in("other.compare(measure(new_broker))", ["00.other"]) == []


def test_a_command_that_times_a_comparing_cell_hides_no_name_from_the_rest(findings):
    findings.told_in("%%time\nspent = spend()\nother.compare(spent)", ["00.spent"])
    assert findings.told_in("print(spent)") == ["00.spent"]
