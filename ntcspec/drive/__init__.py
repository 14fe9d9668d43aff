"""Driving Snakemake for `ntcspec run`: one driver at a time (`lock`), its process (`start`, `follow`), its words
(`progress`), where jobs run (`profile`), jobs in the queue of a cluster (`slurm`)."""
