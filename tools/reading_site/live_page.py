"""Puts what the live page needs beside the site: Python in WebAssembly, the library, the programs.

The page asks for it only when somebody wants to run something, and says before how much it is.
"""

import json
import shutil
import zipfile
from html import escape
from pathlib import Path

from tools.pyodide import installed
from tools.reading_site import programs
from tools.reading_site.course import ROOT

#: What the browser needs of the package; the rest is for other ways to use it.
PYODIDE = [
    "pyodide.mjs",
    "pyodide.asm.mjs",
    "pyodide.asm.wasm",
    "pyodide-lock.json",
    "python_stdlib.zip",
]
#: The programs that a reader begins with, with what each is called.
PROGRAMS = {
    "dead_subscriber": "A dead subscriber",
    "policies": "The policies of a full queue",
    "ring": "A ring and a slow reader",
    "your_own_broker": "A broker of your own, and its promises",
}


def write_live_page(folder: Path, page: Path) -> None:
    """Write what is loaded on demand into a folder, and the HTML of the page itself."""
    folder.mkdir(parents=True)
    for name in PYODIDE:
        shutil.copy(installed() / name, folder / name)
    with zipfile.ZipFile(folder / "library.zip", "w", zipfile.ZIP_DEFLATED) as bundle:
        for path in sorted((ROOT / "pubsub_lib").rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                _add(bundle, path, str(path.relative_to(ROOT)))
        _add(bundle, Path(programs.__file__), "programs.py")
    size = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
    page.write_text(_html(size), encoding="utf-8")


def _add(bundle: zipfile.ZipFile, path: Path, name: str) -> None:
    """Add a file without its date, so that the same sources always give the same zip."""
    bundle.writestr(zipfile.ZipInfo(name), path.read_bytes(), zipfile.ZIP_DEFLATED)


def _html(size_mb: float) -> str:
    sources = {
        name: (ROOT / "docs" / "programs" / f"{name}.py").read_text(encoding="utf-8")
        for name in PROGRAMS
    }
    options = "".join(f'<option value="{key}">{title}</option>' for key, title in PROGRAMS.items())
    data = json.dumps(sources).replace("</", "<\\/")
    first = escape(sources["dead_subscriber"])
    return f"""<div class="live">
<script type="application/json" id="programs">{data}</script>
<div class="bar"><label>Program <select id="program">{options}</select></label>
<button type="button" id="again">As it was</button></div>
<label for="source">The program, for you to change</label>
<textarea id="source" spellcheck="false" autocapitalize="off">{first}</textarea>
<div class="bar"><button type="button" id="run" disabled>Run</button>
<button type="button" id="stop" disabled>Stop</button>
<span id="status" role="status">The first run loads Python into this page: {size_mb:.0f} MB,
from this site. Nothing that you write leaves your browser. Ctrl+Enter runs, too; Escape and then
Tab leaves the program.</span></div>
<pre id="printed" aria-label="What it printed"></pre>
<div id="shown"></div>
</div>
"""
