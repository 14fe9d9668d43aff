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
        work=job_params("results/{sample}/{measurement}/ingest.nxs", "work"),
        about=job_params("results/{sample}/{measurement}/ingest.nxs", "about"),
        settings=job_params("results/{sample}/{measurement}/ingest.nxs", "settings"),
        origin=job_params("results/{sample}/{measurement}/ingest.nxs", "origin"),
        modules=job_params("results/{sample}/{measurement}/ingest.nxs", "modules"),
        code=job_params("results/{sample}/{measurement}/ingest.nxs", "code"),
        key=job_params("results/{sample}/{measurement}/ingest.nxs", "key"),
    message:
        "ingest {wildcards.sample} / {wildcards.measurement}"
    script:
        "../scripts/stage.py"


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
        work=job_params("results/{sample}/{measurement}/reduce.nxs", "work"),
        about=job_params("results/{sample}/{measurement}/reduce.nxs", "about"),
        settings=job_params("results/{sample}/{measurement}/reduce.nxs", "settings"),
        origin=job_params("results/{sample}/{measurement}/reduce.nxs", "origin"),
        modules=job_params("results/{sample}/{measurement}/reduce.nxs", "modules"),
        code=job_params("results/{sample}/{measurement}/reduce.nxs", "code"),
        key=job_params("results/{sample}/{measurement}/reduce.nxs", "key"),
    message:
        "reduce {wildcards.sample} / {wildcards.measurement}"
    script:
        "../scripts/stage.py"


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
        work=job_params("results/{sample}/{measurement}/transform.nxs", "work"),
        about=job_params("results/{sample}/{measurement}/transform.nxs", "about"),
        settings=job_params("results/{sample}/{measurement}/transform.nxs", "settings"),
        origin=job_params("results/{sample}/{measurement}/transform.nxs", "origin"),
        modules=job_params("results/{sample}/{measurement}/transform.nxs", "modules"),
        code=job_params("results/{sample}/{measurement}/transform.nxs", "code"),
        key=job_params("results/{sample}/{measurement}/transform.nxs", "key"),
    message:
        "transform {wildcards.sample} / {wildcards.measurement}"
    script:
        "../scripts/stage.py"


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
        work=job_params("results/{sample}/{measurement}/wavelet.nxs", "work"),
        about=job_params("results/{sample}/{measurement}/wavelet.nxs", "about"),
        settings=job_params("results/{sample}/{measurement}/wavelet.nxs", "settings"),
        origin=job_params("results/{sample}/{measurement}/wavelet.nxs", "origin"),
        modules=job_params("results/{sample}/{measurement}/wavelet.nxs", "modules"),
        code=job_params("results/{sample}/{measurement}/wavelet.nxs", "code"),
        key=job_params("results/{sample}/{measurement}/wavelet.nxs", "key"),
    message:
        "wavelet {wildcards.sample} / {wildcards.measurement}"
    script:
        "../scripts/stage.py"


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
        work=job_params("results/{sample}/{measurement}/measure.nxs", "work"),
        about=job_params("results/{sample}/{measurement}/measure.nxs", "about"),
        settings=job_params("results/{sample}/{measurement}/measure.nxs", "settings"),
        origin=job_params("results/{sample}/{measurement}/measure.nxs", "origin"),
        modules=job_params("results/{sample}/{measurement}/measure.nxs", "modules"),
        code=job_params("results/{sample}/{measurement}/measure.nxs", "code"),
        key=job_params("results/{sample}/{measurement}/measure.nxs", "key"),
    message:
        "measure {wildcards.sample} / {wildcards.measurement}"
    script:
        "../scripts/stage.py"


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
        work=job_params("results/{sample}/{measurement}/paths.nxs", "work"),
        about=job_params("results/{sample}/{measurement}/paths.nxs", "about"),
        settings=job_params("results/{sample}/{measurement}/paths.nxs", "settings"),
        origin=job_params("results/{sample}/{measurement}/paths.nxs", "origin"),
        modules=job_params("results/{sample}/{measurement}/paths.nxs", "modules"),
        code=job_params("results/{sample}/{measurement}/paths.nxs", "code"),
        key=job_params("results/{sample}/{measurement}/paths.nxs", "key"),
    message:
        "paths {wildcards.sample} / {wildcards.measurement}"
    script:
        "../scripts/stage.py"


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
        work=job_params("results/{sample}/{measurement}/fit.nxs", "work"),
        about=job_params("results/{sample}/{measurement}/fit.nxs", "about"),
        settings=job_params("results/{sample}/{measurement}/fit.nxs", "settings"),
        origin=job_params("results/{sample}/{measurement}/fit.nxs", "origin"),
        modules=job_params("results/{sample}/{measurement}/fit.nxs", "modules"),
        code=job_params("results/{sample}/{measurement}/fit.nxs", "code"),
        key=job_params("results/{sample}/{measurement}/fit.nxs", "key"),
    message:
        "fit {wildcards.sample} / {wildcards.measurement}"
    script:
        "../scripts/stage.py"


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
        work=job_params("results/{sample}/{measurement}/bend.nxs", "work"),
        about=job_params("results/{sample}/{measurement}/bend.nxs", "about"),
        settings=job_params("results/{sample}/{measurement}/bend.nxs", "settings"),
        origin=job_params("results/{sample}/{measurement}/bend.nxs", "origin"),
        modules=job_params("results/{sample}/{measurement}/bend.nxs", "modules"),
        code=job_params("results/{sample}/{measurement}/bend.nxs", "code"),
        key=job_params("results/{sample}/{measurement}/bend.nxs", "key"),
    message:
        "bend {wildcards.sample} / {wildcards.measurement}"
    script:
        "../scripts/stage.py"
