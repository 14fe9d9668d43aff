# The study as a whole: series, table, trends, claims, panels, study file, check sums.


rule series:
    input:
        job_inputs("results/series/{series}.nxs"),
    output:
        update("results/series/{series}.nxs"),
        update("results/series/{series}.json"),
    log:
        "results/logs/series/{series}.log",
    params:
        key=job_key("results/series/{series}.nxs"),
    message:
        "series {wildcards.series}"
    shell:
        HAND_OVER


rule table:
    input:
        job_inputs("results/metrics.csv"),
    output:
        update("results/metrics.csv"),
        update("results/samples.csv"),
    log:
        "results/logs/metrics.log",
    params:
        key=job_key("results/metrics.csv"),
    message:
        "table of all metrics"
    shell:
        HAND_OVER


rule trends:
    input:
        job_inputs("results/trends.csv"),
    output:
        update("results/trends.csv"),
    log:
        "results/logs/trends.log",
    params:
        key=job_key("results/trends.csv"),
    message:
        "trends of metrics against properties"
    shell:
        HAND_OVER


rule claims:
    input:
        job_inputs("results/claims.csv"),
    output:
        update("results/claims.csv"),
    log:
        "results/logs/claims.log",
    params:
        key=job_key("results/claims.csv"),
    message:
        "claims tested on the metrics"
    shell:
        HAND_OVER


rule panel:
    input:
        job_inputs("results/panels/{panel}.nxs"),
    output:
        update("results/panels/{panel}.nxs"),
        report(
            update("results/panels/{panel}.png"),
            caption="../report/panel.rst",
            category="Panels",
        ),
        update("results/panels/{panel}.pdf"),
        update("results/panels/{panel}.svg"),
    log:
        "results/logs/panels/{panel}.log",
    params:
        **job_params("results/panels/{panel}.nxs"),
    message:
        "panel {wildcards.panel}"
    shell:
        HAND_OVER


rule study_file:
    input:
        job_inputs(PLAN.study_file),
    output:
        update(PLAN.study_file),
    log:
        "results/logs/study.log",
    params:
        key=job_key(PLAN.study_file),
    message:
        "the whole study in one file"
    shell:
        HAND_OVER


rule checksums:
    input:
        PLAN.outputs(),
    output:
        "results/SHA256SUMS",
    log:
        "results/logs/checksums.log",
    params:
        identity=BOOK,
    message:
        "check sums"
    script:
        "../scripts/checksums.py"


rule crate:
    input:
        "results/SHA256SUMS",
    output:
        "results/ro-crate-metadata.json",
    log:
        "results/logs/crate.log",
    params:
        study=str(PLAN.study.config.relative_to(PLAN.study.root)),
        identity=identity(PLAN),
    message:
        "crate"
    script:
        "../scripts/crate.py"
