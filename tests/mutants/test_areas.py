"""The parts of the library that are mutated are there, and so are their tests."""

import pytest

from tests.mutants.areas import AREAS, LIBRARY, ROOT, Area, area_of


@pytest.mark.parametrize("area", AREAS, ids=lambda area: area.modules[0])
def test_what_an_area_names_is_there(area: Area):
    tests = [ROOT / name.removeprefix("--ignore=") for name in area.tests]
    assert [path for path in [*area.paths, *tests] if not path.exists()] == []


@pytest.mark.parametrize(
    ("modules", "first"),
    [
        (["topics.py", "in_process/ring.py"], "in_process"),
        (["nats/connection.py"], "nats"),
        (["nats/jetstream/consumer.py", "nats/jetstream/broker.py"], "nats/jetstream"),
        ([], "in_process"),
    ],
)
def test_modules_are_tried_with_the_tests_of_their_area(modules: list[str], first: str):
    assert area_of([LIBRARY / name for name in modules]).modules[0] == first


@pytest.mark.parametrize("modules", [["topics.py", "nats/errors.py"], ["arguments.py"]])
def test_modules_of_no_area_or_of_several_are_refused(modules: list[str]):
    with pytest.raises(ValueError, match=r"name modules of one area.*nats/jetstream"):
        area_of([LIBRARY / name for name in modules])
