"""Raw NMR files written from the descriptions of their formats, sharing nothing with the readers."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

ACQUS = {
    "AQ_mod": 3, "BYTORDA": 0, "DTYPA": 0, "NC": 0, "SW_h": 50000.0, "SFO1": 105.67, "BF1": 105.6697, "NUC1": "<23Na>",
    "NS": 16, "DIGMOD": 1, "GRPDLY": 0, "PULPROG": "<zg>", "MASR": 12000,
}  # fmt: skip
PROCPAR = {
    "sw": 50000.0, "sfrq": 105.67, "reffrq": 105.6697, "rfl": 24700.0, "rfp": 0.0, "tn": '"Na23"', "ct": 8, "srate": 12000,
    "seqfil": '"onepul"',
}  # fmt: skip
ACQ = {"ppfn": "onepulse", "dw": "20us", "ch1": "1", "sf1": "105.67", "sf2": "399.48", "speed": "12.000kHz", "na": "4"}
PROC = {"rmp1": "105.66970423", "rmv1": "0.04", "rmvunits1": "1", "domain1": "0", "datatype": "0"}


def decay(n: int = 256, nu_hz: float = 4000.0, width_hz: float = 50000.0, scale: float = 1e5) -> np.ndarray:
    """A line at nu_hz from the carrier in our orientation, whole numbers."""
    t = np.arange(n) / width_hz
    x = scale * np.exp(2j * np.pi * nu_hz * t - np.pi * 300.0 * t)
    return np.rint(x.real) + 1j * np.rint(x.imag)


def interleaved(x: np.ndarray, dtype: str) -> bytes:
    return np.column_stack([x.real, x.imag]).astype(dtype).tobytes()


def bruker(
    folder: Path, x: np.ndarray, *, dtype: str = "<i4", procs: dict[str, object] | None = None, **keys: object
) -> Path:
    """fid, acqus, and pdata/1/procs where its keys are given."""
    folder.mkdir(parents=True, exist_ok=True)
    about: dict[str, object] = {
        **ACQUS,
        "TD": 2 * x.size,
        "BYTORDA": int(dtype[0] == ">"),
        "DTYPA": {"i4": 0, "f8": 2}[dtype[1:]],
    }
    about = {name: value for name, value in {**about, **keys}.items() if value is not None}
    content = interleaved(x, dtype)
    (folder / "fid").write_bytes(content + b"\0" * (-len(content) % 1024))
    (folder / "acqus").write_text(jcamp_parameters(about))
    if procs is not None:
        (folder / "pdata" / "1").mkdir(parents=True, exist_ok=True)
        (folder / "pdata" / "1" / "procs").write_text(jcamp_parameters(procs))
    return folder


def jcamp_parameters(keys: dict[str, object]) -> str:
    lines = [
        "##TITLE= Parameter file, TOPSPIN\t\tVersion 3.0",
        "##JCAMPDX= 5.0",
        "$$ a comment ##$SW_h= 7",
        "##$D= (0..3)",
        "0 0.05",
        "1 2",
    ]
    lines += [f"##${name}= {value}" for name, value in keys.items()]
    return "\n".join([*lines, "##END=", ""])


def varian(
    folder: Path, x: np.ndarray, *, dtype: str = ">f4", status: int | None = None, blocks: int = 1, **keys: object
) -> Path:
    """fid and procpar. x: shape (n,), in our orientation; blocks: how often it stands in the file, doubled each time."""
    folder.mkdir(parents=True, exist_ok=True)
    size = int(dtype[2:])
    kind = {">f4": 0x8, ">i4": 0x4, ">i2": 0x0}[dtype] | 0x1 | 0x10
    status = kind if status is None else status
    one = [interleaved(np.conj(x) * 2**i, dtype) for i in range(blocks)]
    head = struct.pack(">6l2hl", blocks, 1, 2 * x.size, size, len(one[0]), len(one[0]) + 28, 0, status, 1)
    block = [struct.pack(">4hl4f", 0, status, i + 1, 0, 1, 0.0, 0.0, 0.0, 0.0) + data for i, data in enumerate(one)]
    (folder / "fid").write_bytes(head + b"".join(block))
    about = {**PROCPAR, "np": 2 * x.size, "at": x.size / 50000.0, **keys}
    (folder / "procpar").write_text(procpar({name: value for name, value in about.items() if value is not None}))
    return folder


def procpar(keys: dict[str, object]) -> str:
    lines = ["text 2 2 8 0 0 2 1 0 1 64", '2 "a \\"quoted\\" word"', '"two', 'lines"', '2 "y" "n" ']
    for name, value in keys.items():
        kind = "2 2" if isinstance(value, str) else "1 1"
        lines += [f"{name} {kind} 8 0 0 2 1 0 1 64", f"1 {value}", "0 "]
    return "\n".join(lines) + "\n"


def spinsight(folder: Path, x: np.ndarray, *, dtype: str = ">i4", copies: int = 1, **keys: str | None) -> Path:
    """data, acq, acq_2, proc; keys with None are left out. copies: decays in the file, doubled each time."""
    folder.mkdir(parents=True, exist_ok=True)
    every = np.array([x * 2**i for i in range(copies)])
    (folder / "data").write_bytes(np.concatenate([every.real.ravel(), every.imag.ravel()]).astype(dtype).tobytes())
    acq = {**ACQ, "al": str(x.size)}
    proc = {**PROC, "current_size1": str(x.size), "datatype": "1" if dtype == ">f4" else "0"}
    for name, value in keys.items():
        (proc if name in PROC or name.startswith("current") or name == "datatype" else acq)[name] = value  # type: ignore[assignment]
    for file, about in (("acq", acq), ("proc", proc), ("acq_2", {"ac": "4", "use_array": "0"})):
        (folder / file).write_text("".join(f"{k}={v}\n" for k, v in about.items() if v is not None))
    return folder


def jcamp_spectrum(
    y: np.ndarray, *, form: str = "affn", head: str = "", unit: str = "HZ", first: float = 5000.0, last: float = 0.0
) -> str:
    """A JCAMP-DX file of one spectrum, real part alone, in XYDATA."""
    labels = {
        "TITLE": "x", "JCAMPDX": "5.01", "DATA TYPE": "NMR SPECTRUM", ".OBSERVE FREQUENCY": "100.0", ".OBSERVE NUCLEUS": "^1H",
        "XUNITS": unit, "YUNITS": "ARBITRARY UNITS", "FIRSTX": first, "LASTX": last, "XFACTOR": 1, "YFACTOR": 2, "NPOINTS": y.size,
    }  # fmt: skip
    lines = (
        [f"##{k}= {v}" for k, v in labels.items()]
        + [one for one in head.splitlines() if one]
        + ["##XYDATA= (X++(Y..Y))"]
    )
    return "\n".join([*lines, *(dif_lines if form == "dif" else affn_lines)(y.astype(int)), "##END=", ""])


def affn_lines(y: np.ndarray) -> list[str]:
    return [" ".join(["0", *(str(v) for v in y[i : i + 8])]) for i in range(0, y.size, 8)]


def dif_lines(y: np.ndarray) -> list[str]:
    """DIFDUP: first value in SQZ, differences, repeated differences counted; each line begins with the check."""

    def letter(value: int, plus: str, minus: str) -> str:
        digits = str(abs(value))
        table = plus if value >= 0 else minus
        return table[int(digits[0])] + digits[1:]

    lines, at = [], 0
    while at < y.size - 1:
        words = "0" + letter(int(y[at]), "@ABCDEFGHI", " abcdefghi")
        steps = np.diff(y[at : at + 12])
        i = 0
        while i < steps.size:
            run = 1
            while i + run < steps.size and steps[i + run] == steps[i] and run < 9:
                run += 1
            words += letter(int(steps[i]), "%JKLMNOPQR", " jklmnopqr") + (" STUVWXYZs"[run] if run > 1 else "")
            i += run
        lines.append(words)
        at += steps.size
    return [*lines, "0" + letter(int(y[-1]), "@ABCDEFGHI", " abcdefghi")]
