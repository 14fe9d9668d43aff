"""Claims: what holds, what does not, what cannot be decided, and why."""

from __future__ import annotations

import csv
import itertools
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntcspec.study.claims import claims_csv, claims_of, summary
from ntcspec.study.judge import detected, inside, side, weighted
from ntcspec.study.table import metrics_csv, read_failures
from ntcspec.study.verdicts import HOLDS, NOT, OPEN, Finding
from ntcspec.types.study import Number

NAN = math.nan
WORDS = {"says": "it is so", "source": "Fig. 1", "refuted_by": "if not", "systematic": "worst", "metric": "raman.width"}
TREND = {**WORDS, "kind": "trend", "goes": "up", "against": "conductivity", "samples": ["a", "b", "c"]}
COMPARE = {
    **WORDS, "kind": "compare", "samples": ["b"], "to": ["a"], "relation": "above", "factor": None,
    "difference": None, "within": None,
}  # fmt: skip
WINDOW = {**WORDS, "kind": "window", "samples": ["a"], "range": [1.0, 2.0], "value": None, "within": None}
SEEN = {**WORDS, "kind": "present", "samples": ["a"]}
COUNT = {**WORDS, "kind": "count", "samples": ["a"], "features": [], "least": 2, "most": 2}


def number(value: float, stat: float = 0.01, sys: float = 0.0, unit: str = "1", reason: str = "") -> Number:
    return Number(value, unit, stat, sys, reason)


def gone(reason: str) -> Number:
    return Number(NAN, "1", NAN, NAN, reason)


def along(*values: float) -> dict[str, dict[str, Number]]:
    return {s: {"conductivity": number(v, NAN, 0.0, "S/cm")} for s, v in zip("abcdef", values, strict=False)}


def judged(claim: dict[str, Any], *numbers: Number | None, properties: Any = None) -> Finding:
    """The finding on a claim about samples a, b, c ... with these numbers; None: the sample was not measured."""
    table = {s: {claim["metric"]: n} for s, n in zip("abcdef", numbers, strict=False) if n is not None}
    (found,) = claims_of({"x": claim}, table, properties or along(1, 2, 3, 4, 5, 6), [])
    return found.finding


def values(*of: float, **u: float) -> list[Number]:
    return [number(v, **u) for v in of]


@pytest.mark.parametrize(
    ("numbers", "verdict"),
    [
        (values(1, 2, 3), HOLDS),
        (values(3, 2, 1), NOT),
        (values(1, 3, 2), NOT),
        (values(1, 1, 1), OPEN),
        (values(1, 1.01, 3), OPEN),  # one step within its uncertainty
        (values(1, 2, 3, stat=1.0), OPEN),
        (values(1, 2, 3, stat=0.0, sys=0.24), HOLDS),  # 1 > 2 (0.24 + 0.24)
        (values(1, 2, 3, stat=0.0, sys=0.26), OPEN),  # sizes add: what they have in common is not known
        (values(1, 2, 3, stat=NAN, sys=NAN), OPEN),
        ([*values(1, 2), gone("below 3 sigma")], OPEN),
        ([*values(2, 1), gone("below 3 sigma")], NOT),  # what is there contradicts it
        ([number(1), None, number(3)], OPEN),
        ([*values(1, 2), number(3, unit="eV")], OPEN),
    ],
)
def test_trend(numbers: list[Number], verdict: str) -> None:
    assert judged(TREND, *numbers).verdict == verdict


def test_a_trend_tells_these_samples_from_all_samples() -> None:
    found = judged(TREND, *values(1, 2, 4))
    assert (found.verdict, found.n, found.effect.value) == (HOLDS, 3, 3)
    assert found.p == pytest.approx(1 / 3)
    assert found.general == "not decided: p = 0.33; no order of 3 is rarer than p = 0.33"
    five = judged({**TREND, "samples": list("abcde")}, *values(1, 2, 4, 5, 6))
    assert (five.verdict, five.general) == (HOLDS, "rises, p = 0.017")


