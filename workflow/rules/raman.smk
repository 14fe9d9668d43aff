# Raman: ingest -> reduce -> transform -> measure
RAMAN = measurement_pattern(PLAN.study, "raman")


rule raman_ingest:
    input:
        job_inputs("results/{sample}/{measurement}/ingest.nxs"),
    output:
        update("results/{sample}/{measurement}/ingest.nxs"),
    log:
        "results/logs/{sample}/{measurement}/ingest.log",
    wildcard_constraints:
        measurement=RAMAN,
    params:
        key=job_key("results/{sample}/{measurement}/ingest.nxs"),
    message:
        "ingest {wildcards.sample} / {wildcards.measurement}"
    shell:
        HAND_OVER


rule raman_reduce:
    input:
        job_inputs("results/{sample}/{measurement}/reduce.nxs"),
    output:
        update("results/{sample}/{measurement}/reduce.nxs"),
    log:
        "results/logs/{sample}/{measurement}/reduce.log",
    wildcard_constraints:
        measurement=RAMAN,
    params:
        key=job_key("results/{sample}/{measurement}/reduce.nxs"),
    message:
        "reduce {wildcards.sample} / {wildcards.measurement}"
    shell:
        HAND_OVER


rule raman_transform:
    input:
        job_inputs("results/{sample}/{measurement}/transform.nxs"),
    output:
        update("results/{sample}/{measurement}/transform.nxs"),
    log:
        "results/logs/{sample}/{measurement}/transform.log",
    wildcard_constraints:
        measurement=RAMAN,
    params:
        key=job_key("results/{sample}/{measurement}/transform.nxs"),
    message:
        "transform {wildcards.sample} / {wildcards.measurement}"
    shell:
        HAND_OVER


rule raman_measure:
    input:
        job_inputs("results/{sample}/{measurement}/measure.nxs"),
    output:
        update("results/{sample}/{measurement}/measure.nxs"),
        update("results/{sample}/{measurement}/measure.json"),
    log:
        "results/logs/{sample}/{measurement}/measure.log",
    wildcard_constraints:
        measurement=RAMAN,
    params:
        key=job_key("results/{sample}/{measurement}/measure.nxs"),
    message:
        "measure {wildcards.sample} / {wildcards.measurement}"
    shell:
        HAND_OVER
