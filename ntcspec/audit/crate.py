"""The run of a study as a Provenance Run Crate 0.5, from its plan, records and logs.

    root dataset  results/: every artifact, log and copy of the study's files, each with sha256 and size
    workflow      Snakefile, with a step and a tool for each kind of job; formal parameters from the configuration
    actions       one for each job: what went in (files, parameters), what came out, by which tool, when, for whom;
                  what the parts of the profile call the run of the workflow, of its engine, and of each step
Plain dictionaries: the library `rocrate` copies files, holds its own model of each entity and knows neither actions
nor parameters better than JSON does. Tests read the crate with it.
https://www.researchobject.org/workflow-run-crate/profiles/0.5/provenance_run_crate
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from ntcspec import __version__, joblog, stage
from ntcspec.audit.entities import Graph, Ref, file_id, format_of, local_id, raw_id
from ntcspec.audit.facts import COPIES, README, SUMS_LOG, Done, code, done, identity, own_files, workflow
from ntcspec.audit.people import add_about
from ntcspec.audit.readme import readme
from ntcspec.audit.tools import MAIN, PARAMETER_PROFILE, Tools, output_name, subject
from ntcspec.config.load import load_study
from ntcspec.joblog import Ran
from ntcspec.places import home
from ntcspec.plan import CRATE, SUMS, Plan
from ntcspec.provenance import sha256_file, write_atomic
from ntcspec.workflow import listed_sums

PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/ro/wfrun/provenance/0.5": "Provenance Run Crate",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": "Workflow RO-Crate",
}
WORKFLOW_PROFILE = "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"
DONE, FAILED = "http://schema.org/CompletedActionStatus", "http://schema.org/FailedActionStatus"
ROOT, RUN, ENGINE_RUN, ENGINE = "./", "#run", "#engine-run", "#snakemake"
LANGUAGE = "https://w3id.org/workflowhub/workflow-ro-crate#snakemake"
UNKNOWN = "When it ran is not known: its log is missing, or belongs to another run."


def run_crate(config: str, log: str) -> None:
    """The job of the workflow that writes the crate of a study; config: its path from where the job runs."""
    with stage.job(log):
        write_crate(Plan(load_study(Path(config))))


def write_crate(plan: Plan) -> None:
    """results/ro-crate-metadata.json, and beside it the copies of the study's files and the workflow."""
    root = plan.study.root
    wanted = own_files(plan.study) | workflow(home()) | code(plan)
    for name, path in wanted.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        write_atomic(root / name, path.read_bytes())
    for path in sorted((root / COPIES).rglob("*")):
        if path.is_file() and path.relative_to(root).as_posix() not in wanted:
            path.unlink()  # of an earlier version
    write_atomic(root / README, readme(plan).encode())
    sums = listed_sums(root)  # made just before from every artifact
    crate = crate_of(plan, lambda path: sums.get(path.relative_to(root).as_posix()) or sha256_file(path))
    text = json.dumps(crate, indent=1, ensure_ascii=False, allow_nan=False)
    write_atomic(root / CRATE, f"{text}\n".encode())


def crate_of(plan: Plan, sha256: Callable[[Path], str] = sha256_file) -> dict[str, Any]:
    """The crate as JSON-LD, from what lies on disk now. Raises UserError where the run is not complete.

    sha256: of a file; somebody who has hashed it already need not do so again.
    """
    crate = _Crate(plan, sha256)
    crate.workflow()
    for one in done(plan):
        crate.job(one)
    crate.check_sums()
    crate.run()
    crate.root()
    return crate.graph.document()


