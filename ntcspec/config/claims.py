"""Claims of a study: what a paper says of its samples, as claims.yaml states it. One model a kind."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from ntcspec.config.base import Interval, Parameters, param, required
from ntcspec.config.study import FileName

METRIC = r"^[^.]+\..+$"
SAMPLES = "samples that the claim is about; all of them must bear it out"
OR_SERIES = f"{SAMPLES}. Without any, the metric is one of a series as a whole, as `series.metric`"
METRIC_NAME = "metric as `measurement.metric` of results/metrics.csv, or as `series.metric`"
MetricName = Annotated[str, Field(pattern=METRIC)]


class Claim(Parameters):
    """What every claim says, of whatever kind."""

    says: str = required("the claim in words", min_length=1)
    source: str = required("where it stands: a reference and the place in it", min_length=1)
    refuted_by: str = required("what would count against it, in words", min_length=1)
    systematic: Literal["worst", "independent", "common"] = param(
        "worst",
        "",
        "how systematic uncertainties of samples go together: `worst`, unknown, so their sizes add; `independent`, as "
        "the root of the sum of squares; `common`, the same sign in all, so they cancel but for the difference",
    )


class TrendClaim(Claim):
    """A metric rises or falls with a property of the samples, or in the order in which they are named."""

    kind: Literal["trend"]
    metric: MetricName = required(METRIC_NAME)
    goes: Literal["up", "down"] = required("whether the metric rises or falls")
    against: str | None = param(None, "", "property that orders the samples; without it they stand in the given order")
    samples: tuple[str, ...] = required(SAMPLES, min_length=2)


class CompareClaim(Claim):
    """A metric of samples lies above or below that of others, or equals it."""

    kind: Literal["compare"]
    metric: MetricName = required(METRIC_NAME)
    samples: tuple[str, ...] = required(SAMPLES, min_length=1)
    to: tuple[str, ...] = required("samples that each of `samples` is compared to", min_length=1)
    relation: Literal["above", "below", "equal"] = required("how `samples` stand to `to`")
    factor: float | None = param(None, "", "least ratio, larger over smaller", gt=1)
    difference: float | None = param(None, "that of the metric", "least difference", gt=0)
    within: float | None = param(None, "that of the metric", "largest difference that still is equal", gt=0)

    @model_validator(mode="after")
    def _whole(self) -> CompareClaim:
        if (self.relation == "equal") != (self.within is not None):
            raise ValueError(
                "`equal` needs `within`, the largest difference that still is equal, and nothing else does"
            )
        if len({*self.samples, *self.to}) == 1:
            raise ValueError("`to` names no other sample than `samples`: a sample is not compared to itself")
        if self.factor is not None and self.difference is not None:
            raise ValueError("give `factor` or `difference`, not both")
        if self.relation == "equal" and (self.factor or self.difference):
            raise ValueError("`equal` takes neither `factor` nor `difference`")
        return self


class WindowClaim(Claim):
    """A metric lies in a range, or equals a value within a tolerance."""

    kind: Literal["window"]
    metric: MetricName = required(METRIC_NAME)
    samples: tuple[str, ...] = param((), "", OR_SERIES)
    range: Interval | None = param(None, "that of the metric", "where the metric lies; or `value` and `within`")
    value: float | None = param(None, "that of the metric", "what the metric equals")
    within: float | None = param(None, "that of the metric", "largest distance from `value`", gt=0)

    @model_validator(mode="after")
    def _whole(self) -> WindowClaim:
        if (self.range is None) == (self.value is None) or (self.value is None) != (self.within is None):
            raise ValueError("give `range`, or `value` and `within`")
        return self


class SeenClaim(Claim):
    """A feature is there (`present`), or is not (`absent`)."""

    kind: Literal["present", "absent"]
    metric: MetricName = required("height, area or position of the feature, as `measurement.metric`")
    samples: tuple[str, ...] = param((), "", OR_SERIES)


class CountClaim(Claim):
    """A number of things, such as lines in a band: a metric that counts, or how many features are detected."""

    kind: Literal["count"]
    metric: MetricName | None = param(None, "", "metric that counts, as `measurement.metric`")
    features: tuple[MetricName, ...] = param((), "", "or metrics of which those with a value are counted")
    samples: tuple[str, ...] = param((), "", OR_SERIES)
    least: int = required("smallest number that bears the claim out", ge=0)
    most: int = required("largest number that does", ge=0)

    @model_validator(mode="after")
    def _whole(self) -> CountClaim:
        if (self.metric is None) != bool(self.features):
            raise ValueError("give `metric` or `features`")
        if self.least > self.most:
            raise ValueError("`least` must not be above `most`")
        return self


KINDS: dict[str, type[Claim]] = {
    "trend": TrendClaim,
    "compare": CompareClaim,
    "window": WindowClaim,
    "present": SeenClaim,
    "absent": SeenClaim,
    "count": CountClaim,
}
AnyClaim = TrendClaim | CompareClaim | WindowClaim | SeenClaim | CountClaim


class ClaimsFile(Parameters):
    """claims.yaml"""

    claims: dict[FileName, Annotated[AnyClaim, Field(discriminator="kind")]] = required("the claims by name")


def metrics_of(claim: Any) -> tuple[str, ...]:
    """Every metric that a claim names."""
    return (claim.metric,) if claim.metric else tuple(claim.features)


def samples_of(claim: Any) -> dict[str, tuple[str, ...]]:
    """Every sample that a claim names, by key."""
    return {key: getattr(claim, key) for key in ("samples", "to") if hasattr(claim, key)}
