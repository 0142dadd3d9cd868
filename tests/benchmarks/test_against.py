"""Two checkouts are measured side by side, each with its own library."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

import pubsub_lib

from .against import BEFORE, compare, comparison_report
from .by_hand import FLOOR
from .library import LIBRARY
from .rounds import Quantity
from .systems import Kind
from .test_benchmarks import TINY

OURS = {system.name for system in LIBRARY if system.kind is Kind.LIBRARY} | {FLOOR.name}
TWICE = replace(TINY, rounds=2)


@pytest.fixture
def older(tmp_path):
    """A checkout whose brokers cannot publish many messages at once."""
    shutil.copytree(Path(pubsub_lib.__file__).parent, tmp_path / "pubsub_lib")
    with (tmp_path / "pubsub_lib" / "__init__.py").open("a", encoding="utf-8") as module:
        for kind in ("AsyncPubSub", "RingPubSub", "AsyncPubSub.__base__"):
            module.write(f"\ndel {kind}.publish_many")
    return tmp_path


@pytest.mark.run_all
def test_each_system_that_both_have_is_measured_from_both_in_each_round(older):
    said = []
    results = compare(older, TWICE, said.append)
    both = {name for name in OURS if "publish_many" not in name}
    assert said[-1].startswith("only here: ")
    assert all(name in said[-1] for name in OURS - both)
    costs = results.values[Quantity.COST, 10]
    assert {name for name in costs if not name.startswith(BEFORE)} == both
    assert {name.removeprefix(BEFORE) for name in costs if name.startswith(BEFORE)} == both
    assert {len(values) for values in costs.values()} == {TWICE.rounds}
    rows = comparison_report(results).splitlines()[4:]
    assert [row.split("|")[1].strip() for row in rows[: len(both)]] == [
        name for name in costs if name in both
    ]


def test_a_folder_without_the_library_is_an_error(tmp_path):
    with pytest.raises(RuntimeError, match="failed: see above"):
        compare(tmp_path, TINY, lambda what: None)
