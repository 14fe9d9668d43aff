"""Crates as others see them: roc-validator, runcrate and the library rocrate, which know nothing of ntcspec."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from study import ntcspec
from told import change, checker, crate

Issues = Callable[[Path, str], list[tuple[str, str, str]]]
JUSTIFIED = {
    # ntcspec has no address on the web, and what is made for one run has none either: '#tool/...' is all there is
    "The SoftwareApplication id SHOULD be an absolute URI",
}


def test_it_is_a_provenance_run_crate(told: Path, issues: Issues) -> None:
    assert issues(told / "results", "required") == []


def test_every_recommendation_is_followed_but_one(told: Path, issues: Issues) -> None:
    assert {message for _, _, message in issues(told / "results", "recommended")} == JUSTIFIED


def test_a_study_that_says_nothing_of_itself_lacks_what_its_authors_alone_know(study: Path, issues: Issues) -> None:
    text = (study / "config.yaml").read_text(encoding="utf-8")
    (study / "config.yaml").write_text(text.partition("about:\n")[0], encoding="utf-8")
    again = ntcspec("run", study)  # the report names authors too; one measurement cannot be used
    assert "NOT MADE" not in again.stderr
    assert issues(study / "results", "required") == []
    missing = {message for _, _, message in issues(study / "results", "recommended")} - JUSTIFIED
    assert len(missing) == 3
    for word in ("license", "author", "publisher"):
        assert any(f"`{word}`" in message or f":{word}" in message for message in missing), missing


BROKEN = {
    "a file that is not there": lambda s: (s / "results/metrics.csv").unlink(),
    "an action without a tool": lambda s: change(s, lambda g: g["#job/metrics.csv"].pop("instrument")),
    "no workflow": lambda s: change(s, lambda g: g["./"].pop("mainEntity")),
    "no licence": lambda s: change(s, lambda g: g["./"].pop("license")),
}


@pytest.mark.parametrize("what", BROKEN)
def test_the_validator_would_see_a_broken_crate(study: Path, issues: Issues, what: str) -> None:
    """So that its silence above says something."""
    BROKEN[what](study)
    assert issues(study / "results", "required") != []


def test_runcrate_reads_actions_files_and_parameters(told: Path) -> None:
    run = checker("runcrate", "report", told / "results")
    assert run.returncode == 0, run.stderr
    blocks = {block.split("\n")[0].removeprefix("action: "): block for block in run.stdout.strip().split("\n\n")}
    actions = {name for name, one in crate(told).items() if one["@type"] == "CreateAction"}
    assert set(blocks) == actions
    reduce = blocks["#job/a/exafs/reduce.nxs"]
    assert "a/exafs/ingest.nxs <- #input/exafs.reduce/ingest" in reduce
    assert "9881.0 <- #parameter/exafs.reduce/e0_ev" in reduce
    assert "a/exafs/reduce.nxs <- #output/exafs.reduce/reduce.nxs" in reduce
    assert "#raw/raw/a1.xdi <- #input/exafs.ingest/raw" in blocks["#job/a/exafs/ingest.nxs"]


READ = """
import json, sys
from rocrate.rocrate import ROCrate
crate = ROCrate(sys.argv[1])
files = {e.id: [e.get("sha256"), e.get("contentSize")] for e in crate.data_entities}
actions = {e.id: [[o.id for o in e["object"]], [r.id for r in e["result"]] if isinstance(e["result"], list) else [e["result"].id]]
           for e in crate.get_by_type("CreateAction") if isinstance(e["object"], list)}
print(json.dumps({"main": crate.mainEntity.id, "name": crate.name, "files": files, "actions": actions}))
"""


def test_the_library_finds_every_file_with_its_hash(told: Path, tmp_path: Path) -> None:
    """Unquoting of ids and hashes by programs that ntcspec does not use."""
    run = checker("python", "-c", READ, told / "results")
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert found["main"] == "study/Snakefile" and found["name"] == "made up: 100 % <b>"
    assert set(found["actions"]["#job/a/exafs/measure.nxs"][1]) == {"a/exafs/measure.nxs", "a/exafs/measure.json"}
    names = {name: facts for name, facts in found["files"].items() if not name.startswith("#")}
    lines = []
    for name, (sha256, size) in names.items():
        path = told / "results" / unquoted(name)
        assert path.stat().st_size == int(size), name
        lines.append(f"{sha256}  {path}\n")
    (tmp_path / "sums").write_text("".join(lines), encoding="utf-8")
    import subprocess

    assert shutil.which("sha256sum")
    done = subprocess.run(["sha256sum", "--check", "--quiet", tmp_path / "sums"], capture_output=True, text=True)
    assert done.returncode == 0 and len(lines) > 60, done.stdout


def unquoted(name: str) -> str:
    from urllib.parse import unquote

    return unquote(name)
