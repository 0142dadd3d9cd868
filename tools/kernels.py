"""Run notebooks the same way everywhere, whoever runs them.

`refresh.py` writes the outputs that the tests compare with, so both must start their kernels in
one way, and that way must not depend on the settings of the person at the keyboard.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: What a notebook may take from its first cell to its last, in seconds.
NOTEBOOK_BUDGET_S = 20
# Each of these would change what a cell prints, draws or asserts.
PERSONAL_SETTINGS = (
    "CLICOLOR_FORCE",
    "FORCE_COLOR",
    "JPY_SESSION_NAME",
    "MPLBACKEND",
    "MYPY_FORCE_COLOR",
    "PYTHONASYNCIODEBUG",
    "PYTHONDEVMODE",
    "PYTHONOPTIMIZE",
    "PYTHONSTARTUP",
    "PYTHONWARNINGS",
    "PYTHON_COLORS",
)


@contextmanager
def neutral_environment() -> Iterator[Path]:
    """Hide the user's settings from the processes that this block starts.

    Yields a folder that goes away with the block.
    """
    before = dict(os.environ)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        scratch = Path(name)
        (scratch / "matplotlibrc").touch()
        for setting in PERSONAL_SETTINGS:
            os.environ.pop(setting, None)
        os.environ |= {
            "IPYTHONDIR": str(scratch / "ipython"),
            "JUPYTER_CONFIG_DIR": str(scratch / "jupyter"),
            "JUPYTER_RUNTIME_DIR": str(scratch / "runtime"),
            "COURSE_PROGRESS": str(scratch / "progress.json"),
            # An empty file rather than an empty folder (MPLCONFIGDIR), which would also hide the
            # font cache, and building that takes seconds.
            "MATPLOTLIBRC": str(scratch / "matplotlibrc"),
            # A kernel started from a terminal would otherwise use that terminal's width.
            "COLUMNS": "80",
            "LINES": "24",
        }
        if "MPLCONFIGDIR" not in os.environ and not os.access(Path("~").expanduser(), os.W_OK):
            give_matplotlib_a_folder(scratch / "matplotlib")
        try:
            yield scratch
        finally:
            os.environ.clear()
            os.environ.update(before)


def give_matplotlib_a_folder(folder: Path) -> None:
    """Where it cannot write below the user's folder, each kernel would warn of that in a cell."""
    os.environ["MPLCONFIGDIR"] = str(folder)
    # Finds the fonts of this machine once, which takes seconds.
    subprocess.run([sys.executable, "-c", "import matplotlib.font_manager"], capture_output=True)


def this_python[Manager](manager_class: type[Manager]) -> Manager:
    """A manager for kernels of the running interpreter, as `nbval --nbval-current-env` has it.

    The kernel named `python3` that a machine has registered may belong to another Python.
    """
    # Here, because the tests of the library need this module but do not need Jupyter.
    from nbval.kernel import CURRENT_ENV_KERNEL_NAME, NbvalKernelspecManager

    manager = manager_class(
        kernel_name=CURRENT_ENV_KERNEL_NAME, kernel_spec_manager=NbvalKernelspecManager()
    )
    if can_encrypt():
        manager.transport_encryption = "auto"  # type: ignore[attr-defined]
    return manager


def can_encrypt() -> bool:
    """Whether what is said to a kernel can be encrypted; of what is not, each kernel warns.

    It takes a jupyter_client of 2026, and a pyzmq that was built with libsodium.
    """
    from jupyter_client.manager import KernelManager
    from traitlets import TraitError

    if not hasattr(KernelManager, "transport_encryption"):
        return False
    try:
        KernelManager(transport_encryption="auto")
    except TraitError:
        return False
    return True


def needs_server(notebook: Path) -> bool:
    """Whether a notebook starts a NATS server, and stops where it cannot."""
    return "server_or_stop()" in notebook.read_text(encoding="utf-8")
