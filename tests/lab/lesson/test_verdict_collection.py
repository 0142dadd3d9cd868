"""The verdicts that the notebooks have saved are found, all of them, and nothing else."""

import json

import pytest
from IPython.display import Markdown

from pubsub_lib.lab.lesson import verdict_collection
from pubsub_lib.lab.lesson.verdict_collection import (
    CollectedVerdict,
    collect_verdicts,
    findings_table,
    not_run_yet,
    show_findings,
    show_not_run_yet,
    standings,
    unsettled,
)
from pubsub_lib.lab.lesson.verdicts import (
    CLAIMS,
    VERDICTS_MIME,
    Standing,
    Verdict,
    verdict_table,
)

HOLDS = Verdict("C1", Standing.HOLDS, "10 of 10")
LATER = Verdict("C1", Standing.CONDITIONAL, "a | b", "holds, with live subscribers")
BARRED = Verdict("C15", Standing.CONDITIONAL, "`Message | None` was refused", "once checked")


@pytest.fixture
def save(tmp_path):
    """Save a notebook with these outputs, one for each cell."""

    def save(name, *outputs):
        cells = [{"cell_type": "markdown", "source": ["| | the claim |"]}]
        cells += [{"outputs": [{"data": data}]} for data in outputs]
        (tmp_path / name).write_text(json.dumps({"cells": cells}), encoding="utf-8")

    return save


def as_saved(*verdicts):
    return {
        "text/markdown": verdict_table(verdicts),
        VERDICTS_MIME: [verdict.as_data() for verdict in verdicts],
    }


def found(folder):
    return [(finding.verdict, finding.notebook) for finding in collect_verdicts(folder)]


def test_a_saved_verdict_is_read_as_it_was_given(tmp_path, save):
    save("03_build.ipynb", as_saved(HOLDS, BARRED))
    assert found(tmp_path) == [(HOLDS, "03_build.ipynb"), (BARRED, "03_build.ipynb")]


def test_every_claim_survives_being_saved(tmp_path, save):
    verdicts = [Verdict(claim, Standing.HOLDS, "a | b", "holds: so it is") for claim in CLAIMS]
    save("03_build.ipynb", as_saved(*verdicts))
    assert [finding.verdict for finding in collect_verdicts(tmp_path)] == verdicts


def test_only_the_data_counts_whatever_the_text_says(tmp_path, save):
    data = as_saved(HOLDS)
    data["text/markdown"] = verdict_table([BARRED])
    save("03_build.ipynb", data, {"text/markdown": verdict_table([BARRED])})
    assert found(tmp_path) == [(HOLDS, "03_build.ipynb")]


def test_a_notebook_without_verdicts_or_outputs_adds_nothing(tmp_path, save):
    save("01_first.ipynb")
    save("02_second.ipynb", {"text/markdown": "*a caption*"})
    (tmp_path / "03_third.ipynb").write_text('{"cells": [{"outputs": [{"text": "hello"}]}]}')
    assert found(tmp_path) == []


def test_verdicts_stand_in_the_order_of_the_claims_and_then_of_the_notebooks(tmp_path, save):
    save("09_late.ipynb", as_saved(LATER))
    save("03_early.ipynb", as_saved(BARRED, HOLDS))
    assert found(tmp_path) == [
        (HOLDS, "03_early.ipynb"),
        (LATER, "09_late.ipynb"),
        (BARRED, "03_early.ipynb"),
    ]


def test_a_claim_that_nobody_settled_is_named(tmp_path, save):
    settled = [Verdict(c, Standing.HOLDS, "") for c in CLAIMS if c != "C24"]
    save("03_build.ipynb", as_saved(*settled))
    assert unsettled(collect_verdicts(tmp_path)) == ["C24"]


def test_in_an_empty_folder_every_claim_is_unsettled(tmp_path):
    assert unsettled(collect_verdicts(tmp_path)) == list(CLAIMS)


@pytest.mark.parametrize("other", ["05_full.old.ipynb", "05_full-Copy1.ipynb", "Untitled.ipynb"])
def test_a_notebook_that_is_not_the_courses_own_does_not_count(tmp_path, save, other):
    save("05_full.ipynb", as_saved(HOLDS))
    save(other, as_saved(LATER))
    (tmp_path / "06_cut.new.ipynb").write_text("half a noteb")
    assert found(tmp_path) == [(HOLDS, "05_full.ipynb")]