def test_systematic_uncertainties_in_common_cancel_only_where_it_is_said() -> None:
    numbers = values(1, 1.5, 2, stat=0.01, sys=0.4)
    found = {how: judged({**TREND, "systematic": how}, *numbers) for how in ("worst", "independent", "common")}
    assert {how: f.verdict for how, f in found.items()} == {"worst": OPEN, "independent": OPEN, "common": HOLDS}
    assert [f.effect.u_sys for f in found.values()] == pytest.approx([0.8, 0.4 * math.sqrt(2), 0.0])


def test_the_other_end_of_what_systematic_uncertainties_can_do_is_told() -> None:
    table = {s: {"raman.width": n} for s, n in zip("abc", values(1, 1.5, 2, stat=0.01, sys=0.4), strict=True)}
    found = row(TREND, table, [])
    assert (found["verdict"], found["if_common"]) == (OPEN, HOLDS)
    assert row(SEEN, table, [])["if_common"] == ""


def test_a_trend_takes_its_order_from_the_property_or_from_the_list() -> None:
    back = along(3, 2, 1)
    assert judged(TREND, *values(3, 2, 1), properties=back).verdict == HOLDS
    assert judged({**TREND, "against": None}, *values(3, 2, 1), properties=back).verdict == NOT


def test_samples_of_equal_property_are_not_compared() -> None:
    assert judged(TREND, *values(2, 1, 3), properties=along(1, 1, 2)).verdict == HOLDS
    assert judged(TREND, *values(1, 2, 3), properties=along(1, 1, 1)).verdict == OPEN


def test_a_sample_without_the_property_leaves_it_open() -> None:
    known = {**along(1, 2, 3), "b": {"conductivity": Number(NAN, "S/cm", NAN, 0.0, "not stated")}}
    found = judged(TREND, *values(1, 2, 3), properties=known)
    assert found.verdict == OPEN and "left out: b: conductivity: not stated" in found.why


@pytest.mark.parametrize(
    ("claim", "numbers", "verdict"),
    [
        ({}, values(1, 2), HOLDS),
        ({}, values(2, 1), NOT),
        ({}, values(1, 1), OPEN),
        ({"relation": "below"}, values(2, 1), HOLDS),
        ({"factor": 1.9}, values(1, 2), HOLDS),
        ({"factor": 2.0}, values(1, 2), OPEN),
        ({"factor": 3.0}, values(1, 2), NOT),
        ({"factor": 1.9, "relation": "below"}, values(2, 1), HOLDS),
        ({"factor": 2.0}, values(-1, 2), OPEN),  # a ratio to something negative
        ({"difference": 0.9}, values(1, 2), HOLDS),
        ({"difference": 1.5}, values(1, 2), NOT),
        ({"relation": "equal", "within": 0.1}, values(1, 1.05), HOLDS),
        ({"relation": "equal", "within": 0.1}, values(1, 1.08), OPEN),
        ({"relation": "equal", "within": 0.1}, values(1, 1.2), NOT),
        ({"relation": "equal", "within": 0.1}, values(1, 1, stat=1.0), OPEN),  # uncertain is not equal
        ({}, [number(1), gone("not detected: below 3 sigma")], OPEN),
        ({}, [number(1, NAN, NAN), number(2)], OPEN),
        ({}, [number(1), number(2, unit="eV")], OPEN),
    ],
)
def test_compare(claim: dict[str, Any], numbers: list[Number], verdict: str) -> None:
    assert judged({**COMPARE, **claim}, *numbers).verdict == verdict


def test_a_ratio_is_the_effect_where_a_factor_is_asked_for() -> None:
    found = judged({**COMPARE, "factor": 1.5}, number(1, 0.01, 0.02), number(2, 0.02, 0.0))
    assert (found.effect.value, found.effect_is) == (2, "b over a")
    assert found.effect.u_stat == pytest.approx(2 * math.hypot(0.01, 0.01))
    assert found.effect.u_sys == pytest.approx(0.04)


