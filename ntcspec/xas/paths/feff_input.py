"""feff.inp of a cluster, for FEFF6L and FEFF8L (both ship with xraylarch).

One unique potential an element, the absorber's own is number 0. FEFF6 takes the hole as a number (K 1, L1 2, L2 3,
L3 4), FEFF8 the name of the edge. FEFF6 overlaps atomic potentials; FEFF8 can make them self-consistent (SCF, some
seconds). Both: Hedin-Lundqvist exchange, S02 = 1 and no Debye-Waller factors, which belong to the sum of paths.

Sources: J. J. Rehr, R. C. Albers, S. I. Zabinsky, Phys. Rev. Lett. 69 (1992) 3397 (FEFF6); A. L. Ankudinov, B. Ravel,
J. J. Rehr, S. D. Conradson, Phys. Rev. B 58 (1998) 7565 (FEFF8); the FEFF manuals for the cards.
"""

from __future__ import annotations

from ntcspec.errors import UserError
from ntcspec.xas.paths.cluster import Cluster, atomic_number

HOLES = {"K": 1, "L1": 2, "L2": 3, "L3": 4}
MOST_ELEMENTS = 7  # unique potentials beside the absorber's that FEFF6L has room for
TITLE_LENGTH = 60


def scatterers(cluster: Cluster) -> tuple[str, ...]:
    """Elements around the absorber, in the order of their potentials."""
    return tuple(sorted(set(cluster.symbols[1:])))


def feff6_input(
    cluster: Cluster,
    *,
    edge: str,
    rmax_ang: float,
    criteria: tuple[float, float] = (4.0, 2.5),
    nleg: int = 4,
    control: str = "1 1 1 1",
) -> str:
    """Text of feff.inp for FEFF6L.

    edge: K, L1, L2 or L3; rmax_ang: longest half path length (A); criteria: least importance of a path (%, curved and
    plane wave); nleg: most legs of a path, up to 8; control: which modules run (potentials and phases, paths, path
    amplitudes, chi). Raises UserError for an unknown edge and more elements than FEFF has room for.
    """
    head = [
        f"TITLE {_title(cluster)}",
        f"HOLE {_hole(cluster, edge)} 1.0",
        f"CONTROL {control}",
        "PRINT 0 0 0 3",
        f"RMAX {rmax_ang:.3f}",
        f"CRITERIA {criteria[0]:.2f} {criteria[1]:.2f}",
        f"NLEG {nleg}",
    ]
    return "\n".join([*head, *_atoms(cluster)])


def feff8_input(
    cluster: Cluster,
    *,
    edge: str,
    rmax_ang: float,
    criteria: tuple[float, float] = (4.0, 2.5),
    nleg: int = 4,
    scf_radius_ang: float | None = None,
) -> str:
    """Text of feff.inp for FEFF8L; scf_radius_ang: radius (A) of the self-consistent cluster, None for overlapped
    atoms as in FEFF6, the rest as in `feff6_input`.
    """
    _hole(cluster, edge)
    scf = [] if scf_radius_ang is None else [f"SCF {scf_radius_ang:.3f}"]
    head = [
        f"TITLE {_title(cluster)}",
        f"EDGE {edge}",
        "S02 1.0",
        "CONTROL 1 1 1 1 1 1",
        "PRINT 0 0 0 0 0 3",
        "EXCHANGE 0",
        *scf,
        f"RPATH {rmax_ang:.3f}",
        f"CRITERIA {criteria[0]:.2f} {criteria[1]:.2f}",
        f"NLEG {nleg}",
    ]
    return "\n".join([*head, *_atoms(cluster)])


def _title(cluster: Cluster) -> str:
    """The cluster's name as FEFF can hold it."""
    return cluster.name.encode("ascii", "replace").decode()[:TITLE_LENGTH]


def _hole(cluster: Cluster, edge: str) -> int:
    """Number of the core hole."""
    if edge not in HOLES:
        raise UserError(cluster.name, f"unknown edge {edge!r}", f"give one of {', '.join(HOLES)}")
    return HOLES[edge]


def _atoms(cluster: Cluster) -> list[str]:
    """The lists of potentials and atoms, and the end of the file."""
    others = scatterers(cluster)
    if len(others) > MOST_ELEMENTS:
        what = f"{len(others)} elements around the absorber ({', '.join(others)})"
        raise UserError(cluster.name, what, f"FEFF has room for {MOST_ELEMENTS}: take a smaller radius")
    potential = {symbol: i for i, symbol in enumerate(others, start=1)}
    absorber = cluster.symbols[0]
    lines = ["POTENTIALS", f"0 {atomic_number(absorber)} {absorber}"]
    lines += [f"{i} {atomic_number(symbol)} {symbol}" for symbol, i in potential.items()]
    lines.append("ATOMS")
    for i, (symbol, (x, y, z)) in enumerate(zip(cluster.symbols, cluster.xyz_ang, strict=True)):
        lines.append(f"{x + 0.0:.6f} {y + 0.0:.6f} {z + 0.0:.6f} {potential[symbol] if i else 0}")
    return [*lines, "END", ""]
