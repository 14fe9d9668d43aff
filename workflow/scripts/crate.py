from ntcspec.audit.crate import run_crate

run_crate(snakemake.params.study, snakemake.log[0])  # noqa: F821
