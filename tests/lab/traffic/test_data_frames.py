"""Traffic needs no pandas and no NumPy until somebody asks for a table."""

import pkgutil
import subprocess
import sys

import pytest

from pubsub_lib.lab import traffic
from pubsub_lib.lab.traffic.data_frames import data_frame

MODULES = [module.name for module in pkgutil.iter_modules(traffic.__path__, traffic.__name__ + ".")]

# What runs in a browser is put under load there; a run is part of it, and so is what it counts.
RUN = """
import sys
{imports}
from pubsub_lib import AsyncPubSub
from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.traffic.loads import bursts
from pubsub_lib.lab.traffic.readers import dead_reader, fast_reader
from pubsub_lib.lab.traffic.workloads import run_workload
run_virtual(
    run_workload(
        AsyncPubSub(1), bursts(messages=4, size=2, every_s=1), [fast_reader(), dead_reader()]
    )
)
print([name for name in ("numpy", "pandas", "matplotlib", "IPython") if name in sys.modules])
"""


def test_every_module_is_looked_at():
    assert "pubsub_lib.lab.traffic.workloads" in MODULES


def test_a_run_of_a_workload_loads_neither_pandas_nor_numpy():
    program = RUN.format(imports="\n".join(f"import {module}" for module in MODULES))
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (ended.stdout.strip(), ended.stderr) == ("[]", "")


@pytest.mark.parametrize("rows", [[], [(1, "a")], iter([(1, "a"), (2, "b")])])
def test_a_table_has_its_columns_whatever_its_rows(rows):
    assert data_frame(rows, columns=["number", "name"]).columns.tolist() == ["number", "name"]
