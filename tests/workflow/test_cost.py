"""No job imports more than it needs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from study import ROOT

HEAVY = ("larch", "lmfit", "scipy", "matplotlib", "pandas", "pydantic", "snakemake", "sqlalchemy", "pywt")
ALLOWED = {
    "ingest": set(),
    "reduce": {"larch", "lmfit", "scipy", "pandas", "sqlalchemy", "matplotlib"},
    "transform": {"scipy"},
    "wavelet": {"scipy"},
    "measure": {"scipy"},
    "panel": {"matplotlib"},
    "table": set(),
}
SCRIPT = """
import json, sys
from pathlib import Path
from ntcspec.config.load import load_study
from ntcspec.plan import Plan
plan = Plan(load_study(Path('.')))
job = next(j for j in plan.jobs.values() if j.about['stage'] == sys.argv[1])
print(json.dumps([job.params(), plan.paths(job.outputs[0]), list(job.outputs)]))
"""
RUN = """
import json, sys
kind, text = sys.argv[1], sys.stdin.read()
params, inputs, outputs = json.loads(text)
if kind in ('panel', 'table'):
    from ntcspec.study import jobs
    run = getattr(jobs, 'run_' + kind)
else:
    from ntcspec.stage import run_stage as run
run(params, inputs, outputs, 'job.log')
print(json.dumps(sorted({m.split('.')[0] for m in sys.modules})))
"""


@pytest.mark.parametrize("stage", ALLOWED)
def test_imports_of_a_job(study: Path, stage: str) -> None:
    import json

    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = {"cwd": study, "env": env, "capture_output": True, "text": True, "check": True}
    planned = subprocess.run([sys.executable, "-c", SCRIPT, stage], **words)  # type: ignore[call-overload]
    done = subprocess.run([sys.executable, "-c", RUN, stage], input=planned.stdout, **words)  # type: ignore[call-overload]
    assert set(json.loads(done.stdout)) & set(HEAVY) <= ALLOWED[stage]
