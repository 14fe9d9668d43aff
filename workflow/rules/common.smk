# The study and its plan; a mistake in its files is told here, before anything runs.
import sys
from shlex import quote

from ntcspec.audit.facts import identity
from ntcspec.config.load import load_study
from ntcspec.drive.lock import hold_for_jobs
from ntcspec.errors import Problems, UserError, first_of
from ntcspec.plan import TABLE, Plan
from ntcspec.worker.book import book_path, write_book
from ntcspec.workflow import failures, is_told, left_out, measurement_pattern

try:
    PLAN = Plan(load_study(Path(config.get("study", "config/config.yaml"))))
except Problems as problems:
    sys.exit(f"The study cannot run:\n{problems}")

for line in left_out(PLAN.study):
    logger.warning(line)


# How a rule hands its job over: by key, to the warm worker of this node or to a process of its own (ntcspec/worker).
BOOK = book_path(PLAN).as_posix()
HAND_OVER = (
    quote(sys.executable)
    + " -I -S "
    + quote(f"{workflow.basedir}/workflow/scripts/job.py")
    + f" {BOOK} {{params.key}}"
)


onstart:
    try:
        hold_for_jobs(PLAN.study.root)
    except UserError as error:
        sys.exit(f"The study cannot run: {error}")
    write_book(PLAN)


wildcard_constraints:
    sample="[^/]+",
    panel="[^/]+",
    figure="[^/]+",
    series="[^/]+",


def job_inputs(output):
    """Input function of a rule: what the plan says for its (first) output.

    The time of a raw file says nothing (`ancient`): its content stands in `params` as a hash.
    """

    def paths(wildcards):
        first = output.format(**wildcards)
        roots = [origin.root for origin in PLAN.job(first).inputs]
        pairs = zip(PLAN.paths(first), roots)
        return [
            ancient(path) if root == "raw" else path
            for path, root in pairs
            if root != "raw" or is_told(path)
        ]

    return paths


def job_key(output):
    """Params function of a rule: the key of the planned job, which changes with all that the job depends on."""
    return lambda wildcards: PLAN.job(output.format(**wildcards)).key


def job_part(output, name):
    """Params function of a rule whose output has a caption, which names that part of the planned job."""
    return lambda wildcards: PLAN.job(output.format(**wildcards)).params()[name]
