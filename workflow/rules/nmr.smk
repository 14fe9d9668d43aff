# NMR: ingest -> reduce -> measure
NMR = measurement_pattern(PLAN.study, "nmr")


rule nmr_ingest:
    input:
        job_inputs("results/{sample}/{measurement}/ingest.nxs"),
    output:
        update("results/{sample}/{measurement}/ingest.nxs"),
    log:
        "results/logs/{sample}/{measurement}/ingest.log",
    wildcard_constraints:
        measurement=NMR,
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


rule nmr_reduce:
    input:
        job_inputs("results/{sample}/{measurement}/reduce.nxs"),
    output:
        update("results/{sample}/{measurement}/reduce.nxs"),
    log:
        "results/logs/{sample}/{measurement}/reduce.log",
    wildcard_constraints:
        measurement=NMR,
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


rule nmr_measure:
    input:
        job_inputs("results/{sample}/{measurement}/measure.nxs"),
    output:
        update("results/{sample}/{measurement}/measure.nxs"),
        update("results/{sample}/{measurement}/measure.json"),
    log:
        "results/logs/{sample}/{measurement}/measure.log",
    wildcard_constraints:
        measurement=NMR,
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
