"""Every change of a crate, or of what it tells of, is found and named; an untouched one has no finding."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from told import change, crate

from ntcspec.audit.crate_check import absent_raw, crate_findings, is_current
from ntcspec.config.load import load_study
from ntcspec.plan import CRATE, Plan

INGEST = "#job/a/exafs/ingest.nxs"


def find(study: Path) -> list[tuple[str, str]]:
    return list(crate_findings(Plan(load_study(study, absent_raw(study)))))


def test_an_untouched_study_has_no_finding(told: Path) -> None:
    assert find(told) == []
    assert is_current(Plan(load_study(told)))


IN_THE_CRATE: dict[str, tuple[Callable[[dict], object], str]] = {
    "wrong sha256": (lambda g: g["metrics.csv"].update(sha256="0" * 64), "sha256"),
    "wrong size": (lambda g: g["metrics.csv"].update(contentSize="1"), "contentSize"),
    "wrong sha256 of a raw file": (lambda g: g["#raw/raw/a1.xdi"].update(sha256="0" * 64), "a1.xdi"),
    "a file too many": (lambda g: g.update({"x.csv": {"@id": "x.csv", "@type": "File", "name": "x.csv"}}), "x.csv"),
    "a file too few": (lambda g: g.pop("panels/map.png"), "panels/map.png"),
    "an action without object and result": (lambda g: [g[INGEST].pop(k) for k in ("object", "result")], "has no object"),
    "another object": (lambda g: g[INGEST].update(object={"@id": "#raw/raw/b.xdi"}), f"{INGEST}: object"),
    "another result": (lambda g: g[INGEST].update(result={"@id": "metrics.csv"}), f"{INGEST}: result"),
    "another tool": (lambda g: g[INGEST].update(instrument={"@id": "#snakemake"}), f"{INGEST}: instrument"),
    "an action too many": (lambda g: g.update({"#job/x": {**g[INGEST], "@id": "#job/x"}}), "#job/x"),
    "an action too few": (lambda g: g.pop(INGEST), INGEST),
    "another value": (lambda g: next(e for n, e in g.items() if "rbkg_ang" in n and e["@type"] == "PropertyValue").update(value=9), "rbkg_ang"),
    "another unit": (lambda g: g["#parameter/exafs.reduce/rbkg_ang"].update(unitText="nm"), "unitText"),
    "dangling result": (lambda g: g[INGEST].update(result={"@id": "nowhere.nxs"}), "is described nowhere"),
    "no time": (lambda g: g[INGEST].update(startTime="yesterday"), "no time in ISO 8601"),
    "a time without zone": (lambda g: g[INGEST].update(startTime="2026-01-01T00:00:00"), "no zone"),
    "ends before it starts": (lambda g: g[INGEST].update(endTime="2001-01-01T00:00:00.000+00:00"), "ends before it starts"),
    "another time": (lambda g: g[INGEST].update(startTime="2001-01-01T00:00:00.000+00:00"), "startTime"),
    "half a time": (lambda g: g[INGEST].pop("endTime"), "not both"),
    "another user": (lambda g: [e.update(name="x") for n, e in g.items() if n.startswith("#agent/")], "#agent/"),
    "failure hidden": (lambda g: [e.pop("error") for e in g.values() if "error" in e], "error"),
    "another study": (lambda g: g["./"].update(name="x"), "./: name"),
    "another licence": (lambda g: g["./"].update(license="mine"), "./: license"),
    "no date": (lambda g: g["./"].pop("datePublished"), "datePublished"),
    "no engine version": (lambda g: g["#snakemake"].pop("softwareVersion"), "softwareVersion"),
    "another step": (lambda g: [e.update(position="99") for e in g.values() if e["@type"] == "HowToStep"], "position"),
    "another word": (lambda g: g["#run"].update(description="x"), "#run: description"),
}  # fmt: skip


@pytest.mark.parametrize("what", IN_THE_CRATE)
def test_a_changed_crate_is_found(study: Path, what: str) -> None:
    edit, told = IN_THE_CRATE[what]
    change(study, edit)
    assert any(told in f"{path}: {words}" for path, words in find(study)), find(study)


def test_any_property_of_any_entity_that_changes_is_found(study: Path) -> None:
    """Not one word of the crate can be changed unseen: every 23rd property, each in a crate of its own."""
    path = study / CRATE
    text = path.read_text(encoding="utf-8")
    plan = Plan(load_study(study))
    for name, key in list(_properties(json.loads(text)))[::23]:
        document = json.loads(text)
        one = next(e for e in document["@graph"] if e["@id"] == name)
        one[key] = "changed"
        path.write_text(json.dumps(document), encoding="utf-8")
        if (name, key) not in {("./", "datePublished")}:
            assert list(crate_findings(plan)), (name, key)


def _properties(document: dict) -> Iterator[tuple[str, str]]:
    for one in document["@graph"]:
        yield from ((one["@id"], key) for key in one if key != "@id")


ON_DISK = {
    "results/metrics.csv": lambda p: p.write_text(p.read_text() + "x"),
    "results/panels/map.png": lambda p: p.write_bytes(p.read_bytes() + b"x"),
    "results/logs/a/exafs/ingest.log": lambda p: p.write_text(p.read_text().replace("T", "T1", 1)),
    "results/logs/a/exafs/reduce.log": lambda p: p.unlink(),
    "results/study/config.yaml": lambda p: p.write_text(p.read_text() + "# x\n"),
    "results/study/Snakefile": lambda p: p.write_text(p.read_text() + "# x\n"),
    "results/study/code/ntcspec/stage.py": lambda p: p.write_text(p.read_text() + "# x\n"),
    "results/README.md": lambda p: p.write_text("x"),
    "results/SHA256SUMS": lambda p: p.write_text(p.read_text() + "\n"),
    CRATE: lambda p: p.unlink(),
}


@pytest.mark.parametrize("name", ON_DISK)
def test_a_changed_file_is_found(study: Path, name: str) -> None:
    ON_DISK[name](study / name)
    assert name in {path for path, _ in find(study)}, find(study)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"@context": "x", "@graph": []}', '{"@graph": 3}'])
def test_what_is_no_crate_is_said_to_be_none(study: Path, text: str) -> None:
    (study / CRATE).write_text(text)
    assert [path for path, words in find(study) if "cannot be read as a crate" in words] == [CRATE]
    assert not is_current(Plan(load_study(study)))


def test_an_edited_config_makes_the_crate_old(study: Path) -> None:
    config = study / "config.yaml"
    config.write_text(config.read_text() + "# a comment changes no number\n")
    plan = Plan(load_study(study))
    assert not is_current(plan)
    assert ("results/study/config.yaml", "is not config.yaml of the study as it is now") in find(study)


def test_where_raw_files_lie_changes_nothing(study: Path) -> None:
    (study / "elsewhere").mkdir()
    shutil.move(study / "raw", study / "elsewhere/raw")
    config = study / "config.yaml"
    config.write_text("raw_root: elsewhere\n" + config.read_text())
    assert find(study) == []


def test_raw_files_that_are_not_here_are_known_from_the_crate(study: Path) -> None:
    listed = {n: e["sha256"] for n, e in crate(study).items() if n.startswith("#raw/")}
    assert len(listed) == len(absent_raw(study)) == 4
    before = list(Plan(load_study(study)).jobs.values())
    shutil.rmtree(study / "raw")
    after = list(Plan(load_study(study, absent_raw(study))).jobs.values())
    assert [job.key for job in before] == [job.key for job in after]
