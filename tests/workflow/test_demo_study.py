"""The default study, from nothing: simulated raw files, every stage, panels that say SIMULATED."""

import csv
import itertools
import json
import re
from pathlib import Path

import numpy as np
import pytest
import yaml
from study import ROOT, artifacts, ntcspec

from ntcspec import store
from ntcspec.config.load import load_study
from ntcspec.study.claims import claims_of
from ntcspec.study.table import property_of, read_metrics
from ntcspec.types.xanes import XanesMeasured

NTC = ("NTC annealed", "NTC 6 h", "NTC 26 h", "NTC 36 h", "NTC 40 h")


@pytest.fixture(scope="module")
def demo(finished_demo: Path) -> Path:
    return finished_demo


def row(folder: Path, measurement: str, sample: str, name: str) -> dict[str, str]:
    lines = (folder / "results/metrics.csv").read_text(encoding="utf-8").splitlines()[1:]
    about = {"measurement": measurement, "sample": sample, "metric": name}
    (found,) = [r for r in csv.DictReader(lines) if about.items() <= r.items()]
    return found


def metric(folder: Path, sample: str, name: str, measurement: str = "exafs") -> float:
    return float(row(folder, measurement, sample, name)["value"])


def series(folder: Path, measurement: str, name: str) -> dict[str, list[float]]:
    """value, u_stat and u_sys of a metric from annealed to 40 h."""
    rows = [row(folder, measurement, sample, name) for sample in NTC]
    return {key: [float(r[key]) for r in rows] for key in ("value", "u_stat", "u_sys")}


def under_choices(folder: Path, sample: str, name: str) -> np.ndarray:
    """A Cl K metric of a sample under each choice of normalisation."""
    found = store.read(folder / f"results/{sample.replace(' ', '_')}/cl_k/measure.nxs", XanesMeasured)
    return found.by_choice[[m.name for m in found.metrics].index(name)]


def falls(values: list[float]) -> bool:
    return all(after < before for before, after in itertools.pairwise(values))


def test_the_lobe_falls_with_milling_and_a_shuffled_order_does_not(demo: Path) -> None:
    volume = [metric(demo, sample, "multiple_scattering.volume") for sample in NTC]
    assert falls(volume)
    assert not falls([volume[i] for i in (2, 0, 4, 1, 3)])


def test_the_lobe_beside_the_first_shell_falls_outside_its_uncertainties(demo: Path) -> None:
    """Of all 120 orders only the true one makes it fall; each step is larger than what both ends are uncertain by, though
    most of that (weight, ranges) they share."""
    ratio = series(demo, "exafs", "multiple_scattering.ratio")
    value, u = np.array(ratio["value"]), np.hypot(ratio["u_stat"], ratio["u_sys"])
    assert (-np.diff(value) > np.hypot(u[1:], u[:-1])).all()
    orders = [list(value[list(order)]) for order in itertools.permutations(range(len(NTC)))]
    assert sum(falls(order) for order in orders) == 1 and falls(orders[0])


def test_the_octahedra_of_the_model_bend_more_and_more(demo: Path) -> None:
    bend = series(demo, "exafs", "multiple_scattering.bend")
    assert bend["value"][0] == bend["value"][1] == 0, "annealed and 6 h: an upper limit only"
    assert falls(bend["value"][:0:-1])
    assert bend["value"][-1] > 3 * np.hypot(bend["u_stat"][-1], bend["u_sys"][-1]), "40 h: they are bent"
    notes = json.loads((demo / "results/NTC_annealed/exafs/bend.json").read_text())["notes"]
    assert notes[0].startswith("multiple_scattering: at most"), "the crystal of the model is nearly straight"