class _Crate:
    """Collects the entities of one crate; the methods are called in the order in which they stand here."""

    def __init__(self, plan: Plan, sha256: Callable[[Path], str]) -> None:
        self.plan, self.folder, self.sha256 = plan, plan.study.root, sha256
        self.graph = Graph()
        self.tools = Tools(self.graph)
        self.runs: list[Ran | None] = []
        self.used: set[str] = set()  # ids of what jobs took
        about = {"conformsTo": [{"@id": "https://w3id.org/ro/crate/1.1"}, {"@id": list(PROFILES)[-1]}]}
        self.graph.add("ro-crate-metadata.json", "CreativeWork", about={"@id": ROOT}, **about)
        self.graph.add(ROOT, "Dataset")
        for url, name in PROFILES.items():
            self.graph.add(url, "CreativeWork", name=name, version=url.rpartition("/")[2])
        for url, name in ((WORKFLOW_PROFILE, "ComputationalWorkflow"), (PARAMETER_PROFILE, "FormalParameter")):
            self.graph.add(url, "CreativeWork", name=f"Bioschemas {name}", version="1.0-RELEASE")

    def file(self, path: str, kind: str | list[str] = "File", /, **properties: Any) -> Ref:
        """A file of results/, as it is on disk; path from the study's root."""
        name = path.removeprefix("results/")
        if file_id(name) not in self.graph:
            size, digest = str((self.folder / path).stat().st_size), self.sha256(self.folder / path)
            facts = {"name": name, "contentSize": size, "sha256": digest, "encodingFormat": format_of(name)}
            self.graph.add(file_id(name), kind, **{**facts, **properties})
        return {"@id": file_id(name)}

    def raw(self, item: Mapping[str, Any], simulated: bool) -> Ref:
        """A raw file, which lies outside of the crate, as a record names it among its inputs."""
        name = item["path"]
        words = f"{'SIMULATED ' * simulated}raw file, from raw_root; not a file of this crate"
        return self.graph.add(
            raw_id(name), "File", name=name, contentSize=str(item["bytes"]), sha256=item["sha256"], description=words,
            encodingFormat=format_of(name),
        )  # fmt: skip

    def workflow(self) -> None:
        """The study's files and the workflow as they were run."""
        language = self.graph.add(
            LANGUAGE, "ComputerLanguage", name="Snakemake",
            alternateName="SMK", url="https://snakemake.readthedocs.io", version=metadata.version("snakemake"),
        )  # fmt: skip
        self.file(
            f"results/{MAIN}", ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"],
            name="ntcspec workflow", version=__version__, programmingLanguage=language,
            conformsTo={"@id": WORKFLOW_PROFILE}, url=MAIN,
        )  # fmt: skip
        own = own_files(self.plan.study)
        self.configs = [self.file(path, description="file of the study, as it was run") for path in own]
        for path in workflow(self.folder / COPIES):
            self.file(path, description="part of the workflow, as it was run")  # what is there stays as it is
        for path in code(self.plan):
            self.file(path, description="module of ntcspec that jobs reach")
        self.file(README, about={"@id": ROOT})

    def job(self, one: Done) -> None:
        """The action of one job, with its tool, files and parameters."""
        job, record = one.job, one.record
        tool = self.tools.tool(job, record)
        objects = []
        for item in record["inputs"]:
            file = self.raw(item, bool(record["simulated"])) if item["root"] == "raw" else self.file(item["path"])
            self.tools.takes(tool, job, item["role"], file)
            self.used.add(file["@id"])
            objects.append(file)
        objects += [self.tools.value(tool, job, name, value) for name, value in sorted(record["parameters"].items())]
        results = []
        for path in job.outputs:
            note = "SIMULATED data" if record["simulated"] else ""
            results.append(self.file(path, description=note))
            self.tools.makes(tool, subject(job.about), output_name(job, path), results[-1])
        what = " / ".join(str(record[k]) for k in ("sample", "measurement", "series", "panel", "figure") if k in record)
        title = f"{subject(job.about)}{': ' * bool(what)}{what}"
        words = f"Makes {', '.join(job.outputs)}{' from SIMULATED data' * bool(record['simulated'])}."
        self.action(job.outputs[0], title, words, tool, objects, results, one.ran, one.failure, job.log, job.key)

    def check_sums(self) -> None:
        """The action of the check sums, which are no artifact of the plan."""
        tool = self.tools.plain_tool("checksums", "ntcspec.study.jobs:run_checksums", __version__)
        objects = [self.file(path) for path in self.plan.outputs()]
        formal = self.tools.formal(local_id("input", "checksums", "artifact"), "File", "artifact")
        self.graph.link(tool["@id"], "input", formal)
        for file in objects:
            self.graph.link(file["@id"], "exampleOfWork", formal)
        result = self.file(SUMS)
        self.tools.makes(tool, "checksums", "SHA256SUMS", result)
        ran = joblog.read(self.folder / SUMS_LOG)
        self.action(SUMS, "checksums", f"Makes {SUMS}.", tool, objects, [result], ran, "", SUMS_LOG, "")

    def action(
        self, output: str, title: str, words: str, tool: Ref, objects: list[Ref], results: list[Ref],
        ran: Ran | None, failure: str, log: str, key: str,
    ) -> None:  # fmt: skip
        """A CreateAction; without its log it says that its times are not known."""
        self.runs.append(ran)
        facts: dict[str, Any] = {"actionStatus": FAILED if failure else DONE, "error": failure, "identifier": key}
        if ran:
            facts |= {"startTime": ran.start, "endTime": ran.end, "agent": self.agent(ran), "location": ran.host}
        else:
            words = f"{words} {UNKNOWN}"
        if (self.folder / log).is_file():
            facts["subjectOf"] = self.file(log, description="what the job said")
        name = local_id("job", output.removeprefix("results/"))
        facts |= {"name": title, "description": words, "instrument": tool, "object": objects, "result": results}
        made = self.graph.add(name, "CreateAction", **facts)
        self.tools.actions.setdefault(tool["@id"], []).append(made)

    def agent(self, ran: Ran) -> Ref:
        return self.graph.add(local_id("agent", ran.user), "Person", name=ran.user)

    def run(self) -> None:
        """The run of the workflow, of its engine, and of each step."""
        known = [ran for ran in self.runs if ran]
        span: dict[str, Any] = {}
        if known:
            last = max(known, key=lambda ran: ran.end)
            span = {"startTime": min(ran.start for ran in known), "endTime": last.end, "agent": self.agent(last)}
        words = "All jobs behind the results, from the first to the last; they may come from several runs."
        lost = len(self.runs) - len(known)
        words += f" When {lost} of them ran is not known." if lost else ""
        raw = [ref for ref in self.graph.of_type("File") if ref["@id"].startswith("#")]
        made = (file_id(path.removeprefix("results/")) for path in (*self.plan.outputs(), SUMS))
        final = [{"@id": name} for name in made if name not in self.used]
        self._ends(raw, final)
        run = self.graph.add(
            RUN, "CreateAction", name=f"run of the study {self.plan.study.name}", description=words,
            identifier=identity(self.plan), instrument={"@id": MAIN}, object=[*self.configs, *raw], result=final,
            actionStatus=DONE, **span,
        )  # fmt: skip
        url, version = "https://snakemake.readthedocs.io", metadata.version("snakemake")
        engine = self.graph.add(ENGINE, "SoftwareApplication", name="Snakemake", softwareVersion=version, url=url)
        controls = []
        for tool, actions in self.tools.actions.items():
            step = self.tools.steps[tool]
            name = step["@id"].replace("#step/", "#control/")
            controls.append(
                self.graph.add(name, "ControlAction", name=f"runs of {name[9:]}", instrument=step, object=actions)
            )
        facts = {"name": "run of Snakemake", "instrument": engine, "object": controls, "result": run, **span}
        self.graph.add(ENGINE_RUN, "OrganizeAction", **facts)

    def _ends(self, raw: Iterable[Ref], final: Iterable[Ref]) -> None:
        """What the workflow as a whole takes and makes, and its parts."""
        takes = [self.tools.formal(f"#input/{name}", "File", name) for name in ("config", "raw")]
        makes = self.tools.formal("#output/results", "File", "results")
        for formal, files in (*zip(takes, (self.configs, raw), strict=True), (makes, final)):
            for file in files:
                self.graph.link(file["@id"], "exampleOfWork", formal)
        for key, values in (
            ("input", takes),
            ("output", [makes]),
            ("step", self.tools.steps.values()),
            ("hasPart", ({"@id": tool} for tool in self.tools.actions)),
        ):
            for value in values:
                self.graph.link(MAIN, key, value)

    def root(self) -> None:
        """The study as a data set; everything else hangs on it."""
        study = self.plan.study
        simulated = any(m.simulated for m in study.measurements)
        words = study.about.description or f"Results of the study {study.name}, from raw files to figures, by ntcspec."
        known = [ran.end for ran in self.runs if ran]
        facts = {
            "name": study.name,
            "description": f"{'SIMULATED data. ' * simulated}{words}",
            "datePublished": max(known)[:10] if known else datetime.now(UTC).date().isoformat(),
            **add_about(self.graph, study.about),
            "keywords": "SIMULATED" if simulated else None,
            "conformsTo": [{"@id": url} for url in PROFILES],
            "mainEntity": {"@id": MAIN},
            "mentions": [*self.graph.of_type("CreateAction"), {"@id": ENGINE_RUN}],
            "hasPart": [ref for ref in self.graph.of_type("File") if not ref["@id"].startswith("#")],
        }
        self.graph.fill(ROOT, facts)
