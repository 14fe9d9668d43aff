# ntcspec: raw beamline files -> numbers with uncertainties, figure panels, one audited record.
#
#   ntcspec run [STUDY]                                        the whole study, with progress and a summary
#   snakemake --profile workflow/profiles/default              the same for people who know Snakemake
#   snakemake ... --directory STUDY --config study=config.yaml another study
#
# Which jobs there are, their inputs and parameters: ntcspec/plan.py. This file only hands them over.
from snakemake.utils import min_version

min_version("9.27")


include: "workflow/rules/common.smk"
include: "workflow/rules/xanes.smk"
include: "workflow/rules/exafs.smk"
include: "workflow/rules/scattering.smk"
include: "workflow/rules/raman.smk"
include: "workflow/rules/nmr.smk"
include: "workflow/rules/study.smk"


rule all:
    default_target: True
    input:
        PLAN.outputs(),
        "results/SHA256SUMS",
        "results/ro-crate-metadata.json",


onsuccess:
    failed = [f"FAILED {name}: {reason}" for name, reason in failures(PLAN)]
    for line in first_of(failed, f"{TABLE} names them all"):
        print(line, file=sys.stderr)
