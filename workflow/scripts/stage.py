from ntcspec.stage import run_stage

run_stage(dict(snakemake.params.items()), list(snakemake.input), list(snakemake.output), snakemake.log[0])  # noqa: F821
