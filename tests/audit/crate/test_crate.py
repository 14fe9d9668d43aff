"""What a crate tells: each job as it was done, from records and logs; unknown is said, never invented."""

import json
import re
from datetime import datetime
from pathlib import Path

from told import ABOUT, ODD, crate

from ntcspec import joblog
from ntcspec.audit.crate import UNKNOWN, crate_of, write_crate
from ntcspec.audit.crate_check import crate_findings, is_current
from ntcspec.config.load import load_study
from ntcspec.plan import Plan
from ntcspec.workflow import read_any_record


def plan_of(study: Path) -> Plan:
    return Plan(load_study(study))


def refs(value: object) -> set[str]:
    return {one["@id"] for one in (value if isinstance(value, list) else [value])}


def test_every_job_is_an_action_with_what_its_record_says(told: Path) -> None:
    found, plan = crate(told), plan_of(told)
    assert len([n for n in found if n.startswith("#job/")]) == len(plan.jobs) + 1  # the check sums
    for output, job in plan.jobs.items():
        record = read_any_record(told / output)
        action = next(a for n, a in found.items() if n.startswith("#job/") and a.get("identifier") == job.key)
        files = {found[n]["name"] for n in refs(action["object"]) if "sha256" in found[n]}
        assert files == {i["path"].removeprefix("results/") for i in record["inputs"]}
        values = {found[n]["name"] for n in refs(action["object"]) if found[n]["@type"] == "PropertyValue"}
        assert values == set(record["parameters"])
        assert {found[n]["name"] for n in refs(action["result"])} == {o.removeprefix("results/") for o in job.outputs}
        tool = found[action["instrument"]["@id"]]
        assert tool["softwareVersion"].endswith(record["code"]["fingerprint"])
        needs = {found[n]["name"]: found[n]["softwareVersion"] for n in refs(tool["softwareRequirements"])}
        assert needs == {**record["packages"], "Python": record["python"]}
        assert (told / "results" / tool["url"]).is_file()


def test_times_host_and_user_come_from_the_logs(told: Path) -> None:
    found = crate(told)
    action = found["#job/a/exafs/ingest.nxs"]
    lines = (told / "results/logs/a/exafs/ingest.log").read_text(encoding="utf-8").splitlines()
    first, last = json.loads(lines[0].removeprefix("started ")), json.loads(lines[-1].removeprefix("ended "))
    assert (action["startTime"], action["endTime"]) == (first["time"], last["time"])
    assert datetime.fromisoformat(first["time"]).tzinfo is not None and first["time"].endswith("+00:00")
    assert (action["location"], found[action["agent"]["@id"]]["name"]) == (first["host"], first["user"])
    ends = [a["endTime"] for n, a in found.items() if n.startswith("#job/")]
    assert found["#run"]["endTime"] == max(ends) and found["./"]["datePublished"] == max(ends)[:10]


def test_a_failed_stage_is_a_failed_action_with_its_reason(told: Path) -> None:
    failed = {n: a for n, a in crate(told).items() if str(a.get("actionStatus", "")).endswith("FailedActionStatus")}
    assert failed and all("late_k" in name for name in failed)
    assert all("kmax_inv_ang" in str(action["error"]) for action in failed.values())


def test_parameters_have_unit_default_and_meaning(told: Path) -> None:
    found = crate(told)
    formal = found["#parameter/exafs.reduce/rbkg_ang"]
    assert formal["unitText"] == "angstrom" and formal["additionalType"] == "Number"
    assert formal["defaultValue"] == "1.0" and "background" in str(formal["description"]).lower()


def test_people_licence_and_simulated_data_are_told(told: Path) -> None:
    found = crate(told)
    root = found["./"]
    assert str(root["description"]).startswith("SIMULATED data. Two made-up samples.")
    author = found[root["author"]["@id"]]
    assert author["@id"] == "https://orcid.org/0000-0002-1825-0097" and author["affiliation"]["@id"] in found
    assert root["license"]["@id"] == "https://spdx.org/licenses/CC-BY-4.0.html"
    assert root["identifier"] == f"https://doi.org/{ABOUT['doi']}"
    assert "SIMULATED" in str(found["#raw/raw/a1.xdi"]["description"]) + str(found["metrics.csv"]["description"])
    readme = (told / "results/README.md").read_text(encoding="utf-8")
    assert "SIMULATED" in readme and "Josiah Carberry" in readme and "CC-BY-4.0" in readme


def test_odd_names_are_percent_encoded(told: Path) -> None:
    found = crate(told)
    assert "#raw/raw/odd%20n%C3%A4me%20%231.xdi" in found
    assert all(re.fullmatch(r"[\w.~%#/:+?=-]+", name) for name in found), [n for n in found if " " in n]
    assert any(ODD in str(one.get("name")) for one in found.values())


def test_without_its_log_a_job_has_no_times(study: Path) -> None:
    (study / "results/logs/a/exafs/ingest.log").unlink()
    other = study / "results/logs/a/exafs/reduce.log"
    other.write_text(re.sub(r'"key": "\w+"', '"key": "another"', other.read_text()))
    plan = plan_of(study)
    assert not is_current(plan)
    write_crate(plan)
    found = crate(study)
    for name in ("ingest", "reduce"):
        action = found[f"#job/a/exafs/{name}.nxs"]
        assert str(action["description"]).endswith(UNKNOWN)
        assert not {"startTime", "endTime", "agent", "location"} & set(action)
    assert "When 2 of them ran is not known." in str(found["#run"]["description"])
    assert is_current(plan) and list(crate_findings(plan)) == []


def test_the_same_run_gives_the_same_crate(told: Path) -> None:
    assert crate_of(plan_of(told)) == crate_of(plan_of(told))


def test_the_study_as_run_lies_in_the_crate(told: Path) -> None:
    for name in ("config.yaml", "samples.yaml"):
        assert (told / "results/study" / name).read_bytes() == (told / name).read_bytes()
    snakefile = (told / "results/study/Snakefile").read_text()
    assert all((told / "results/study" / n).is_file() for n in re.findall(r'include: "(.+)"', snakefile))


def test_a_log_tells_nothing_where_its_job_was_cut_short(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    assert joblog.read(log) is None
    log.write_text(joblog.started("k") + "\n")
    assert joblog.read(log) is None
    log.write_text(joblog.started("k") + "\nwords\n" + joblog.ended({}) + "\n")
    ran = joblog.read(log)
    assert ran is not None and ran.key == "k" and ran.start <= ran.end
    log.write_text(joblog.started("k") + "\n" + 'ended {"time": "2001-01-01T00:00:00.000+00:00"}\n')
    assert joblog.read(log) is None, "a clock that was set back tells nothing"
