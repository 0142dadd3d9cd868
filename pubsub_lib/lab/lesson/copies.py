"""Keeps the learner's own copies of the course, in `my_course/`, and never overwrites their work.

A copy is made where there is none. It counts as changed when its fingerprint is no longer the one
it had when it was given, which is kept in `.copies.json`. A copy that nobody changed follows the
course; beside one that was changed, the new version is put, once.

>>> import tempfile
>>> with tempfile.TemporaryDirectory() as folder:
...     copies = Copies(Path(folder))
...     copies.originals.mkdir()
...     _ = Path(copies.originals, "glossary.md").write_text("A *broker* passes messages on.")
...     copies.update()["glossary.md"]
...     _ = Path(copies.folder, "glossary.md").write_text("My own words.")
...     copies.update()["glossary.md"]
<CopyState.MADE: 'made'>
<CopyState.CHANGED: 'changed'>
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import Enum
from itertools import count
from pathlib import Path, PurePosixPath

from pubsub_lib.lab.lesson.learners_copy import NOTEBOOK_NAME, fingerprint, learners_copy
from pubsub_lib.lab.lesson.saving import CannotSaveError, move, save

#: What learners get, beside the notebooks, because these link to it.
BESIDE_THE_NOTEBOOKS = ("glossary.md", "which_broker.md", "images/*", "solutions/*.py")
RECORD = ".copies.json"


class CopyState(Enum):
    """What an update has found, or done."""

    MADE = "made"  #: there was none
    CURRENT = "current"  #: it is as the course has it
    UPDATED = "updated"  #: the course has changed it, and the learner had not
    CHANGED = "changed"  #: the learner has changed it, and the course has nothing new
    OFFERED = "offered"  #: both have changed it: the new version lies beside it
    UNREADABLE = "unreadable"  #: it cannot be read, and was left as it is
    RETIRED = "retired"  #: the course has it no longer; the copy stays


@dataclass(frozen=True, slots=True)
class Given:
    """The fingerprints of what a learner was given of one file.

    Attributes:
        copy: that of the copy; `None` if it is not known any more.
        offered: that of the new version that was put beside a changed copy; `None` if none was.
    """

    copy: str | None = None
    offered: str | None = None


@dataclass(frozen=True, slots=True)
class Renewed:
    """A notebook that was given afresh.

    Attributes:
        notebook: its name.
        kept_as: the name that the learner's version has now; `None` if there was none.
    """

    notebook: str
    kept_as: str | None


class Copies:
    """The learner's copies of a course.

    Attributes:
        originals: the folder of the course's own notebooks, which is only read.
        folder: the folder of the copies.
    """

    def __init__(self, course: Path) -> None:
        self.originals = course / "notebooks"
        self.folder = course / "my_course"

    def update(self) -> dict[str, CopyState]:
        """Make the copies that are missing, and bring those up to date that nobody changed.

        Whatever a learner changed stays as it is. The outputs of a copy are thrown away only if the
        source of one of its cells is another now, or a cell came or went: they belonged to it.

        Returns:
            What became of each file, by its path below the folder.

        Raises:
            CannotSaveError: if something cannot be written. Nothing of the learner's is lost, and
                the next update goes on from there.
            ValueError: if a notebook of the course is none.
        """
        fresh = self._fresh()
        before = self.given()
        known = before or {}
        states, given = {}, {}
        for name, content in fresh.items():
            states[name], given[name] = self._update(name, content, known.get(name, Given()))
        for name in known.keys() - fresh.keys():
            if (self.folder / name).exists():
                states[name] = CopyState.RETIRED
        if given != before:  # so that nothing is written where nothing is new
            self._remember(given)
        return states

    def renew(self, notebook: str) -> Renewed:
        """Give a notebook afresh, and keep the learner's version beside it.

        Args:
            notebook: its number, its name, or its path, such as `05`.

        Raises:
            CannotSaveError: if something cannot be written. Everything is as it was then.
            ValueError: if there is no such notebook, or several.
        """
        fresh = self._fresh()
        notebooks = [name for name in fresh if NOTEBOOK_NAME.fullmatch(name)]
        wanted = Path(notebook).name
        found = [name for name in notebooks if wanted and name.startswith(wanted)]
        if len(found) != 1:
            raise ValueError(f"{notebook!r} is none of the notebooks: {', '.join(notebooks)}")
        (name,) = found
        copy = self.folder / name
        kept_as = self._set_aside(copy) if copy.exists() else None
        try:
            save(copy, fresh[name])
        except CannotSaveError:
            if kept_as:
                move(kept_as, copy)
            raise
        offer = next(_beside(copy, "new"))
        if offer.exists() and offer.read_bytes() == fresh[name]:  # as it was put there
            offer.unlink()
        self._remember((self.given() or {}) | {name: Given(fingerprint(name, fresh[name]))})
        return Renewed(name, kept_as.name if kept_as else None)

    def record_is_damaged(self) -> bool:
        """Whether there is a record of what was given that makes no sense."""
        return (self.folder / RECORD).exists() and self.given() is None

    def given(self) -> dict[str, Given] | None:
        """Return what was given, by name; `None` if that is not known.

        Without it every copy that differs from the course counts as changed.
        """
        try:
            record = json.loads((self.folder / RECORD).read_bytes())
            return {name: Given(**entry) for name, entry in record.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return None

    def _fresh(self) -> dict[str, bytes]:
        """What a learner would be given today, by its path below the folder."""
        paths = [path for path in self.originals.rglob("*") if path.is_file()]
        names = {path.relative_to(self.originals).as_posix(): path for path in paths}
        copied = {name for name in names if _is_given(name)}
        left_out = names.keys() - copied
        return {
            name: learners_copy(name, names[name].read_bytes(), left_out=left_out)
            for name in sorted(copied)
        }

    def _update(self, name: str, content: bytes, given: Given) -> tuple[CopyState, Given]:
        copy, new = self.folder / name, fingerprint(name, content)
        if not copy.exists():
            save(copy, content)
            return CopyState.MADE, Given(new)
        found = _fingerprint_of(copy)
        if found == new:
            return CopyState.CURRENT, Given(new)
        if found is None:
            return CopyState.UNREADABLE, given
        if found == given.copy:
            save(copy, content)
            return CopyState.UPDATED, Given(new)
        if new in (given.copy, given.offered):
            return CopyState.CHANGED, given
        save(_place_for_offer(copy, {given.offered, new}), content)
        return CopyState.OFFERED, Given(given.copy, offered=new)

    def _set_aside(self, copy: Path) -> Path:
        kept_as = next(path for path in _beside(copy, "old") if not path.exists())
        move(copy, kept_as)
        return kept_as

    def _remember(self, given: Mapping[str, Given]) -> None:
        record = {name: asdict(one) for name, one in given.items()}
        save(self.folder / RECORD, (json.dumps(record, indent=1) + "\n").encode())


def _is_given(name: str) -> bool:
    """Whether learners get a copy of this file of the course."""
    path = PurePosixPath(name)
    if path.name.startswith("."):
        return False
    beside = any(path.match(one) for one in BESIDE_THE_NOTEBOOKS)
    return beside or NOTEBOOK_NAME.fullmatch(name) is not None


def _fingerprint_of(path: Path) -> str | None:
    """A file's fingerprint; `None` if it cannot be read, or is no notebook any more."""
    try:
        return fingerprint(path.name, path.read_bytes())
    except (OSError, ValueError):
        return None


def _place_for_offer(copy: Path, offers: Collection[str | None]) -> Path:
    """A name beside the copy, where nothing is, or an offer that nobody has changed."""
    return next(
        path
        for path in _beside(copy, "new")
        if not path.exists() or (_fingerprint_of(path) or "unreadable") in offers
    )


def _beside(copy: Path, word: str) -> Iterator[Path]:
    """Names for another version of a copy: `05_x.new.ipynb`, `05_x.new2.ipynb`, and so on."""
    for number in count(1):
        yield copy.with_name(f"{copy.stem}.{word}{number if number > 1 else ''}{copy.suffix}")
