"""Build the site: write the sources, and have Sphinx make pages of them; any warning is an error.

python -m tools.reading_site
"""

import shutil
import subprocess
import sys
import time

from tools.reading_site.course import ROOT
from tools.reading_site.mends import mend
from tools.reading_site.sources import write_sources

SITE = ROOT / "site"


def main() -> int:
    """Build the site in the folder `site`, and return Sphinx's exit code."""
    began = time.monotonic()
    write_sources(SITE / "sources")
    shutil.rmtree(SITE / "html", ignore_errors=True)
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-n", "-q", "-E"]
    folders = ["-d", str(SITE / "doctrees"), str(SITE / "sources"), str(SITE / "html")]
    code = subprocess.run([*command, *folders], cwd=ROOT, check=False).returncode
    if code == 0:
        mend(SITE / "html")
        print(f"The site is in {SITE / 'html'}, after {time.monotonic() - began:.0f} s.")
    return code


if __name__ == "__main__":
    sys.exit(main())
