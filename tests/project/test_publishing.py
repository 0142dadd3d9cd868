"""Where the course is published: one address everywhere, and ways to begin that agree with it."""

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from tools.set_repository import NAMING, current, set_repository

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def project() -> dict:
    return tomllib.loads(text_of("pyproject.toml"))["project"]


def owner_and_name() -> tuple[str, str]:
    *_, owner, name = project()["urls"]["Repository"].split("/")
    return owner, name


def test_readme_and_citation_name_the_repository_of_pyproject() -> None:
    owner, name = owner_and_name()
    for link in (
        f"https://mybinder.org/v2/gh/{owner}/{name}/main?urlpath=lab/tree/my_course/00_start_here",
        f"https://codespaces.new/{owner}/{name}",
        f"https://{owner}.github.io/{name}/",
    ):
        assert link in text_of("README.md")
    citation = yaml.safe_load(text_of("CITATION.cff"))
    assert citation["repository-code"] == project()["urls"]["Repository"]
    assert citation["version"] == project()["version"]
    assert citation["license"] == project()["license"]


def test_whoever_sets_the_address_sets_it_everywhere(tmp_path) -> None:
    for name in NAMING:
        shutil.copyfile(ROOT / name, tmp_path / name)
    owner, name = owner_and_name()
    set_repository("https://github.com/ada-l/my.course/", tmp_path)
    assert current(tmp_path) == "https://github.com/ada-l/my.course"
    for path in tmp_path.iterdir():
        text = path.read_text(encoding="utf-8")
        assert not re.search(rf"{owner}(/|\.github\.io/){name}", text)
        assert "ada-l/my.course" in text
    assert "https://ada-l.github.io/my.course/" in (tmp_path / "README.md").read_text("utf-8")


@pytest.mark.parametrize("address", ["course", "https://github.com/ada", "git@github.com:ada/x"])
def test_what_is_no_address_of_a_repository_changes_nothing(tmp_path, address) -> None:
    shutil.copyfile(ROOT / "pyproject.toml", tmp_path / "pyproject.toml")
    with pytest.raises(ValueError, match="is no address such as"):
        set_repository(address, tmp_path)
    assert current(tmp_path) == current()


def test_no_other_file_names_the_repository() -> None:
    owner, name = owner_and_name()
    pattern = re.compile(rf"{owner}(/|\.github\.io/){name}")
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listing.returncode:
        pytest.skip("not a git clone")
    naming = {
        file
        for file in listing.stdout.split("\0")
        if file and pattern.search((ROOT / file).read_bytes().decode("utf-8", "replace"))
    }
    assert naming == set(NAMING)


def test_binder_has_one_exact_python_and_the_versions_of_the_course() -> None:
    environment = yaml.safe_load(text_of("binder/environment.yml"))
    (python,) = [line for line in environment["dependencies"] if line.startswith("python")]
    assert re.fullmatch(r"python=3\.\d+", python)
    assert python.removeprefix("python=") in text_of(".python-version").split()
    build = text_of("binder/postBuild")
    assert "--require-hashes" in build
    assert "open_course.py --copies-only" in build
    assert (ROOT / "binder" / "postBuild").stat().st_mode & 0o100


def test_a_container_opens_the_learners_copies() -> None:
    lines = text_of(".devcontainer/devcontainer.json").splitlines()
    container = json.loads("\n".join(line for line in lines if not line.startswith("//")))
    assert "--copies-only" in container["postCreateCommand"]
    (port,) = container["forwardPorts"]
    assert f"port={port}" in container["postAttachCommand"]
    (opened,) = container["customizations"]["codespaces"]["openFiles"]
    assert (ROOT / opened.replace("my_course", "notebooks")).exists()


def test_the_cluster_is_three_servers_that_only_this_machine_can_reach() -> None:
    servers = yaml.safe_load(text_of("compose.yaml"))["services"]
    assert len(servers) == 3
    ports = []
    for name, server in servers.items():
        assert f"--name {name} " in server["command"]
        assert "--jetstream" in server["command"]
        (mapping,) = server["ports"]
        assert mapping.startswith("127.0.0.1:")
        assert f"--client_advertise {mapping.rpartition(':')[0]}" in server["command"]
        assert all(f"nats://{other}:6222" in server["command"] for other in servers)
        ports.append(mapping.split(":")[1])
    assert sorted(ports) == sorted(
        re.findall(r"nats://127\.0\.0\.1:(\d+)", text_of("compose.yaml"))
    )


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_asks_for_no_more_rights_than_it_needs_and_ends(path) -> None:
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    rights = workflow["permissions"]
    assert rights == {"contents": "read"} or path.stem == "renew"
    for job in workflow["jobs"].values():
        publishes = "id-token" in job.get("permissions", {})
        assert publishes or "timeout-minutes" in job


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_make_target_of_a_workflow_is_there(path) -> None:
    targets = re.findall(r"^([\w-]+):", text_of("Makefile"), re.MULTILINE)
    used = re.findall(r"\bmake ([\w-]+)", re.sub(r"#.*", "", path.read_text(encoding="utf-8")))
    assert [target for target in used if target not in targets] == []


def test_a_release_is_published_without_a_token() -> None:
    assert "secrets." not in text_of(".github/workflows/release.yml")
    jobs = yaml.safe_load(text_of(".github/workflows/release.yml"))["jobs"]
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    assert jobs["publish"]["needs"] == "build"
