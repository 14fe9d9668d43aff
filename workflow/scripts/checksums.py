from ntcspec.study.jobs import run_checksums

run_checksums(list(snakemake.input), snakemake.output[0], snakemake.log[0])  # noqa: F821
