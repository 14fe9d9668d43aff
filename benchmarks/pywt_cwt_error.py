"""How far pywt.cwt is from the wavelet transform of an EXAFS-like packet, and why.

    python benchmarks/pywt_cwt_error.py

The packet exp(-(k-k0)^2 / 2 s^2) sin(2 R0 k) has a closed form under the Morlet wavelet (ntcspec/xas/wavelet.py).
For each row the delay d (in samples) that brings pywt's W(k) closest to the closed form W(k - d dk) is found; the
table shows the error as it is, with every row moved back by its delay, and of |W| alone.
"""

from __future__ import annotations

import numpy as np
import pywt

from ntcspec.xas.wavelet import wavelet

N, R0, K0, S, DK = 49.0, 1.95, 7.0, 1.6, 0.05
K = DK * np.arange(281)
R = np.arange(1.0, 4.0, 0.02)


def closed_form(delay: np.ndarray) -> np.ndarray:
    """W(R, k - delay dk), one delay a row."""
    r, q = R[:, None], K - delay[:, None] * DK - K0
    a2 = N / (4 * r**2)
    p = S**2 + a2
    m = (2 * R0 * S**2 + 2 * r * a2) / p
    phase = 2j * R0 * K0 + 1j * m * q
    return -1j * S / np.sqrt(p) * np.exp(phase - q**2 / (2 * p) - 2 * S**2 * a2 * (r - R0) ** 2 / p)


def main() -> None:
    signal = np.exp(-((K - K0) ** 2) / (2 * S**2)) * np.sin(2 * R0 * K)
    exact = closed_form(np.zeros(R.size))
    top = np.abs(exact).max()
    print(f"ntcspec: {np.abs(wavelet(K, signal, R, order=N) - exact).max() / top:.1e} of the maximum")
    scales = np.pi / (R * DK)
    trial = np.arange(-1.5, 1.5, 0.005)
    print("precision  error    moved back  |W| alone  delay (samples)")
    for precision in (10, 12, 14, 16):
        found, _ = pywt.cwt(signal, scales, f"cmor{N / (2 * np.pi**2)}-1.0", precision=precision)
        found = found * (2 / np.sqrt(scales))[:, None]
        cost = [np.sum(np.abs(found - closed_form(np.full(R.size, d))) ** 2, axis=1) for d in trial]
        delay = trial[np.argmin(cost, axis=0)]
        strong = np.abs(exact).max(axis=1) > 0.1 * top
        errors = [np.abs(found - other).max() / top for other in (exact, closed_form(delay))]
        size = np.abs(np.abs(found) - np.abs(exact)).max() / top
        span = f"{delay[strong].min():+.2f} to {delay[strong].max():+.2f}"
        print(f"{precision:9d}  {errors[0]:7.2%}  {errors[1]:9.2%}  {size:9.2%}  {span}")


if __name__ == "__main__":
    main()
