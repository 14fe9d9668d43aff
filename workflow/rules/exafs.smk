# EXAFS: ingest -> reduce -> transform -> wavelet -> measure, paths where structures are named, fit where models are, bend where a ligand is
EXAFS = measurement_pattern(PLAN.study, "exafs")


rule exafs_ingest:
    input:
        job_inputs("results/{sample}/{measurement}/ingest.nxs"),
    output:
        update("results/{sample}/{measurement}/ingest.nxs"),
    log:
        "results/logs/{sample}/{measurement}/ingest.log",
    wildcard_constraints:
        measurement=EXAFS,
    params:
        key=job_key("results/{sample}/{measurement}/ingest.nxs"),
    message:
        "ingest {wildcards.sample} / {wildcards.measurement}"
    shell:
        HAND_OVER


rule exafs_reduce:
    input:
        job_inputs("results/{sample}/{measurement}/reduce.nxs"),
    output:
        update("results/{sample}/{measurement}/reduce.nxs"),
    log:
        "results/logs/{sample}/{measurement}/reduce.log",
    wildcard_constraints:
        measurement=EXAFS,
    params:
        key=job_key("results/{sample}/{measurement}/reduce.nxs"),
    message:
        "reduce {wildcards.sample} / {wildcards.measurement}"
    shell:
        HAND_OVER


rule exafs_transform:
    input:
        job_inputs("results/{sample}/{measurement}/transform.nxs"),
    output:
        update("results/{sample}/{measurement}/transform.nxs"),
    log:
        "results/logs/{sample}/{measurement}/transform.log",
    wildcard_constraints:
        measurement=EXAFS,
    params:
        key=job_key("results/{sample}/{measurement}/transform.nxs"),
    message:
        "transform {wildcards.sample} / {wildcards.measurement}"
    shell:
        HAND_OVER


rule exafs_wavelet:
    input:
        job_inputs("results/{sample}/{measurement}/wavelet.nxs"),
    output:
        update("results/{sample}/{measurement}/wavelet.nxs"),
    log:
        "results/logs/{sample}/{measurement}/wavelet.log",
    wildcard_constraints:
        measurement=EXAFS,
    params:
        key=job_key("results/{sample}/{measurement}/wavelet.nxs"),
    message:
        "wavelet {wildcards.sample} / {wildcards.measurement}"
    shell:
        HAND_OVER


rule exafs_measure:
    input:
        job_inputs("results/{sample}/{measurement}/measure.nxs"),
    output:
        update("results/{sample}/{measurement}/measure.nxs"),
        update("results/{sample}/{measurement}/measure.json"),
    log:
        "results/logs/{sample}/{measurement}/measure.log",
    wildcard_constraints:
        measurement=EXAFS,
    params:
        key=job_key("results/{sample}/{measurement}/measure.nxs"),
    message:
        "measure {wildcards.sample} / {wildcards.measurement}"
    shell:
        HAND_OVER


rule exafs_paths:
    input:
        job_inputs("results/{sample}/{measurement}/paths.nxs"),
    output:
        update("results/{sample}/{measurement}/paths.nxs"),
        update("results/{sample}/{measurement}/paths.json"),
    log:
        "results/logs/{sample}/{measurement}/paths.log",
    wildcard_constraints:
        measurement=EXAFS,
    params:
        key=job_key("results/{sample}/{measurement}/paths.nxs"),
    message:
        "paths {wildcards.sample} / {wildcards.measurement}"
    shell:
        HAND_OVER


rule exafs_fit:
    input:
        job_inputs("results/{sample}/{measurement}/fit.nxs"),
    output:
        update("results/{sample}/{measurement}/fit.nxs"),
        update("results/{sample}/{measurement}/fit.json"),
    log:
        "results/logs/{sample}/{measurement}/fit.log",
    wildcard_constraints:
        measurement=EXAFS,
    params:
        key=job_key("results/{sample}/{measurement}/fit.nxs"),
    message:
        "fit {wildcards.sample} / {wildcards.measurement}"
    shell:
        HAND_OVER


rule exafs_bend:
    input:
        job_inputs("results/{sample}/{measurement}/bend.nxs"),
    output:
        update("results/{sample}/{measurement}/bend.nxs"),
        update("results/{sample}/{measurement}/bend.json"),
    log:
        "results/logs/{sample}/{measurement}/bend.log",
    wildcard_constraints:
        measurement=EXAFS,
    params:
        key=job_key("results/{sample}/{measurement}/bend.nxs"),
    message:
        "bend {wildcards.sample} / {wildcards.measurement}"
    shell:
        HAND_OVER
