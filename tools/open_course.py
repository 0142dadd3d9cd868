"""Open the course in JupyterLab: your own copies of its notebooks, which it makes first.

python tools/open_course.py                   open my_course/, made or brought up to date
python tools/open_course.py --no-browser      every other option is passed on to JupyterLab
python tools/open_course.py --copies-only     make the copies, and open nothing
python tools/open_course.py --afresh 05       give notebook 05 afresh, and keep yours beside it
python tools/open_course.py --originals       open the course's own notebooks, with their outputs
"""

import signal

# Have Ctrl+C end the start without a traceback; JupyterLab asks back once it runs. Every file is
# written as a whole or not at all, so there is nothing to tidy up. First, as the imports take time.
if __name__ == "__main__" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import argparse
import filecmp
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import assert_never

from pubsub_lib.lab.lesson import progress
from pubsub_lib.lab.lesson.copies import Copies, CopyState
from pubsub_lib.lab.lesson.saving import CannotSaveError
from pubsub_lib.lab.own_broker.file import NAME, make_if_missing

ROOT = Path(__file__).resolve().parent.parent
FIRST = "00_start_here.ipynb"
#: What Jupyter and JupyterLab are told, whoever starts them: a folder as those look for.
SETTINGS = ROOT / "tools" / "jupyter"
SETTINGS_FILES = ("jupyter_config.py", "labconfig/default_setting_overrides.json")
AFRESH = "make afresh NOTEBOOK={0}   (without make: python tools/open_course.py --afresh {0})"


def options_for(notebook: Path) -> list[str]:
    """What JupyterLab is started with, before the user's own options."""
    options = [
        # Links from the copies lead to the README and to the originals.
        f"--ServerApp.root_dir={ROOT}",
        # Not the notebook itself: it would not be part of the address that is printed.
        f"--LabApp.default_url=/lab/tree/{notebook.relative_to(ROOT).as_posix()}",
    ]
    if getattr(os, "geteuid", lambda: None)() == 0:
        # JupyterLab refuses to, unless told; in a container there often is no other user.
        options.append("--allow-root")
    return options


def explained(states: Mapping[str, CopyState], folder: str = "my_course") -> str:
    """What an update did, for the learner; nothing if nothing is new."""
    return "\n\n".join(_paragraphs(states, folder))


def _paragraphs(states: Mapping[str, CopyState], folder: str) -> Iterator[str]:
    for state in CopyState:
        names = [name for name, one in states.items() if one is state]
        if not names:
            continue
        these = ", ".join(names)
        match state:
            case CopyState.CURRENT | CopyState.CHANGED:
                continue  # nothing is new
            case CopyState.MADE if len(names) == len(states):
                yield (
                    f"{folder}/ is yours: a copy of every notebook, without results. Change what "
                    "you like; it is never overwritten, and git does not look at it."
                )
            case CopyState.MADE:
                yield f"Made in {folder}/: {these}."
            case CopyState.UPDATED:
                yield (
                    "Brought up to date, since the course has changed them and you had not: "
                    f"{these}. Run them again, for their results belonged to the older text. If "
                    'JupyterLab says "File Changed" of one that was open, choose Revert to see the '
                    "new version."
                )
            case CopyState.OFFERED:
                yield (
                    f"The course has a new version of what you have changed: {these}. Yours stays "
                    "as it is. The new version lies beside it, with .new in its name. To go over "
                    f"to it and keep yours as well:\n    {AFRESH.format(names[0][:2])}"
                )
            case CopyState.UNREADABLE:
                yield (
                    f"Cannot be read, and was left as it is: {these}. To get a notebook afresh, "
                    f"and keep what there is:\n    {AFRESH.format(names[0][:2])}"
                )
            case CopyState.RETIRED:
                yield f"No longer part of the course; your copy stays: {these}."
            case _:
                assert_never(state)


def update(copies: Copies) -> None:
    """Make the copies or bring them up to date, and say what is new."""
    if copies.record_is_damaged():
        print(
            "The record of what you were given cannot be read, so whatever differs from the course "
            "counts as changed by you, and stays.",
            flush=True,
        )
    states = copies.update()
    # Where it lay while learners still worked in the originals.
    progress.bring_along(copies.originals / progress.FILE, copies.folder / progress.FILE)
    make_if_missing(copies.folder / NAME)
    if news := explained(states):
        print(news, flush=True)


def renew(copies: Copies, notebook: str) -> None:
    renewed = copies.renew(notebook)
    kept = f"; yours is kept beside it as {renewed.kept_as}" if renewed.kept_as else ""
    print(f"{renewed.notebook} is there afresh{kept}.")
    print('If JupyterLab says "File Changed", choose Revert to see the fresh one.')


def trust(notebooks: Path) -> None:
    """Vouch for the outputs that the course has saved: JupyterLab shows no script without that."""
    import nbformat
    from nbformat.sign import NotebookNotary

    notary = NotebookNotary()
    for path in sorted(notebooks.glob("*.ipynb")):
        notary.sign(nbformat.read(path, as_version=4))


def find_a_home() -> None:
    """Jupyter does not start where it cannot write below the user's folder: lend it one."""
    if not os.access(Path.home(), os.W_OK):
        os.environ["HOME"] = tempfile.mkdtemp()


def reading_our_settings() -> dict[str, str]:
    """What has a Jupyter program read the course's settings, before the user's own."""
    folders = [str(SETTINGS), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    return {"JUPYTER_CONFIG_PATH": os.pathsep.join(filter(None, folders))}


def leave_settings_for_others(environment: Path = Path(sys.prefix)) -> None:
    """Have what is started without this command read the course's settings: nbconvert, a notebook.

    Only in an environment, which is the course's own, and not in the Python of a whole machine.
    """
    is_one = (environment / "pyvenv.cfg").is_file() or (environment / "conda-meta").is_dir()
    if not is_one:
        return
    with suppress(OSError):  # an environment of somebody else: they can do without
        for name in SETTINGS_FILES:
            settings, place = SETTINGS / name, environment / "etc" / "jupyter" / name
            if not (place.is_file() and filecmp.cmp(settings, place, shallow=False)):
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(settings, place)


def open_in_jupyterlab(notebook: Path, options: list[str]) -> None:
    from jupyterlab.labapp import main as jupyterlab  # it takes a second

    os.environ |= reading_our_settings()
    jupyterlab([*options_for(notebook), *options])


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        usage="%(prog)s [--copies-only | --afresh NOTEBOOK | --originals] [JupyterLab's options]",
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--copies-only", action="store_true", help=argparse.SUPPRESS)
    what.add_argument("--afresh", metavar="NOTEBOOK", help=argparse.SUPPRESS)
    what.add_argument("--originals", action="store_true", help=argparse.SUPPRESS)
    chosen, options = parser.parse_known_args()
    if options and (chosen.copies_only or chosen.afresh is not None):
        parser.error(f"unknown: {' '.join(options)}")
    copies = Copies(ROOT)
    try:
        if chosen.afresh is not None:
            renew(copies, chosen.afresh)
        elif not chosen.originals:
            update(copies)
    except (CannotSaveError, ValueError) as problem:
        print(problem, file=sys.stderr)
        return 1
    leave_settings_for_others()
    if chosen.copies_only or chosen.afresh is not None:
        return 0
    find_a_home()
    if chosen.originals:
        trust(copies.originals)
    folder = copies.originals if chosen.originals else copies.folder
    open_in_jupyterlab(folder / FIRST, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