def test_the_least_favourable_pair_is_the_effect() -> None:
    found = judged({**COMPARE, "samples": ["c"], "to": ["a", "b"]}, *values(1, 1.5, 2))
    assert (found.verdict, found.effect_is, found.effect.value) == (HOLDS, "c less b", 0.5)
    assert judged({**COMPARE, "samples": ["c"], "to": ["a", "b"]}, *values(1, 3, 2)).verdict == NOT


@pytest.mark.parametrize(
    ("claim", "numbers", "verdict"),
    [
        ({}, values(1.5), HOLDS),
        ({}, values(1.01), OPEN),
        ({}, values(3), NOT),
        ({}, values(1.5, stat=1.0), OPEN),
        ({}, [number(1.5, NAN, NAN)], OPEN),
        ({}, [gone("below 3 sigma")], OPEN),
        ({"range": None, "value": 7.2, "within": 0.2}, values(7.25), HOLDS),
        ({"range": None, "value": 7.2, "within": 0.2}, values(7.5), NOT),
        ({"samples": ["a", "b"]}, values(1.5, 1.6), HOLDS),
        ({"samples": ["a", "b"]}, values(1.5, 2.6), NOT),
        ({"samples": ["a", "b"]}, [number(1.5), None], OPEN),
    ],
)
def test_window(claim: dict[str, Any], numbers: list[Number], verdict: str) -> None:
    assert judged({**WINDOW, **claim}, *numbers).verdict == verdict


@pytest.mark.parametrize(
    ("number", "there"),
    [
        (number(1.0), 1),
        (number(0.025), 0),  # between two and three times its uncertainty
        (number(0.015), -1),
        (number(-1.0), -1),
        (number(1.0, NAN, NAN), 0),
        (gone("below 3 sigma"), -1),
        (gone("not detected: below 3 sigma"), -1),
        (gone("no maximum in 1 to 2 eV; no shoulder in 1 to 2 eV"), -1),
        (gone("not measured"), 0),
        (gone("not resolved: line 1 below 3 sigma"), 0),
        (gone(""), 0),
    ],
)
def test_present_and_absent(number: Number, there: int) -> None:
    verdicts = {1: (HOLDS, NOT), 0: (OPEN, OPEN), -1: (NOT, HOLDS)}[there]
    assert (judged(SEEN, number).verdict, judged({**SEEN, "kind": "absent"}, number).verdict) == verdicts


def test_a_limit_is_given_for_what_is_consistent_with_zero() -> None:
    found = judged({**SEEN, "kind": "absent"}, number(0.01, 0.02))
    assert found.why == "a: consistent with zero, below 0.05" and found.verdict == HOLDS


@pytest.mark.parametrize(
    ("claim", "numbers", "verdict"),
    [
        ({}, [number(2, NAN, NAN)], HOLDS),  # a count needs no uncertainty
        ({}, [number(1, NAN, NAN)], NOT),
        ({"least": 1}, [number(1, NAN, NAN)], HOLDS),
        ({}, [gone("not resolved: line 2 cannot be seen")], OPEN),
        ({"samples": ["a", "b"]}, [number(2, NAN, NAN), None], OPEN),
        ({"samples": ["a", "b"]}, [number(1, NAN, NAN), None], NOT),
    ],
)
def test_count(claim: dict[str, Any], numbers: list[Number], verdict: str) -> None:
    assert judged({**COUNT, **claim}, *numbers).verdict == verdict


@pytest.mark.parametrize(
    ("second", "verdict"),
    [(number(1), HOLDS), (gone("no maximum in 1 to 2 eV"), NOT), (gone("not measured"), OPEN), (number(0.025), OPEN)],
)
def test_features_are_counted_where_they_were_looked_for(second: Number, verdict: str) -> None:
    table = {"a": {"na_k.a.height": number(1), "na_k.b.height": second}}
    claim = {**COUNT, "metric": None, "features": ["na_k.a.height", "na_k.b.height"]}
    assert claims_of({"x": claim}, table, {}, [])[0].finding.verdict == verdict


