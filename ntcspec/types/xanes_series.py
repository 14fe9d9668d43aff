"""What a whole series of XANES spectra says: the number of components that it holds."""

from __future__ import annotations

from dataclasses import dataclass

from ntcspec.types import Array, Metrics, Plot, array, text


@dataclass(frozen=True)
class XanesRank(Metrics):
    """Abstract factor analysis of a series: norm(sample, E) = sum_n score(sample, n) component(n, E).

    Components are orthogonal, of unit length and without physical meaning one by one; as many are kept as there are
    samples. Singular values descend; the mean spectrum is not subtracted.
    """

    energy_ev: Array = array("eV", "photon energy, common grid")
    samples: tuple[str, ...] = text("samples of the decomposition")
    component: Array = array("1", "number of the component, from 1")
    singular_values: Array = array("1", "singular values", ("component",))
    noise_singular_values: Array = array(
        "1", "99 % quantile of what noise alone gives beside the components before; NaN if unknown", ("component",)
    )
    ind: Array = array("1", "Malinowski's indicator function for that many components, NaN for all", ("component",))
    significance: Array = array("1", "F test of reduced eigenvalues: chance that noise does it", ("component",))
    explained: Array = array("1", "share of the sum of squares", ("component",))
    components: Array = array("1", "components", ("component", "energy_ev"))
    scores: Array = array("1", "scores, shape (samples, components)")
    choice_names: tuple[str, ...] = text("choices of normalisation that all samples have")
    choice_singular_values: Array = array("1", "singular values under each choice, shape (choices, components)")
    candidates: tuple[str, ...] = text("spectra that were tested as targets")
    targets: Array = array("1", "candidates, norm, shape (candidates, E)")
    projected: Array = array("1", "what the components make of each candidate, shape (candidates, E)")

    def plots(self) -> tuple[Plot, ...]:
        """Singular values beside those of noise, then the components."""
        return (
            Plot("singular_values", "singular values", "singular_values", ("component",), ("noise_singular_values",)),
            Plot("components", "components", "components", ("component", "energy_ev")),
        )
