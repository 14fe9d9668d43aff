"""I(Q), S(Q), F(Q), G(r) as PDFgetX3 writes them, for PDFgui, diffpy, fullrmc and the like; and for RMCProfile.

    [DEFAULT]
    version = ntcspec-0.1.0
    outputtype = gr
    composition = NaTaCl6
    qmax = 24
    # End of config ----
    #### start data

    #S 1
    #L r(A)  G(A^-2)  dr(A)  dG(A^-2)
    0.01 -0.0123

The header is that of a configuration file: one key a line. Its keys `qmax`, `rpoly` and the like are PDFgetX3's; what
PDFgetX3 has no key for is a key of ours, or a comment. PDFgui and diffpy take the third and fourth column of a .gr
for the errors of r and G, and want the last above 0: r = 0, where G is 0 without error, is then left out. A file
without errors has two columns. `rmcprofile` puts the number of points and a title above two columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ntcspec import __version__
from ntcspec.export.words import one_line
from ntcspec.types import Array

LABELS = {
    "iq": ("Q(Å$^{-1}$)", "I(a.u.)"),
    "sq": ("Q(Å$^{-1}$)", "S(a.u.)"),
    "fq": ("Q(Å$^{-1}$)", "F(Å$^{-1}$)"),
    "gr": ("r(Å)", "G(Å$^{-2}$)"),
}


def pdfgetx(kind: str, x: Array, y: Array, sigma: Array, *, facts: Mapping[str, str], words: Sequence[str] = ()) -> str:
    """The text of a file of that kind: iq, sq, fq or gr.

    x, y: shape (N,); sigma: shape (N,) or empty; facts: keys of the header; words: lines of comment.
    Raises KeyError for an unknown kind, ValueError for arrays of unlike length or numbers that are not finite.
    """
    labels = LABELS[kind]
    if x.shape != y.shape or x.ndim != 1 or sigma.shape not in (x.shape, (0,)):
        raise ValueError(f"columns must be of one length: {x.shape}, {y.shape}, {sigma.shape}")
    if not all(np.isfinite(values).all() for values in (x, y, sigma)):
        raise ValueError("a column holds numbers that are not finite")
    columns, head = [x, y], [*labels]
    if sigma.size:
        used = sigma > 0
        zero, d = np.zeros(int(used.sum())), [f"d{label}" for label in labels]
        columns = [x[used], y[used], zero, sigma[used]]
        head += d
    lines = ["[DEFAULT]", "", f"version = ntcspec-{__version__}", "", f"outputtype = {kind}"]
    lines += [f"{key} = {one_line(value)}" for key, value in facts.items()]
    lines += [*(f"# {one_line(word)}" for word in words), "", f"# End of config {'-' * 62}", "#### start data", ""]
    lines += ["#S 1", f"#L {'  '.join(head)}"]
    return "\n".join([*lines, *_rows(columns), ""])


def rmcprofile(x: Array, y: Array, *, title: str) -> str:
    """Number of points, a title, two columns. Raises ValueError for arrays of unlike length."""
    if x.shape != y.shape or x.ndim != 1:
        raise ValueError(f"columns must be of one length: {x.shape}, {y.shape}")
    return "\n".join([f"{x.size}", one_line(title), *_rows([x, y]), ""])


def _rows(columns: Sequence[Array]) -> list[str]:
    return [" ".join(f"{value:.10g}" for value in row) for row in np.column_stack(list(columns))]
