# The study as a whole: series, table, trends, claims, panels, figures, study file, report, check sums, crate.


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
        report(
            update("results/metrics.csv"),
            caption="../report/metrics.rst",
            category="Tables",
            labels={"table": "all metrics"},
        ),
        report(
            update("results/samples.csv"),
            caption="../report/samples.rst",
            category="Tables",
            labels={"table": "samples"},
        ),
    log:
        "results/logs/metrics.log",
    params:
        key=job_key("results/metrics.csv"),
        about=job_part("results/metrics.csv", "about"),
    message:
        "table of all metrics"
    shell:
        HAND_OVER


rule trends:
    input:
        job_inputs("results/trends.csv"),
    output:
        report(
            update("results/trends.csv"),
            caption="../report/trends.rst",
            category="Tables",
            labels={"table": "trends"},
        ),
    log:
        "results/logs/trends.log",
    params:
        key=job_key("results/trends.csv"),
        about=job_part("results/trends.csv", "about"),
        properties=list(PLAN.study.trends),
    message:
        "trends of metrics against properties"
    shell:
        HAND_OVER


rule claims:
    input:
        job_inputs("results/claims.csv"),
    output:
        report(
            update("results/claims.csv"),
            caption="../report/claims.rst",
            category="Tables",
            labels={"table": "claims"},
        ),
    log:
        "results/logs/claims.log",
    params:
        key=job_key("results/claims.csv"),
        about=job_part("results/claims.csv", "about"),
        number=len(PLAN.study.claims),
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
            labels={"panel": "{panel}"},
        ),
        update("results/panels/{panel}.pdf"),
        update("results/panels/{panel}.svg"),
    log:
        "results/logs/panels/{panel}.log",
    params:
        key=job_key("results/panels/{panel}.nxs"),
        about=job_part("results/panels/{panel}.nxs", "about"),
        settings=job_part("results/panels/{panel}.nxs", "settings"),
        origin=job_part("results/panels/{panel}.nxs", "origin"),
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


rule figure:
    input:
        job_inputs("results/figures/{figure}.png"),
    output:
        report(
            update("results/figures/{figure}.png"),
            caption="../report/figure.rst",
            category="Figures",
            labels={"figure": "{figure}"},
        ),
        update("results/figures/{figure}.pdf"),
        update("results/figures/{figure}.svg"),
    log:
        "results/logs/figures/{figure}.log",
    params:
        key=job_key("results/figures/{figure}.png"),
        about=job_part("results/figures/{figure}.png", "about"),
        settings=job_part("results/figures/{figure}.png", "settings"),
    message:
        "figure {wildcards.figure}"
    shell:
        HAND_OVER


rule report_page:
    input:
        job_inputs("results/report.html"),
    output:
        update("results/report.html"),
    log:
        "results/logs/report.log",
    params:
        key=job_key("results/report.html"),
    message:
        "report"
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