def test_notebooks_that_give_verdicts_and_have_saved_none_are_not_run_yet(tmp_path):
    def save(name, *cells):
        cells = [{"cell_type": kind, "source": text, "outputs": out} for kind, text, out in cells]
        (tmp_path / name).write_text(json.dumps({"cells": cells}), encoding="utf-8")

    saved = [{"data": as_saved(HOLDS)}]
    save("01_run.ipynb", ("code", "show_verdicts(v)", saved))
    save("02_not_run.ipynb", ("code", ["x = 1\n", "show_verdicts(x)"], []))
    save("03_half_run.ipynb", ("code", "show_verdicts(v)", saved), ("code", "show_verdicts(w)", []))
    save("04_gives_none.ipynb", ("code", "x", []), ("markdown", "`show_verdicts(v)`", []))
    save("05_not_run.old.ipynb", ("code", "show_verdicts(v)", []))
    assert not_run_yet(tmp_path) == ["02_not_run.ipynb", "03_half_run.ipynb"]


def test_a_notebook_names_those_not_run_yet_with_links_and_the_remedy(tmp_path, monkeypatch):
    shown = []
    monkeypatch.setattr(verdict_collection, "display", shown.append)
    show_not_run_yet(tmp_path)
    assert shown == []
    cell = {"cell_type": "code", "source": "show_verdicts(v)", "outputs": []}
    (tmp_path / "02_not_run.ipynb").write_text(json.dumps({"cells": [cell]}))
    show_not_run_yet(tmp_path)
    (told,) = shown
    assert "**Not run yet**, or not saved since: [02](02_not_run.ipynb)." in told.data
    assert "save them, and run this cell again" in told.data


@pytest.mark.parametrize("content", ["", "[]", "{}", "no JSON"])
def test_a_file_that_is_no_notebook_is_named(tmp_path, content):
    (tmp_path / "05_broken.ipynb").write_text(content)
    with pytest.raises(ValueError, match=r"^05_broken\.ipynb is no notebook"):
        collect_verdicts(tmp_path)


@pytest.mark.parametrize(
    "damage",
    [
        {"claim": "C99"},
        {"standing": "PERHAPS"},
        {"words": None},
    ],
)
def test_a_verdict_that_cannot_be_read_names_its_notebook_and_the_remedy(tmp_path, save, damage):
    data = {key: value for key, value in (HOLDS.as_data() | damage).items() if value is not None}
    save("03_build.ipynb", {VERDICTS_MIME: [data]})
    with pytest.raises(
        ValueError, match=r"^03_build\.ipynb .* run the notebook again and save it$"
    ):
        collect_verdicts(tmp_path)


def test_where_notebooks_differ_the_worst_counts_in_any_order():
    wrong = Verdict("C1", Standing.WRONG, "")
    findings = [CollectedVerdict(v, "03.ipynb") for v in (HOLDS, wrong, BARRED, LATER)]
    assert standings(findings) == {"C1": Standing.WRONG, "C15": Standing.CONDITIONAL}


def test_the_table_names_a_claim_once_and_links_each_notebook():
    table = findings_table(
        [CollectedVerdict(HOLDS, "03_build.ipynb"), CollectedVerdict(LATER, "09_cost.ipynb")]
    )
    assert table.splitlines()[2:] == [
        f"| (✓) | C1 | {CLAIMS['C1']} | **holds** | 10 of 10 | [03](03_build.ipynb) |",
        "| | | | **holds, with live subscribers** | a \\| b | [09](09_cost.ipynb) |",
    ]


def test_a_notebook_shows_the_table_as_markdown(monkeypatch):
    shown = []
    monkeypatch.setattr(verdict_collection, "display", shown.append)
    findings = [CollectedVerdict(HOLDS, "03_build.ipynb")]
    show_findings(findings)
    (table,) = shown
    assert isinstance(table, Markdown)
    assert table.data == findings_table(findings)


def test_a_verdict_that_its_run_did_not_show_settles_nothing(tmp_path, save):
    not_shown = Verdict("C1", Standing.HOLDS, "9 of 10", provided=[False])
    save("03_build.ipynb", as_saved(not_shown, BARRED))
    findings = collect_verdicts(tmp_path)
    assert standings(findings) == {"C15": Standing.CONDITIONAL}
    assert "C1" in unsettled(findings)
    assert "| ? | C1 |" in findings_table(findings)
    assert "**not shown by this run**" in findings_table(findings)
