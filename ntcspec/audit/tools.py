"""Tools, steps and formal parameters of a crate: what kinds of jobs there were, by which code, with what settings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from ntcspec.audit.entities import Graph, Ref, file_id, local_id
from ntcspec.audit.facts import CODE, COPIES, source_of
from ntcspec.audit.parameters import as_value, meaning
from ntcspec.plan import Job
from ntcspec.provenance import canonical, sha256_bytes

MAIN = f"{COPIES.removeprefix('results/')}/Snakefile"
PARAMETER_PROFILE = "https://bioschemas.org/profiles/FormalParameter/1.0-RELEASE"


class Tools:
    """Adds tools, each with its step, to a graph; a tool is a function with the code and packages that it ran with."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.steps: dict[str, Ref] = {}  # by the id of the tool
        self.made_by: dict[str, Ref] = {}  # formal output by the id of the file
        self.actions: dict[str, list[Ref]] = {}  # by the id of the tool

    def tool(self, job: Job, record: Mapping[str, Any]) -> Ref:
        """The tool that did a job."""
        ran = {name: record[name] for name in ("packages", "python", "ntcspec")}
        code = record["code"]["fingerprint"]
        kind = subject(job.about)
        name = local_id("tool", kind, short([code, ran]))
        if name not in self.graph:
            needs = [self._package(n, v) for n, v in ran["packages"].items()] + [self._python(ran["python"])]
            version = f"{ran['ntcspec']}+code.{code}"
            function = job.work.get("function") or job.modules[-1]
            words = f"{function} of ntcspec {ran['ntcspec']}; {code} is the fingerprint of the modules that it reaches"
            self._add(name, kind, str(function), description=words, softwareVersion=version, softwareRequirements=needs)
        return {"@id": name}

    def plain_tool(self, kind: str, function: str, version: str) -> Ref:
        """A tool without a record of its own."""
        name = local_id("tool", kind)
        if name not in self.graph:
            self._add(name, kind, function, description=f"{function} of ntcspec", softwareVersion=version)
        return {"@id": name}

    def _add(self, name: str, kind: str, function: str, /, **properties: Any) -> None:
        url = module_file(function.partition(":")[0])
        tool = self.graph.add(name, "SoftwareApplication", name=function, url=url, **properties)
        step = local_id("step", *name.split("/")[1:])
        self.steps[name] = self.graph.add(
            step, "HowToStep", name=kind, position=str(len(self.steps) + 1), workExample=tool
        )

    def _package(self, name: str, version: str) -> Ref:
        url = f"https://pypi.org/project/{name}/{version}/"
        return self.graph.add(url, "SoftwareApplication", name=name, softwareVersion=version, url=url)

    def _python(self, version: str) -> Ref:
        name = local_id("python", version)
        url = "https://www.python.org/"
        return self.graph.add(name, "SoftwareApplication", name="Python", softwareVersion=version, url=url)

    def takes(self, tool: Ref, job: Job, role: str, file: Ref) -> None:
        """Note that a file went in, and from which output of another tool it came."""
        formal = self.formal(local_id("input", subject(job.about), role), "File", role)
        self.graph.link(tool["@id"], "input", formal)
        self.graph.link(file["@id"], "exampleOfWork", formal)
        source = self.made_by.get(file["@id"])
        if source:
            name = local_id("connection", source["@id"][1:], formal["@id"][1:])
            wire = self.graph.add(name, "ParameterConnection", sourceParameter=source, targetParameter=formal)
            self.graph.link(self.steps[tool["@id"]]["@id"], "connection", wire)

    def makes(self, tool: Ref, kind: str, output: str, file: Ref) -> None:
        """Note that a file came out. output: its name among the outputs of such jobs."""
        formal = self.formal(local_id("output", kind, output), "File", output)
        self.graph.link(tool["@id"], "output", formal)
        self.graph.link(file["@id"], "exampleOfWork", formal)
        self.made_by[file["@id"]] = formal

    def value(self, tool: Ref, job: Job, name: str, value: Any) -> Ref:
        """A parameter as it was used; equal values of equal jobs are one entity."""
        kind = subject(job.about)
        means = meaning(job, name, value)
        formal = self.formal(
            local_id("parameter", kind, name), means.kind, name,
            description=means.text, defaultValue=means.default, unitText=means.unit,
        )  # fmt: skip
        self.graph.link(tool["@id"], "input", formal)
        return self.graph.add(
            local_id("value", kind, name, short(value)), "PropertyValue", name=name, value=as_value(value),
            unitText=means.unit, exampleOfWork=formal,
        )  # fmt: skip

    def formal(self, name: str, kind: str, title: str, /, **properties: Any) -> Ref:
        """A formal parameter."""
        profile = {"@id": PARAMETER_PROFILE}
        return self.graph.add(
            name, "FormalParameter", name=title, additionalType=kind, conformsTo=profile, **properties
        )


def module_file(module: str) -> str:
    """Where the copy of a module lies in the crate."""
    path = Path(CODE.removeprefix("results/"), source_of(module))
    return file_id(path.as_posix())


def subject(about: Mapping[str, Any]) -> str:
    """What kind of job: 'exafs.reduce', 'panel'."""
    return f"{about['technique']}.{about['stage']}" if "technique" in about else str(about["stage"])


def output_name(job: Job, output: str) -> str:
    """The name of an output among the outputs of such jobs: without what names the panel or the series."""
    path = PurePosixPath(output)
    return path.suffix.removeprefix(".") if {"panel", "figure", "series"} & set(job.about) else path.name


def short(value: Any) -> str:
    """Ten digits that tell values apart."""
    return sha256_bytes(canonical(value).encode())[:10]
