"""What the site says of the course that it reads from the course itself.

>>> repository(given="https://example.org/a/b/")
'https://example.org/a/b'
"""

import os
import re
import tomllib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))


def repository(given: str | None = None) -> str:
    """Return the address of the repository: that of this run of GitHub's, or pyproject.toml's.

    That is the one setting; nothing else on the site names it.
    """
    server, name = os.environ.get("GITHUB_SERVER_URL"), os.environ.get("GITHUB_REPOSITORY")
    actions = f"{server}/{name}" if server and name else None
    return (given or actions or _project()["urls"]["Repository"]).rstrip("/")


@cache
def _project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def version() -> str:
    """Return the version of the library."""
    return _project()["version"]


def start_links(notebook: str) -> dict[str, str]:
    """Return the ways to work with a notebook, by what they are called."""
    address = repository()
    owner_and_name = "/".join(address.split("/")[-2:])
    return {
        "Open in Binder": f"https://mybinder.org/v2/gh/{owner_and_name}/main"
        f"?urlpath=lab/tree/my_course/{notebook}.ipynb",
        "Open in Codespaces": f"https://codespaces.new/{owner_and_name}",
        "Download": f"../downloads/{notebook}.ipynb",
    }


@cache
def readme_table() -> tuple[tuple[str, str, str], ...]:
    """Return the number, the name and the question of each notebook, as README has them."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d\d) \| \[[^]]+\]\(notebooks/(\w+)\.ipynb\) \| (.+) \|$", text, re.M)
    return tuple(rows)


@cache
def minutes() -> dict[str, int]:
    """Return how many minutes each notebook takes, by its number, as the guide has them."""
    text = (ROOT / "notebooks" / "instructors_guide.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[(\d\d) [^]]+\]\([^)]+\) \| (\d+) \|$", text, re.M)
    return {number: int(taken) for number, taken in rows}
