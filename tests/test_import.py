"""What importing the library costs, and that the core stands on the standard library alone."""

import json
import subprocess
import sys

import pubsub_lib

REPORT = """
import json, sys
before = set(sys.modules)
import pubsub_lib
print(json.dumps(sorted({name.partition(".")[0] for name in set(sys.modules) - before})))
beyond_the_core = ("pubsub_lib.lab", "pubsub_lib.nats")
print(json.dumps([name for name in sys.modules if name.startswith(beyond_the_core)]))
"""


def test_the_core_imports_the_standard_library_alone_and_neither_the_lab_nor_nats():
    run = subprocess.run(
        [sys.executable, "-c", REPORT], capture_output=True, text=True, check=True, timeout=60
    )
    modules, beyond_the_core = (json.loads(line) for line in run.stdout.splitlines())
    assert set(modules) - set(sys.stdlib_module_names) == {"pubsub_lib"}
    assert beyond_the_core == []


def test_every_public_name_exists_and_is_listed_in_order():
    assert all(hasattr(pubsub_lib, name) for name in pubsub_lib.__all__)
    assert pubsub_lib.__all__ == sorted(pubsub_lib.__all__)


def test_closed_is_a_runtime_error():
    assert issubclass(pubsub_lib.PubSubClosed, RuntimeError)