def test_fits_find_the_distances_that_were_put_in(demo: Path) -> None:
    truth = json.loads((demo / "raw/truth.json").read_text())["exafs"]
    listed = [p for p in truth["phases"]["TaCl5"]["paths"] if p["legs"] == 2 and p["r_ang"] < 3.0]
    for name, near in (("two_distances.r1", True), ("two_distances.r2", False)):
        some = [p for p in listed if (p["r_ang"] < 2.4) == near]
        mean = np.average([p["r_ang"] for p in some], weights=[p["n"] for p in some])
        assert metric(demo, "TaCl5", name) == pytest.approx(mean, abs=0.010)
    assert metric(demo, "TaCl5", "two_distances.near") == pytest.approx(4 / 6, abs=0.05)
    for sample in NTC:
        known = truth["samples"][sample]["first_shell"]
        assert metric(demo, sample, "two_distances.mean_r") == pytest.approx(known["r_ang"], abs=0.010)
    notes = {s: json.loads((demo / f"results/{s}/exafs/fit.json").read_text())["notes"] for s in ("TaCl5", "NTC_40_h")}
    assert any("two_distances has the lowest BIC" in note and "under every variant" in note for note in notes["TaCl5"])
    assert any("cannot be decided" in note for note in notes["NTC_40_h"]), "two distances or a skewed one"


def test_the_lobe_is_assigned_by_the_paths_of_the_crystal(demo: Path) -> None:
    share = row(demo, "exafs", "NTC annealed", "crystal.multiple_scattering.forward.share")
    assert float(share["value"]) - 3 * float(share["u_sys"]) > 0.5
    size = [metric(demo, s, "crystal.multiple_scattering.model_over_data") for s in ("NTC annealed", "NTC 40 h")]
    assert 0.8 < size[0] < 1.4 and size[1] > 1.5 * size[0]


def test_the_shells_of_tacl5_and_the_crystal_stand_where_feff_puts_them(demo: Path) -> None:
    assert metric(demo, "TaCl5", "first_shell.position") == pytest.approx(1.84, abs=0.02)
    assert metric(demo, "NTC annealed", "first_shell.position") == pytest.approx(1.83, abs=0.02)


def test_the_cl_k_pre_edge_rises_outside_the_band(demo: Path) -> None:
    height = series(demo, "cl_k", "pre.height")
    low = [v - u for v, u in zip(height["value"], height["u_sys"], strict=True)]
    high = [v + u for v, u in zip(height["value"], height["u_sys"], strict=True)]
    assert low[-1] > high[1] + 3 * height["u_stat"][-1], "40 h against 6 h, whatever the normalisation of either"
    assert falls(height["value"][::-1])
    assert not falls([height["value"][i] for i in (4, 1, 3, 0, 2)])


def test_choice_by_choice_the_samples_are_further_apart_than_their_bands(demo: Path) -> None:
    heights = np.array([under_choices(demo, sample, "pre.height") for sample in NTC])
    assert heights.shape[1] >= 24 and np.isfinite(heights).all()
    rise = np.diff(heights[[1, 4]], axis=0)[0]
    band = 0.5 * np.ptp(heights[[1, 4]], axis=1)
    assert rise.min() > 0.08 and 0.5 * np.ptp(rise) < band.sum()


def test_the_na_k_white_line_lies_above_that_of_nacl_and_moves_up(demo: Path) -> None:
    position = series(demo, "na_k", "a.position")
    salt = metric(demo, "NaCl", "a.position", "na_k")
    truth = json.loads((demo / "raw/truth.json").read_text())["xanes"]["sgm Na K"]["samples"]
    assert all(v - salt > 3 * u for v, u in zip(position["value"], position["u_stat"], strict=True))
    assert falls(position["value"][::-1])
    expected = [truth[sample]["white_line_ev"] for sample in NTC]
    assert position["value"] == pytest.approx(expected, abs=0.25)


def test_what_the_paper_says_and_the_data_do_not_show_is_not_shown(demo: Path) -> None:
    assert falls(series(demo, "na_k", "a.height")["value"]), "the paper's peak a grows"
    for sample in NTC:
        splitting = row(demo, "cl_k", sample, "pre_edge.splitting")
        assert splitting["value"] == "" and "not resolved" in splitting["reason"], "the paper's pre-edge splits"
        assert row(demo, "cl_k", sample, "c.position")["value"] == "", "the paper's feature c of TaCl5"
    assert row(demo, "cl_k", "NaCl", "pre_edge.height")["reason"].startswith("below 3 sigma")


