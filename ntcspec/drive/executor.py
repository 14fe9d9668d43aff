"""What Snakemake's executor for Slurm does otherwise here; plain Snakemake does without, and takes longer.

1. A job of Slurm is one run of Snakemake on its node, which does all members of the group. Left alone, the executor
   starts another Snakemake by `srun` for each member: seconds a stage. A group fails as a whole, so when a member does,
   the others are done all the same: what is wrong with them is told at once.
2. Why a job was lost is printed. Snakemake drops what the executor says of a group.
3. A job that has ended is seen soon. The executor looks 10 s later each time that nothing has ended, up to 180 s.
"""

from __future__ import annotations

from typing import Any

CHANGED = ("additional_general_args", "print_job_error", "next_seconds_between_status_checks")  # of 2.8
LONGEST = 3  # times the first wait (slurm-init-seconds-before-status-checks) between two looks at the queue


def mend(executor: Any) -> None:
    """Change the class of the executor; one of another version that lacks what is changed stays as it is."""
    if not all(hasattr(executor, name) for name in CHANGED):
        return
    tell, wait = executor.print_job_error, executor.next_seconds_between_status_checks

    def print_job_error(self: Any, job_info: Any, msg: str | None = None, **words: Any) -> None:
        if msg:
            self.logger.error(f"Slurm: {' '.join(msg.split())}")
        tell(self, job_info, msg, **words)

    def seconds(self: Any) -> float:
        most: float = LONGEST * self.workflow.executor_settings.init_seconds_before_status_checks
        return min(wait.fget(self), most)

    executor.additional_general_args = lambda self: "--keep-going"
    executor.print_job_error = print_job_error
    executor.next_seconds_between_status_checks = property(seconds, wait.fset)
