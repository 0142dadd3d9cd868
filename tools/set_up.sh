#!/bin/sh
# Make the environment of the course, .venv, or do nothing where it is as it should be.
#
#     tools/set_up.sh [--folder .venv] [--versions "3.13 3.12 3.14"] [--requirements requirements.txt]
#     tools/set_up.sh --find [--versions "3.12"]      only print the interpreter it would use
#
# PYTHON=/path/to/python has it use that interpreter and no other.
set -eu

versions="3.13 3.12 3.14"
folder=.venv
requirements=requirements.txt
only_find=no

needs_value() {
    [ $# -gt 1 ] || { echo "set_up.sh: $1 needs a value" >&2; exit 2; }
}

while [ $# -gt 0 ]; do
    case $1 in
        --folder) needs_value "$@"; folder=$2; shift 2 ;;
        --versions) needs_value "$@"; versions=$2; shift 2 ;;
        --requirements) needs_value "$@"; requirements=$2; shift 2 ;;
        --find) only_find=yes; shift ;;
        *) echo "set_up.sh: unknown option $1" >&2; exit 2 ;;
    esac
done

CDPATH='' cd -- "$(dirname -- "$0")/.."
here=$(pwd -P)
home=${HOME:-/nonexistent}
newline='
'

say() {
    printf '%s\n' "$*"
}

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

# --- Finding an interpreter: each candidate is run, because a shim on PATH may lead nowhere. ---

# "3.13 3.12 3.14" in prose: "3.13, 3.12 or 3.14".
would_do="Python $(echo "$versions" | sed 's/ /, /g; s/\(.*\), /\1 or /')"

# What an interpreter says of itself on one line: its version, what is wrong with it, where it is.
# Python 2 must be able to read this too.
question='
import sys
problems = []
for name in ("venv", "ensurepip", "ssl"):
    try:
        __import__(name)
    except ImportError:
        problems.append("lacks " + name)
if getattr(getattr(sys, "implementation", None), "name", "cpython") != "cpython":
    problems.append("is not CPython")
if "t" in getattr(sys, "abiflags", ""):
    problems.append("is free-threaded")
version = ".".join([str(number) for number in sys.version_info[:3]])
path = getattr(sys, "_base_executable", None) or sys.executable
print("|".join([version, " and ".join(problems), path]))
'
executable=
version=
problem=
looked_at=

# Succeed, and set `executable` and `version`, if this command is an interpreter that will do.
# Otherwise set `problem`, and remember it for the message to the user.
try() {
    problem="does not exist"
    command -v "$1" >/dev/null 2>&1 || return 1
    answer=$("$1" -c "$question" 2>/dev/null </dev/null | tail -n 1)
    case $answer in *"|"*"|"*) ;; *) answer= ;; esac  # something else printed something else
    IFS='|' read -r version lacks executable <<END
$answer
END
    series=${version%.*}
    case " $versions " in
        *" ${series:-none} "*)
            [ -n "$lacks" ] || return 0
            problem="is Python $version, but it $lacks"
            case $lacks in
                *ensurepip*) problem="$problem (Debian, Ubuntu: sudo apt install python$series-venv)" ;;
            esac ;;
        *) problem=${version:+is Python $version} ;;
    esac
    problem=${problem:-does not run}
    line="    $(command -v "$1") $problem$newline"
    case $looked_at in
        *"$line"*) ;;
        *) looked_at=$looked_at$line ;;
    esac
    return 1
}

# PYTHON_FOLDERS is there for the tests, which must not see what is installed on the machine.
system_folders=${PYTHON_FOLDERS-/usr/local/bin /opt/homebrew/bin /opt/local/bin /usr/bin /opt/conda/bin}