def test_fluorescence_of_nacl_is_over_absorbed_and_the_spike_is_told(demo: Path) -> None:
    assert metric(demo, "NaCl", "modes.fluorescence_over_tey.white_line", "cl_k") < 0.75
    notes = json.loads((demo / "results/NaCl/cl_k/measure.json").read_text())["notes"]
    assert any("over-absorption is likely" in note for note in notes)
    spiked = ntcspec("show", demo / "raw/sxrmb/NTC-26h_ClK_2.dat").stdout
    assert "the first point, was left out" in spiked


def test_a1g_widens_outside_its_uncertainties_and_eg_vanishes(demo: Path) -> None:
    """From 6 h on each width lies above the one before by more than both uncertainties of both; no other order does."""
    width = series(demo, "raman", "a1g_region.fwhm")
    value, u = np.array(width["value"])[1:], np.hypot(width["u_stat"], width["u_sys"])[1:]

    def apart(order: tuple[int, ...]) -> bool:
        v, s = value[list(order)], u[list(order)]
        return bool(np.all(v[1:] - s[1:] > v[:-1] + s[:-1]))

    assert [order for order in itertools.permutations(range(4)) if apart(order)] == [(0, 1, 2, 3)]
    assert row(demo, "raman", "NTC annealed", "eg.position")["value"] != ""
    gone = row(demo, "raman", "NTC 40 h", "eg.position")
    assert gone["value"] == "" and gone["reason"].startswith("not detected")


def test_every_picture_says_simulated(demo: Path) -> None:
    pictures = sorted((demo / "results/panels").glob("*.pdf"))
    assert [path.stem for path in pictures] == sorted(
        yaml.safe_load((ROOT / "config/config.yaml").read_text())["panels"]
    )
    for path in pictures:
        shown = ntcspec("show", path).stdout
        assert "SIMULATED" in shown
        assert b"SIMULATED" in path.with_suffix(".nxs").read_bytes()
        assert re.search(r"SIMULATED", path.with_suffix(".svg").read_text(encoding="utf-8"))


def test_the_figures_of_the_paper_have_its_letters_and_say_simulated_in_every_panel(demo: Path) -> None:
    for name, letters in {"Figure_2": "BCDE", "Figure_3": "ABDE"}.items():
        path = demo / f"results/figures/{name}.svg"
        words = re.findall("<!-- (.*) -->", path.read_text(encoding="utf-8"))
        assert [w for w in words if len(w) == 1 and w in "ABCDEF"] == list(letters)
        assert words.count("SIMULATED") == len(letters)
        titles = re.search("<title>(.*)</title>", path.read_text(encoding="utf-8"))
        assert titles and all(f"NaTaCl₆ {t}" in titles[1] for t in ("annealed", "6 h", "26 h", "36 h", "40 h"))


def test_the_samples_table_joins_properties_and_metrics(demo: Path) -> None:
    lines = (demo / "results/samples.csv").read_text(encoding="utf-8").splitlines()[1:]
    rows = {row["sample"]: row for row in csv.DictReader(lines)}
    assert list(rows) == ["NaCl", "TaCl5", *NTC]
    assert float(rows["NTC 40 h"]["conductivity [S/cm]"]) == 4e-3
    assert rows["NTC 36 h"]["conductivity [S/cm]"] == ""
    assert rows["NaCl"]["exafs.multiple_scattering.volume [angstrom^-2]"] == ""
    assert all(float(rows[name]["exafs.multiple_scattering.volume [angstrom^-2]"]) > 0 for name in NTC)


