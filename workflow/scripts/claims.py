from ntcspec.study.jobs import run_claims

run_claims(dict(snakemake.params.items()), list(snakemake.input), list(snakemake.output), snakemake.log[0])  # noqa: F821
