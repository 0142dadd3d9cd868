"""Say once where the repository is: `python -m tools.set_repository https://github.com/ada/course`.

pyproject.toml has the address. The site reads it there; README's links and CITATION.cff, which
nothing builds, are rewritten here.
"""

import argparse
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
#: The files that name it.
NAMING = ("pyproject.toml", "README.md", "CITATION.cff")
ADDRESS = r"https://github\.com/[\w-]+/[\w.-]+"


def current(root: Path = ROOT) -> str:
    """Return the address that pyproject.toml has."""
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    return settings["project"]["urls"]["Repository"]


def renamed(text: str, old: str, new: str) -> str:
    """Return a text with one repository in the place of the other, in all that leads to it."""
    (old_owner, old_name), (owner, name) = (each.split("/")[-2:] for each in (old, new))
    text = text.replace(f"{old_owner}/{old_name}", f"{owner}/{name}")
    return text.replace(f"{old_owner}.github.io/{old_name}", f"{owner}.github.io/{name}")


def set_repository(new: str, root: Path = ROOT) -> None:
    """Rewrite every file that names the repository.

    Raises:
        ValueError: if it is not the address of a repository on GitHub.
    """
    new = new.rstrip("/").removesuffix(".git")
    if not re.fullmatch(ADDRESS, new):
        raise ValueError(f"{new!r} is no address such as https://github.com/ada/course")
    old = current(root)
    for name in NAMING:
        path = root / name
        path.write_text(renamed(path.read_text(encoding="utf-8"), old, new), encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("address", help="such as https://github.com/ada/course")
    try:
        set_repository(parser.parse_args().address)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