def row(claim: dict[str, Any], table: Any, simulated: list[str]) -> dict[str, str]:
    text = claims_csv(claims_of({"x": claim}, table, along(1, 2, 3), simulated), "{}")
    assert text.startswith("# ntcspec-record {}\n")
    (found,) = csv.DictReader(text.splitlines()[1:])
    return found


def test_the_row_says_what_was_used_and_what_is_simulated() -> None:
    table = {s: {"raman.width": n} for s, n in zip("abc", values(1, 2, 3, stat=0.01, sys=0.02), strict=True)}
    found = row(TREND, table, ["a", "b", "c"])
    assert found["data"] == "SIMULATED" and row(TREND, table, ["b"])["data"] == "SIMULATED in part: b"
    assert row(TREND, table, [])["data"] == "measured"
    assert found["values"] == "a: 1 u 0.01 0.02; b: 2 u 0.01 0.02; c: 3 u 0.01 0.02"
    assert (found["effect"], found["u_stat"], found["u_sys"], found["n"]) == ("2", "0.0141421", "0.04", "3")


def test_a_metric_that_no_sample_has_is_named_with_the_nearest() -> None:
    found = row(TREND, {"a": {"raman.widths": number(1)}}, [])
    assert found["verdict"] == OPEN and "did you mean 'raman.widths'?" in found["why"]
    elsewhere = row(TREND, {"a": {"raman.width": number(1)}, "b": {"raman.height": number(1)}}, [])
    assert "b: raman of this sample gives no such metric; c: no raman of this sample" in elsewhere["why"]


def test_a_measurement_that_failed_says_why() -> None:
    listed = [
        {
            "record": {"sample": "a", "technique": "raman", "measurement": "raman"},
            "failure": "no silicon line",
            "metrics": [],
        },
    ]
    text = metrics_csv(listed, [{"sample": "b", "name": "*", "reason": "no such file"}], "{}")
    failed = read_failures(text)
    (found,) = claims_of({"x": TREND}, {"c": {"raman.width": number(1)}}, along(1, 2, 3), [], failed)
    assert found.finding.verdict == OPEN
    assert "a: raman failed: no silicon line; b: raman failed: no such file" in found.finding.why


def test_an_uncertainty_that_is_not_known_is_said() -> None:
    found = judged(TREND, *values(1, 2, 3, sys=NAN))
    assert found.verdict == HOLDS and found.why.endswith("systematic uncertainty not known of a, b, c")


def test_summary_counts_the_verdicts() -> None:
    table = {s: {"raman.width": n} for s, n in zip("abc", values(1, 2, 3), strict=True)}
    claims = {"up": TREND, "down": {**TREND, "goes": "down"}, "other": {**TREND, "metric": "raman.other"}}
    text = claims_csv(claims_of(claims, table, along(1, 2, 3), ["a"]), "{}")
    assert summary(text) == "1 hold, 1 do not hold, 1 cannot be decided (SIMULATED data)"


def test_a_shuffled_property_takes_away_what_held() -> None:
    """Negative control: of the orders of four samples one alone lets the claim hold, and none of the others does."""
    claim, numbers = {**TREND, "samples": list("abcd")}, values(1, 2, 3, 4)
    verdicts = [judged(claim, *numbers, properties=along(*p)).verdict for p in itertools.permutations((1, 2, 3, 4))]
    assert verdicts[0] == HOLDS and set(verdicts[1:]) == {NOT}


finite = st.floats(-1e6, 1e6)
size = st.floats(0, 1e3)
numbers_ = st.builds(lambda v, s, t: number(v, s, t), finite, size, size)


