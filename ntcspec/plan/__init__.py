"""Every job of a study, with its key, before anything runs: what the Snakefile, `run` and `verify` work from."""

from __future__ import annotations

from ntcspec.config.resolved import Study
from ntcspec.plan.figures import figure_job
from ntcspec.plan.job import Input, Job, Jobs
from ntcspec.plan.measurements import stage_job
from ntcspec.plan.panels import PANEL_MODULES, panel_job
from ntcspec.plan.readable import readable
from ntcspec.plan.report import REPORT, report_job
from ntcspec.plan.study import CLAIMS, TABLE, TABLE_MODULES, claims_job, series_job, table_job, trends_job
from ntcspec.plan.study_file import study_file_job
from ntcspec.provenance import Hashes, hash_cache
from ntcspec.techniques import STAGES

__all__ = ["CLAIMS", "CRATE", "PANEL_MODULES", "REPORT", "SUMS", "TABLE", "TABLE_MODULES", "Input", "Job", "Plan"]

SUMS = "results/SHA256SUMS"
CRATE = "results/ro-crate-metadata.json"


class Plan(Jobs):
    """All jobs of a study by their first output, in the order in which they can run."""

    def __init__(self, study: Study, hashes: Hashes | None = None) -> None:
        """hashes: where the sha256 of raw files come from; without it, from the cache that a run keeps.

        `self.study` is without measurements whose raw files cannot be read. Raises Problems where none is left.
        """
        cache = hashes or hash_cache(study.root)
        study = readable(study, cache)
        super().__init__(study)
        for order in range(max(map(len, STAGES.values()))):  # stage by stage: a stage may need a standard's earlier one
            for measurement in study.measurements:
                for stage in measurement.stages[order : order + 1]:
                    if not stage.is_wanted(measurement.parameters):
                        continue
                    self.add(stage_job(self, measurement, stage, order, cache))
        cache.save()
        for name in study.series:
            self.add(series_job(self, name))
        self.add(table_job(self))
        if study.trends:
            self.add(trends_job(self))
        if study.claims:
            self.add(claims_job(self))
        for name in study.panels:
            self.add(panel_job(self, name))
        for name in study.figures:
            self.add(figure_job(self, name))
        whole = study_file_job(self)
        self.study_file = whole.outputs[0]
        self.add(whole)
        self.add(report_job(self))

    def job(self, output: str) -> Job:
        return self.jobs[output]

    def outputs(self) -> list[str]:
        """Every artifact of the study."""
        return [path for job in self.jobs.values() for path in job.outputs]

    def paths(self, output: str) -> list[str]:
        """The inputs of a job as paths from the study's root."""
        return [self.study.raw(i.path) if i.root == "raw" else i.path for i in self.job(output).inputs]
