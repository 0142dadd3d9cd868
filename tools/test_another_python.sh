#!/bin/sh
# Run the tests once more, on another Python than the one in .venv: the oldest that is supported,
# or a newer one if .venv has the oldest already. `make test-all` calls this.
set -eu

CDPATH='' cd -- "$(dirname -- "$0")/.."

series_of() {
    "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])'
}

others=3.12
if [ "$(series_of .venv/bin/python)" = 3.12 ]; then
    others="3.13 3.14"
fi

# PYTHON names the interpreter of .venv, if it names any; here another one is wanted.
if ! python=$(PYTHON='' tools/set_up.sh --find --versions "$others" 2>/dev/null); then
    echo "SKIPPED: the tests on another Python. None was found that is $(echo "$others" | sed 's/ / or /')."
    echo "To have them run, install one, for instance with: uv python install ${others%% *}"
    exit
fi

series=$(series_of "$python")
echo "The same tests on Python $series, in .venv-$series:"
exec "${MAKE:-make}" test VENV=".venv-$series" PYTHON="$python"
