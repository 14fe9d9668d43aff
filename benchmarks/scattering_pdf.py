"""Time of I(Q) -> G(r), 1,500 points of Q and 1,000 of r: ntcspec and glassure in the same run, single thread.

    OMP_NUM_THREADS=1 python benchmarks/scattering_pdf.py

glassure 3 (its compiled backend where there is one) makes S(Q) by least squares and G(r) by its fast transform, without
errors; ntcspec the same, then with errors by the full covariance. Best of many, as other work on the machine can only
add time. `new` builds the plan (form factors, polynomials, matrix of the transform) again each time.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from glassure.calc import calculate_pdf, create_calculate_pdf_configs
from glassure.pattern import Pattern

from ntcspec.config.scattering_pdf import Absolute
from ntcspec.formula import fractions
from ntcspec.scattering import errors
from ntcspec.scattering import plan as planned
from ntcspec.scattering.requests import settings_of
from ntcspec.scattering.transform import _sigma_of_g
from ntcspec.types.scattering import Part, ScatteringReduced
from ntcspec.types.scattering_pdf import Propagation

FORMULA, DENSITY = "Mg2SiO4", 2.9
Q = np.linspace(0.4, 24.0, 1500)
COUNTS = 1e4 * np.exp(-Q / 5) * (1 + 0.4 * np.sin(1.62 * Q) / Q) + 300
ONE = np.ones(Q.size)
R = (0.0, 10.0, 0.01)


def best(call: Callable[[], object], repeats: int = 50) -> float:
    """Shortest time of a call, ms."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return 1e3 * min(times)


def prepared(normalisation: str) -> tuple[ScatteringReduced, planned.Plan, Propagation]:
    """A pattern, its plan and how noise goes through it."""
    part = Part("sample", "made up", Q, COUNTS, np.sqrt(COUNTS), ONE, 0.0)
    of = ScatteringReduced(Q, COUNTS, np.sqrt(COUNTS), (part,), 0.2, {}, ())
    settings, _, _ = settings_of(
        of, normalisation=normalisation, qmin=None, qmax=None, qmaxinst=None, rpoly_ang=0.9, rule="pdfgetx3-2",
        lorch=False, below_qmin="auto", r=R, rho0=0.0869, absolute=Absolute(breit_dirac=0).model_dump(),
    )  # fmt: skip
    made = planned.plan(Q, fractions(FORMULA, "benchmark"), settings)
    terms, (left, right) = made.terms(made.grid.to_grid(COUNTS)), made.filter
    return of, made, Propagation(errors.intensity_covariance(of, made.grid), *terms, left, right)


def main() -> None:
    data, asked = create_calculate_pdf_configs(Pattern(Q, COUNTS), FORMULA, DENSITY)
    asked.optimize = None
    other = best(lambda: calculate_pdf(data, asked))
    print(f"glassure calculate_pdf        {other:7.2f} ms")
    for normalisation in ("adhoc", "absolute"):
        of, made, propagation = prepared(normalisation)
        one = best(lambda made=made: made.g_of(COUNTS))
        many = best(lambda made=made: made.g_of(np.broadcast_to(COUNTS, (100, Q.size))), 10) / 100

        def new(normalisation: str = normalisation) -> None:
            planned._plan.cache_clear()
            prepared(normalisation)[1].g_of(COUNTS)

        def with_errors(made: planned.Plan = made, propagation: Propagation = propagation) -> None:
            made.g_of(COUNTS)
            _sigma_of_g(made, propagation)

        print(
            f"ntcspec {normalisation:9s}             {one:7.2f} ms a pattern ({other / one:.1f} x glassure), "
            f"{many:.2f} ms in a batch of 100, {best(new, 10):.1f} ms with a new plan"
        )
        print(f"        with all errors of G  {best(with_errors, 10):7.1f} ms")
        del of


if __name__ == "__main__":
    main()