@given(st.lists(numbers_, min_size=3, max_size=3), st.sampled_from(["worst", "independent", "common"]))
def test_no_two_opposite_trends_hold(numbers: list[Number], how: str) -> None:
    up = judged({**TREND, "systematic": how}, *numbers).verdict
    down = judged({**TREND, "systematic": how, "goes": "down"}, *numbers).verdict
    assert (up == HOLDS) <= (down == NOT) and (down == HOLDS) <= (up == NOT)


@given(numbers_, numbers_, st.floats(1, 100))
def test_larger_uncertainties_never_decide_more(a: Number, b: Number, times: float) -> None:
    wide = [Number(n.value, n.unit, n.u_stat * times, n.u_sys * times, "") for n in (a, b)]
    one, other = (side(weighted([(1.0, x), (-1.0, y)], "worst"), 0.0) for x, y in ((a, b), tuple(wide)))
    assert other in (one, 0)


@given(numbers_, numbers_)
def test_worst_is_the_widest(a: Number, b: Number) -> None:
    pair = [(1.0, a), (-1.0, b)]
    worst, independent, common = (weighted(pair, how).u_sys for how in ("worst", "independent", "common"))
    assert worst >= independent * (1 - 1e-12) and independent >= common * (1 - 1e-12)


@given(numbers_, finite, st.floats(0.001, 1e3))
def test_inside_and_outside_exclude_each_other(a: Number, low: float, width: float) -> None:
    of = weighted([(1.0, a)], "worst")
    if inside(of, low, low + width) > 0:
        assert low < a.value < low + width
    if inside(of, low, low + width) < 0:
        assert not low <= a.value <= low + width


@given(numbers_)
def test_nothing_is_detected_and_not_detected(a: Number) -> None:
    of = weighted([(1.0, a)], "worst")
    assert (detected(a) == 1) == (a.value > 3 * of.u) and (detected(a) == -1) == (a.value <= 2 * of.u)


def on_series(claim: dict[str, Any], table: dict[str, dict[str, Number]], failed: Any = None) -> dict[str, str]:
    tested = claims_of({"x": claim}, table, {}, ["series rank", "a"], failed or {})
    (row,) = csv.DictReader(claims_csv(tested, "{}").splitlines()[1:])
    return row


def test_a_metric_of_a_series_as_a_whole_needs_no_sample() -> None:
    table = {"": {"rank.rank": number(3.0), "rank.noise": number(0.5, 0.01)}, "a": {}}
    count = {**COUNT, "metric": "rank.rank", "samples": [], "least": 3, "most": 3}
    row = on_series(count, table)
    assert (row["verdict"], row["samples"], row["data"], row["n"]) == (HOLDS, "series rank", "SIMULATED", "1")
    assert row["why"] == "3 in series rank, claimed 3"
    window = {**WINDOW, "metric": "rank.noise", "samples": []}
    assert on_series(window, table)["verdict"] == NOT
    assert on_series({**SEEN, "metric": "rank.noise", "samples": []}, table)["verdict"] == HOLDS


def test_a_series_that_gave_nothing_says_why() -> None:
    window = {**WINDOW, "metric": "rank.noise", "samples": []}
    row = on_series(window, {"a": {}}, {("", "rank"): "too few samples"})
    assert row["verdict"] == OPEN and "rank failed: too few samples" in row["why"]
    row = on_series({**window, "samples": ["a"]}, {"a": {}}, {("", "rank"): "too few samples"})
    assert row["verdict"] == OPEN and "a: rank failed: too few samples" in row["why"]


def test_a_metric_of_a_series_of_each_sample_is_claimed_like_any_other() -> None:
    table = {"a": {"split.shift": number(1.0)}, "b": {"split.shift": number(2.0)}, "": {"split.count": number(2.0)}}
    row = on_series({**COMPARE, "metric": "split.shift"}, table)
    assert (row["verdict"], row["effect"], row["data"]) == (HOLDS, "1", "SIMULATED in part: a")
    missing = on_series({**COMPARE, "metric": "split.count"}, table)
    assert missing["verdict"] == OPEN and "split of this sample gives no such metric" in missing["why"]
