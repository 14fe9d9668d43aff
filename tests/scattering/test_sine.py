"""The sine transform against the sum that it is, and against a Gaussian, whose transform is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntcspec.scattering.axis import interpolation
from ntcspec.scattering.sine import Sine

STEP = 0.02
GRID = np.arange(25, 1201) * STEP
R = np.arange(0, 2001) * 0.01


def sine(q: np.ndarray = GRID, **more: bool) -> Sine:
    return Sine(q, STEP, 0.5, 24.0, 0.01, **more)


def direct(f: np.ndarray, q: np.ndarray, r: np.ndarray) -> np.ndarray:
    return 2 / np.pi * STEP * np.sin(np.outer(r, q)) @ f


def test_transform_is_the_sum() -> None:
    f = np.random.default_rng(0).normal(size=GRID.size)
    s = sine()
    at = s.r_nodes_ang[[0, 5, 100, 777]]
    np.testing.assert_allclose(s(f, at), direct(f, GRID, at), atol=1e-10)


@pytest.mark.parametrize("lorch", [False, True])
@pytest.mark.parametrize("line", [False, True])
@pytest.mark.parametrize("offset", [0.0, 0.5, 0.31])
def test_matrix_is_the_transform(lorch: bool, line: bool, offset: float) -> None:
    q = GRID[:-1] + offset * STEP
    s = sine(q, lorch=lorch, line=line)
    f = np.random.default_rng(1).normal(size=(3, q.size))
    np.testing.assert_allclose(f @ s.matrix(R).T, s(f, R), atol=1e-9)


def test_a_shell_becomes_a_gaussian() -> None:
    q = np.arange(0, 2001) * STEP
    f = np.sin(q * 3.0) * np.exp(-0.5 * (0.1 * q) ** 2)
    g = Sine(q, STEP, 0.0, 40.0, 0.01)(f, R)
    np.testing.assert_allclose(
        g, np.exp(-0.5 * ((R - 3) / 0.1) ** 2) / (0.1 * np.sqrt(2 * np.pi)), atol=4e-3
    )  # G is linear between its points


def test_below_qmin_a_line_or_nothing() -> None:
    f = np.full(GRID.size, 1.0)
    low = np.arange(1, 25) * STEP
    at = sine().r_nodes_ang[[40, 400]]
    np.testing.assert_allclose(sine(line=True)(f, at) - sine()(f, at), direct(low / 0.5, low, at), atol=1e-12)


def test_lorch_is_the_lorch_function() -> None:
    f = np.random.default_rng(2).normal(size=GRID.size)
    window = np.sin(np.pi * GRID / 24) / (np.pi * GRID / 24)
    np.testing.assert_allclose(sine(lorch=True)(f, R), sine()(f * window, R), atol=1e-10)


@given(st.integers(2, 60), st.integers(1, 80), st.integers(0, 1000))
def test_interpolation_is_that_of_numpy_and_its_transpose(size: int, count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    source = np.cumsum(rng.uniform(0.01, 1, size))
    target = rng.uniform(-1, source[-1] + 1, count)
    to = interpolation(source, target)
    y, rows = rng.normal(size=size), rng.normal(size=(3, count))
    np.testing.assert_allclose(to(y), np.interp(target, source, y), atol=1e-12)
    matrix = np.array([to(one) for one in np.eye(size)]).T
    np.testing.assert_allclose(to.transposed(rows), rows @ matrix, atol=1e-12)