find_python() {
    for wanted in $versions; do
        try "python$wanted" && return
        for path in "${PYENV_ROOT:-$home/.pyenv}/versions/$wanted".*/bin/python \
            "$home/.local/share/uv/python/cpython-$wanted".*/bin/python3 \
            "$home/.local/bin/python$wanted" \
            "$home"/mini*/bin/"python$wanted" "$home"/mini*/envs/*/bin/"python$wanted" \
            "$home"/anaconda*/bin/"python$wanted" "$home"/anaconda*/envs/*/bin/"python$wanted"
        do
            if [ -e "$path" ]; then try "$path" && return; fi
        done
        for system_folder in $system_folders; do
            path=$system_folder/python$wanted
            if [ -e "$path" ]; then try "$path" && return; fi
        done
        path=$(py "-$wanted" -c 'import sys; print(sys.executable)' 2>/dev/null </dev/null) || path=
        if [ -n "$path" ]; then try "$path" && return; fi
        path=$(uv python find --system --no-python-downloads "$wanted" 2>/dev/null) || path=
        if [ -n "$path" ]; then try "$path" && return; fi
    done
    try python3 && return
    try python
}

choose_python() {
    if [ -n "${PYTHON:-}" ]; then
        try "$PYTHON" || fail "PYTHON=$PYTHON will not do: it $problem. $would_do would do."
    elif ! find_python; then
        newest=$(echo "$versions" | cut -d ' ' -f 1)
        others=${looked_at:+" These will not:$newline$newline${looked_at%?}"}
        fail "No suitable Python was found. $would_do would do.$others

Ways to get one:

    any system       the installer from https://www.python.org/downloads/
    macOS            brew install python@$newest
    Debian, Ubuntu   sudo apt install python3 python3-venv   (Debian 13, Ubuntu 24.04 and later)
    with uv          uv python install $newest
    with pyenv       pyenv install $newest
    with conda       conda create --name python$newest python=$newest && conda activate python$newest

If you have one already, name it: PYTHON=/path/to/python$newest make lab"
    fi
}

if [ "$only_find" = yes ]; then
    choose_python
    say "$executable"
    exit
fi

# --- Is there anything to do? ---

python=$folder/bin/python
# Written last: the place and the requirements that the environment was made for.
stamp=$folder/made-for.txt

for file in "$requirements" pyproject.toml; do
    [ -f "$file" ] || fail "$file is missing. Get it back with: git checkout $file"
done

made_for() {
    echo "$here"
    cat "$requirements" pyproject.toml
}

base_of() {
    "$1" -c 'import sys; print(sys.version, sys.base_prefix)' 2>/dev/null </dev/null
}

# Whether the environment belongs to the interpreter that PYTHON names, if it names one.
made_with_chosen() {
    [ -z "${PYTHON:-}" ] || [ "$(base_of "$python")" = "$(base_of "$PYTHON")" ]
}

if made_for | cmp -s - "$stamp" && "$python" -c '' 2>/dev/null && made_with_chosen; then
    exit
fi

# --- Making it ---

started=$(date +%s)

# Say nothing if the environment that is there can be kept, and else why it cannot.
why_not_keep() {
    made_in=$(head -n 1 "$stamp" 2>/dev/null) || made_in=$here
    if ! "$python" -c '' 2>/dev/null; then echo "its Python does not run"
    elif [ "$made_in" = unfinished ]; then echo "an earlier set-up was interrupted"
    elif [ "$made_in" != "$here" ]; then echo "it was made in another folder"
    elif ! (try "$python"); then echo "its Python is not one of those that would do"
    elif ! made_with_chosen; then echo "PYTHON names another interpreter"
    elif ! "$python" -m pip --version >/dev/null 2>&1; then echo "it has no pip"
    fi
}

if [ -n "${PYTHON:-}" ]; then
    choose_python
fi
keep=no
if [ -e "$folder" ] || [ -L "$folder" ]; then
    reason=$(why_not_keep)
    if [ -n "$reason" ]; then
        say "$folder has to be made again: $reason."
    else
        keep=yes
    fi
fi

place=$folder
[ "$keep" = yes ] || place=$(dirname -- "$folder")
[ -w "$place" ] || fail "$folder has to be made or brought up to date, but $(
    cd -- "$place" 2>/dev/null && pwd -P || echo "$place"
) is not there, or cannot be written to.

Copy the course to a folder of your own; your notebooks need one, too. To run the tests where it is,
name another place for the environment each time:

    make test VENV=/path/to/a/folder/.venv"

if [ "$keep" = yes ]; then
    say "1/4 Keeping $folder, and bringing it up to date"
    echo unfinished >"$stamp"
else
    choose_python
    say "1/4 Making $folder with Python $version, $executable"
    rm -f "$python"  # first: what is left of an interrupted removal must not be kept
    rm -rf "$folder"
    mkdir "$folder"
    echo unfinished >"$stamp"
    "$executable" -m venv "$folder" || fail "$executable could not make $folder."
fi

say "2/4 Installing uv, which installs the rest ten times faster than pip"
awk '/^uv==/ { found = 1 } found { print } found && !/\\$/ { exit }' "$requirements" >"$folder/uv.txt"
"$python" -m pip -qq install --require-hashes --no-deps --only-binary :all: -r "$folder/uv.txt" ||
    fail "pip could not install uv. Is there a connection? Then run the same command again."
rm -f "$folder/uv.txt"

packages=$(grep -c '^[a-z0-9].*==' "$requirements")
say "3/4 Installing the packages of $requirements (up to $packages; the first time they are downloaded)"
# Only wheels: building a package would fetch build tools that no hash vouches for.
# Compiled now: otherwise each kernel compiles them at its first import, where time is measured.
sync() {
    "$python" -m uv pip sync --quiet --python "$python" --require-hashes --no-build \
        --compile-bytecode "$@" "$requirements"
}
# First with what is at hand, so that a set-up that needs nothing new needs no connection.
sync --offline 2>/dev/null || sync ||
    {
        # pip knows mirrors and certificates from its own settings, which uv does not read.
        say "    uv could not; trying pip, which takes about a minute"
        "$python" -m pip -qq install --require-hashes --only-binary :all: -r "$requirements"
    } || fail "The packages could not be installed. Is there a connection? Then run the same command again."

say "4/4 Installing pubsub_lib itself, editable"
"$python" -m uv pip install --quiet --python "$python" --no-deps --no-build-isolation --no-index \
    --editable . || fail "pubsub_lib could not be installed; the message above says why."

made_for >"$stamp"
say "Ready after $(($(date +%s) - started)) s."
