"""Jobs of Slurm that ended before their work was done: whose they were, why, and the way out.

Of a group Snakemake does not print why it was lost; `ntcspec.drive.executor` does, in a line of its own. The log
of Slurm and the members follow.

    Slurm: SLURM-job '12' failed, SLURM status is: 'TIMEOUT'. ...
    [Mon Nov 30 18:22:01 2026]
        message: Error in group ...
        log: /study/.snakemake/slurm_logs/group_measurements/12.log (check log file(s) for error details)
        jobs:
            rule exafs_ingest:
                jobid: 3
                output: results/a/exafs/ingest.nxs (update)
                log: results/logs/a/exafs/ingest.log (check log file(s) for error details)
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from ntcspec.drive.profile import Profile
from ntcspec.drive.progress import error_in, subject_of
from ntcspec.drive.slurm import asked_for
from ntcspec.plan import Plan

SAID = re.compile(r"^Slurm: (.+)$")
LOG = re.compile(r"^    log: (.+?) \(check log file")
MEMBERS = re.compile(r"^    jobs:$")
INSIDE = " " * 8  # the list of members
MEMBER = re.compile(r"^ {12}log: (.+?) \(check log file")
NUMBER = re.compile(r"SLURM-job '(\d+)'")
REFUSED = re.compile(r"sbatch failed\. The error message was '(.*?)'\.")
TAIL = 20_000  # characters of Slurm's log: the reason stands at its end
GO_ON = "`ntcspec run` again: what is whole is used"
NAMED = 3  # measurements of a lost job that are named

MEMORY = re.compile(r"OUT_OF_MEMORY|exceeded \S*\s?memory limit|oom[-_ ]?kill|out of memory", re.IGNORECASE)
TIME = re.compile(r"'TIMEOUT'|DUE TO TIME LIMIT")
NODE = re.compile(r"NODE_FAIL|BOOT_FAIL|NODE FAILURE")
CANCELLED = re.compile(r"'CANCELLED'|'PREEMPTED'|\*\*\* JOB \d+ ON \S+ CANCELLED")


@dataclass
class Lost:
    """A job of Slurm that ended early: what the executor said, Slurm's log, the logs of its members."""

    said: str = ""
    log: str = ""
    members: list[str] = field(default_factory=list)


class Losses:
    """Hears every line of Snakemake; `heard` returns what is to be told, `final` keeps what no further try mended."""

    def __init__(self, plan: Plan, profile: Profile) -> None:
        self.root, self.profile = plan.study.root, profile
        self.subjects = {job.log: subject_of(job) for job in plan.jobs.values()}
        self.now, self.listing = Lost(), False
        self.tries: Counter[frozenset[str]] = Counter()
        self.final: list[str] = []

    def heard(self, line: str) -> str:
        """One line; what is to be told when the last of what is said of a lost job was read, else ''."""
        if self.listing and not line.startswith(INSIDE):
            lost, self.now, self.listing = self.now, Lost(), False
            return self._told(lost)
        if self.listing:
            if found := MEMBER.match(line):
                self.now.members.append(found[1])
        elif found := SAID.match(line):
            self.now = Lost(found[1])
        elif found := LOG.match(line):
            self.now.log = found[1]
        elif MEMBERS.match(line):
            self.listing = True
        return ""

    def _told(self, lost: Lost) -> str:
        group = frozenset(lost.members)
        self.tries[group] += 1
        again, most = self.tries[group], self.profile.retries + 1
        what, fix = self._why(lost)
        log = f" (log: {lost.log.removeprefix(f'{self.root.resolve()}/')})" if lost.log else ""
        if again < most:
            return f"{self._whose(lost)}: {what}; sent again, try {again + 1} of {most}{log}"
        tries = f", at the last of {again} tries" if again > 1 else ""
        self.final.append(f"{self._whose(lost)}: {what}{tries} -> {fix}{log}")
        return f"FAILED {self.final[-1]}"

    def _whose(self, lost: Lost) -> str:
        """'a / exafs, b / exafs and 2 more'."""
        members = set(lost.members)
        subjects = list(dict.fromkeys(one for log, one in self.subjects.items() if log in members)) or sorted(members)
        more = len(subjects) - NAMED
        return ", ".join(subjects[:NAMED]) + (f" and {more} more" if more > 0 else "")

    def _why(self, lost: Lost) -> tuple[str, str]:
        """What happened, and what to do."""
        settings = self.profile.settings
        if found := REFUSED.search(lost.said):
            keys = "partition, account, memory and time are keys of"
            said = "; ".join(part.strip() for part in found[1].split("sbatch: error:") if part.strip())
            return f"Slurm takes no such job ({said})", f"{keys} {settings} (docs/cluster.md)"
        number = found[1] if (found := NUMBER.search(lost.said)) else ""
        text, asked = f"{lost.said}\n{_tail(Path(lost.log))}", asked_for(number)
        job = f"job {number} of Slurm" if number else "a job of the cluster"
        if MEMORY.search(text):
            much = f"the {asked.memory}B of memory" if asked.memory else "the memory"
            what, key = f"{job} needed more than {much} that it had asked for", "mem_mb"
        elif TIME.search(text):
            long = f" of {asked.time}" if asked.time else ""
            what, key = f"{job} was not done within the time{long} that it had asked for", "runtime"
        elif NODE.search(text):
            return f"{job} was lost with its node{asked.node and f' {asked.node}'}", GO_ON
        elif CANCELLED.search(text):
            return f"{job} was cancelled from outside", GO_ON
        else:
            errors = [said for log in lost.members if (said := error_in(self.root / log))]
            return (f"{job} failed: {errors[0]}" if errors else f"{job} failed"), "see its log"
        return what, f"raise {key} in {settings} (docs/cluster.md)"


def _tail(path: Path) -> str:
    try:
        return path.read_text(errors="replace")[-TAIL:]
    except OSError:
        return ""