def test_raw_files_and_results_are_audited(demo: Path) -> None:
    before = artifacts(demo)
    again = ntcspec("demo", "raw", cwd=demo)
    assert again.returncode == 0
    assert ntcspec("verify", demo).returncode == 0
    assert "nothing to compute" in ntcspec("run", demo).stdout
    assert artifacts(demo) == before


def claims(folder: Path) -> dict[str, dict[str, str]]:
    lines = (folder / "results/claims.csv").read_text(encoding="utf-8").splitlines()[1:]
    return {r["claim"]: r for r in csv.DictReader(lines)}


def test_claims_hold_where_the_simulation_follows_the_paper_and_not_where_it_does_not(demo: Path) -> None:
    """docs/demo.md lists what does not follow the publication; none of that may come out as holding."""
    found = claims(demo)
    for name in ("F064", "F083", "F084", "F101", "F102", "F104", "F113", "F114", "F189_width", "F190_mid"):
        assert found[name]["verdict"] == "holds", found[name]["why"]
    for name in ("F062_present", "F072", "F073_26_40", "F073_6_40", "F080", "F081_gone", "F090", "F103_40h"):
        assert found[name]["verdict"] == "does not hold", found[name]["why"]
    for name in ("F065", "F184_a", "F091_split", "F187_split", "F069"):
        assert found[name]["verdict"] != "holds", found[name]["why"]
    assert {r["data"] for r in found.values()} == {"SIMULATED"}
    assert found["F113"]["general"].startswith("not decided: p = 0.33") and found["F113"]["n"] == "3"
    assert all(r["values"] and r["why"] and r["refuted_by"] for r in found.values())


def test_claims_do_not_hold_once_the_conductivities_are_permuted(demo: Path) -> None:
    """Negative control: of all orders only that of the study lets any claim on the conductivity hold."""
    study = load_study(demo)
    numbers = read_metrics((demo / "results/metrics.csv").read_text(encoding="utf-8"))
    stated = {n: c.model_dump(mode="json") for n, c in study.claims.items()}
    stated = {n: c for n, c in stated.items() if c.get("against") == "conductivity"}
    samples = ("NTC 6 h", "NTC 26 h", "NTC 40 h")
    known = [property_of(study.samples[s]["properties"]["conductivity"]) for s in samples]
    held = []
    for order in itertools.permutations(known):
        properties = {s: {"conductivity": x} for s, x in zip(samples, order, strict=True)}
        tested = claims_of(stated, numbers, properties, [])
        held.append({t.name for t in tested if t.finding.verdict == "holds"})
    assert {"F113", "F114"} <= held[0] and not any(held[1:]), held


def test_claims_are_audited_as_any_artifact(demo: Path) -> None:
    audit = ntcspec("trace", "results/claims.csv", cwd=demo)
    assert audit.returncode == 0 and "metrics.csv" in audit.stdout
    assert "  claims.csv\n" in (demo / "results/SHA256SUMS").read_text()
    said = ntcspec("run", "--cores", "1", cwd=demo).stdout
    assert re.search(r"claims: +\d+ hold, \d+ do not hold, \d+ cannot be decided \(SIMULATED data\)", said), said


def test_trends_say_that_four_samples_cannot_decide(demo: Path) -> None:
    lines = (demo / "results/trends.csv").read_text(encoding="utf-8").splitlines()[1:]
    rows = {(r["property"], r["metric"]): r for r in csv.DictReader(lines)}
    lobe = rows["conductivity", "exafs.multiple_scattering.ratio"]
    assert lobe["samples"] == "NTC annealed; NTC 6 h; NTC 26 h; NTC 40 h" and lobe["kendall_tau"] == "-1"
    assert lobe["verdict"].startswith("not decided: in order, it falls, p = 0.083") and lobe["steps_beyond_2u"] == "1"
    assert "NTC 36 h: conductivity: not stated" in lobe["missing"] and "NaCl: has no conductivity" in lobe["missing"]
    audit = ntcspec("trace", "results/trends.csv", cwd=demo)
    assert audit.returncode == 0 and "metrics.csv" in audit.stdout
