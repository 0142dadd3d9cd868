"""The parts of the library that are mutated are there, and so are their tests."""

import pytest
import yaml

from tests.mutants.areas import AREAS, LIBRARY, ROOT, Area, area_of, modules_in, part


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


def test_every_area_is_tried_in_each_part_once_a_week():
    drills = yaml.safe_load((ROOT / ".github" / "workflows" / "drills.yml").read_text("utf-8"))
    matrix = drills["jobs"]["mutants"]["strategy"]["matrix"]
    tried = [area_of(modules_in(ROOT / area) if area else []) for area in matrix["area"]]
    assert tried == list(AREAS)
    parts = [part(each) for each in matrix["part"]]
    assert parts == [(number, len(parts)) for number in range(1, len(parts) + 1)]


@pytest.mark.parametrize("text", ["0/4", "5/4", "1", "a/b"])
def test_a_part_that_there_is_not_is_refused(text: str):
    with pytest.raises(ValueError):  # noqa: PT011
        part(text)
