"""NeXus files of every technique and stage, and of the whole study, as others see them: silx, pynxtools, nexusformat.

Both checkers exit 0 whatever they find: `tests/outside/check_nexus.py` reads their verdicts. Each checker, and silx, is
shown a file that was broken on purpose first.
"""

import csv
import json
import math
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import nmr_files
import numpy as np
import pytest
import scattering_files
import test_nmr_study
import test_raman_study
import test_scattering_study
import test_xanes_study
from study import CONFIG, ROOT, measurement, ntcspec, table, write_yaml, xdi

from ntcspec import store

nxdata = pytest.importorskip("silx.io.nxdata")
NAME = 'β-"series"/<script>alert(1)</script>'
FIRST = "first <b>&ü"
SETUP = {
    "scattering_configuration": "z(..)z",
    "experiment": "non-resonant Raman spectroscopy",
    "detector": "multichannel",
}
# What the base classes do not know because the application definition adds it to them.
ADDED = {
    "NXxas": {"energy", "intensity", "intensity_errors", "is_experimental", "element", "element/name", "edge"},
    "NXraman": {
        "experiment_type", "raman_experiment_type", "instrument/scattering_configuration",
        "instrument/beam_incident/wavelength", "instrument/beam_incident/parameter_reliability",
        "instrument/detector_1/detector_channel_type",
    },
}  # fmt: skip


def samples() -> dict[str, Any]:
    def cl_k(name: str) -> dict[str, Any]:
        return {"files": [f"raw/{name}_1.xdi", f"raw/{name}_2.xdi"]}

    first = {
        "cl_k": cl_k("salt"),
        "exafs": measurement("raw/a.xdi"),
        "raman": {"files": ["raw/sharp.txt"], "setup": SETUP},
        "untold": {"technique": "raman", "files": ["raw/sharp.txt"]},
        "nmr": {"files": ["raw/spinsight"]},
        "pattern": {"files": ["raw/good.chi"]},
    }
    second = {
        "cl_k": cl_k("dimer"),
        "exafs": measurement("raw/b.xdi"),
        "raman": {"files": ["raw/broken.txt"]},
        "nmr": {"files": ["raw/not-there"]},
    }

    def conductivity(value: float) -> dict[str, Any]:
        return {"conductivity": {"value": value, "unit": "S/cm", "u": 0.1 * value, "source": "a <b>lab</b> book"}}

    return {
        FIRST: {"composition": "NaTaCl6", "simulated": True, "properties": conductivity(1e-6), "measurements": first},
        "second": {"composition": "TaCl5", "properties": conductivity(1e-3), "measurements": second},
        "third": {"properties": {"conductivity": {"unit": "S/cm", "reason": "broke"}}, "measurements": {"cl_k": cl_k("half")}},
    }  # fmt: skip


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small study of all techniques, with one broken and one missing file."""
    folder = tmp_path_factory.mktemp("nexus")
    for i, (name, dimer) in enumerate({"salt": 0.0, "dimer": 1.0, "half": 0.5}.items()):
        for scan in (1, 2):
            path = folder / f"raw/{name}_{scan}.xdi"
            xdi(path, test_xanes_study.table(dimer, 10 * i + scan))
            path.write_text(path.read_text().replace("symbol: Ta", "symbol: Cl").replace("edge: L3", "edge: K"))
    xdi(folder / "raw/a.xdi", table(1.95, 1))
    xdi(folder / "raw/b.xdi", table(2.10, 3))
    raman = test_raman_study.spectra()
    for name in ("Si", "sharp", "broken"):
        (folder / f"raw/{name}.txt").write_bytes(raman[name].encode("cp1252"))
    nmr_files.spinsight(folder / "raw/spinsight", test_nmr_study.decay(1))
    q = test_scattering_study.Q
    empty = scattering_files.halo(q)
    scattering_files.chi(folder / "raw/empty.chi", empty, axis=q)
    scattering_files.chi(folder / "raw/good.chi", empty + scattering_files.intensity(q), axis=q)
    names = {**test_raman_study.CONFIG["measurements"], **test_nmr_study.CONFIG["measurements"]}
    near = test_xanes_study.CONFIG["measurements"]["cl_k"]  # without its standards, which are samples of other names
    reduce = {name: value for name, value in near["reduce"].items() if name != "calibrate"}
    measure = {name: near["measure"][name] for name in ("features", "peaks")}
    names["cl_k"] = {**near, "reduce": reduce, "transform": {}, "measure": measure}
    names["pattern"] = test_scattering_study.CONFIG["measurements"]["pattern"]
    config = {
        **CONFIG,
        "study": NAME,
        "measurements": names,
        "panels": {"norm": {"kind": "xanes.norm", "measurement": "cl_k"}},
    }
    config["trends"] = {"conductivity": {"scale": "log", "metrics": ["cl_k.b.position", "exafs.first_shell.position"]}}
    config["series"] = {"rank": {"kind": "xanes.rank", "measurement": "cl_k", "options": {"range_ev": [2815, 2860]}}}
    write_yaml(folder / "config.yaml", config)
    write_yaml(folder / "samples.yaml", {"samples": samples()})
    run = ntcspec("run", folder, "--cores", "2")
    assert run.returncode == 1 and "Traceback" not in run.stdout + run.stderr  # of the two bad files
    return folder


@pytest.fixture(scope="module")
def whole(finished: Path) -> Path:
    (path,) = (finished / "results").glob("*.nxs")
    assert path.name == "β-_series_script_alert_1_script.nxs"
    return path


def default_plot(path: Path) -> Any:
    with h5py.File(path) as file:
        return nxdata.get_default(file)


def artifacts(folder: Path) -> list[Path]:
    """Every NeXus file of the study."""
    return sorted((folder / "results").rglob("*.nxs"))


def text(item: Any) -> Any:
    return item.asstr()[()]


# --- the whole study ------------------------------------------------------------------------------


def test_the_study_opens_on_the_first_metric_of_its_first_trend(finished: Path, whole: Path) -> None:
    rows = csv.DictReader((finished / "results/metrics.csv").read_text(encoding="utf-8").splitlines()[1:])
    told = {r["sample"]: r for r in rows if (r["measurement"], r["metric"]) == ("cl_k", "b.position")}
    with h5py.File(whole) as file:
        plot = nxdata.get_default(file)
        assert plot is not None and plot.is_valid and not plot.issues
        assert plot.title.startswith("SIMULATED data: cl_k.b.position against conductivity")
        assert plot.axes[0][()].tolist() == [1e-6, 1e-3] and plot.axes_names == ["conductivity (S/cm)"]
        first, second = told[FIRST], told["second"]
        assert plot.signal[()].tolist() == [float(first["value"]), float(second["value"])]
        both = [math.hypot(float(r["u_stat"]), float(r["u_sys"])) for r in (first, second)]
        assert plot.errors[()].tolist() == pytest.approx(both)
        assert plot.plot_style.axes_scale_types == ("log",), "the scale that the study names"
        assert plot.axes_errors if hasattr(plot, "axes_errors") else "conductivity_errors" in plot.group
        assert text(plot.group["samples"]) == f"{FIRST}; second", "the third sample has no conductivity"


def test_the_study_holds_samples_properties_tables_and_what_failed(finished: Path, whole: Path) -> None:
    with h5py.File(whole) as file:
        study = file["study"]
        assert text(study["title"]) == f"SIMULATED data: {NAME}"
        named = {text(one["name"]): one for one in study["samples"].values()}
        assert list(named) and set(named) == {FIRST, "second", "third"}
        known = named[FIRST]["properties/conductivity"]
        assert (known["value"][()], known["uncertainty"][()], known["value"].attrs["units"]) == (1e-6, 1e-7, "S/cm")
        assert text(known["source"]) == "a <b>lab</b> book"
        assert text(named["third"]["properties/conductivity/reason"]) == "broke"
        assert text(named[FIRST]["type"]) == "simulated data" and "type" not in named["second"]
        for name in ("metrics", "trends"):
            rows = list(csv.DictReader((finished / f"results/{name}.csv").read_text(encoding="utf-8").splitlines()[1:]))
            for column in rows[0]:
                words = (
                    [str(x) for x in study[name][column][()]] if column in ("value", "n", "u_sys", "slope") else None
                )
                if words is None and study[name][column].dtype.kind == "O":
                    assert text(study[name][column]).tolist() == [r[column] for r in rows]
                else:
                    stored = study[name][column][()]
                    told = np.array([float(r[column] or "nan") for r in rows])
                    assert np.array_equal(stored, told, equal_nan=True)
        assert {"value", "u_stat", "u_sys", "unit", "method", "reason"} <= set(study["metrics"])
        broken, missing = file["second__raman"], file["second__nmr"]
        assert "raw/broken.txt" in text(broken["failure/description"]) and "default" not in broken.attrs
        assert "no such file 'raw/not-there'" in text(missing["failure/description"])
        assert text(file["first_b_u__cl_k/title"]) == f"SIMULATED data: {FIRST} / cl_k"
        assert text(file["second__cl_k/title"]) == "second / cl_k", "this one is not simulated"


def test_every_entry_of_the_study_holds_the_plots_of_its_stages(finished: Path, whole: Path) -> None:
    """The very numbers of the artifacts, copied: no link leads out of the file."""
    with h5py.File(whole) as file:
        for entry, folder, opened in (
            ("first_b_u__cl_k", "cl_k", "normalised_transmission"),
            ("first_b_u__exafs", "exafs", "transform"),
            ("first_b_u__pattern", "pattern", "transform"),
            ("first_b_u__raman", "raman", "raman"),
            ("first_b_u__nmr", "nmr", "reduce"),
        ):
            assert file[entry].attrs["default"] == opened
            drawn = 0
            for path in (finished / "results/first_b_u" / folder).glob("*.nxs"):
                with h5py.File(path) as artifact:
                    for plot in plots_of(artifact["entry"]):
                        name = plot.name.rpartition("/")[2]
                        own = [one for one in plots_of(file[entry]) if one.name.rpartition("/")[2] == name]
                        (inside,) = [p for p in own if path.stem in p.name or p.parent.name == f"/{entry}"]
                        signal = plot.attrs["signal"]
                        told = plot[signal][()]
                        told = told if told.ndim == 1 else told.astype(np.float32)  # maps are rounded
                        assert np.array_equal(inside[signal], told, equal_nan=True)
                        for kind in ("units", "long_name"):
                            assert inside[signal].attrs.get(kind) == plot[signal].attrs.get(kind)
                        drawn += 1
            assert drawn >= 3 or entry.endswith("nmr")
        assert "covariance" not in " ".join(names_in(file)) and not external(file)
    assert whole.stat().st_size < 2_500_000


def plots_of(group: Any) -> list[Any]:
    found = []
    group.visititems(lambda _, item: found.append(item) if item.attrs.get("NX_class") == "NXdata" else None)
    return found


def names_in(file: Any) -> list[str]:
    found: list[str] = []
    file.visit(found.append)
    return found


def external(file: Any) -> list[str]:
    links: list[str] = []
    file.visititems_links(lambda name, link: links.append(name) if not isinstance(link, h5py.HardLink) else None)
    return links


def test_the_study_file_is_an_artifact_like_any_other(finished: Path, whole: Path, tmp_path: Path) -> None:
    """The same bytes again, a record down to the raw files, a line in SHA256SUMS; a changed byte is found."""
    study = Path(shutil.copytree(finished, tmp_path / "study"))
    mine = study / "results" / whole.name
    before = mine.read_bytes()
    mine.unlink()
    assert "the whole study in one file" in ntcspec("run", study).stdout
    assert mine.read_bytes() == before
    tree = ntcspec("trace", mine).stdout
    assert "raw/sharp.txt" in tree and "results/metrics.csv" in tree and "CHANGED" not in tree
    assert f"  {whole.name}\n" in (study / "results/SHA256SUMS").read_text(encoding="utf-8")
    assert ntcspec("verify", study).returncode == 0
    assert f"SIMULATED data: {FIRST} / cl_k" in ntcspec("show", mine).stdout
    with h5py.File(mine, "r+") as file:
        file["study/metrics/value"][0] += 1.0
    found = ntcspec("verify", study)
    assert found.returncode == 1 and whole.name in found.stderr


# --- what others say ------------------------------------------------------------------------------


def silx_findings(path: Path) -> list[str]:
    """Default plot that is none, and every NXdata that silx finds fault with."""
    found = []
    with h5py.File(path) as file:
        plots = plots_of(file)
        if plots and nxdata.get_default(file) is None:
            found.append("no default plot")
        for group in plots:
            read = nxdata.NXdata(group)
            found += [f"{group.name}: {read.issues}"] if not read.is_valid or read.issues else []
    return found


def test_silx_opens_every_file_of_the_study(finished: Path, tmp_path: Path) -> None:
    paths = artifacts(finished)
    assert {path.stem for path in paths} >= {"ingest", "reduce", "transform", "wavelet", "measure", "rank", "norm"}
    assert {path.as_posix(): silx_findings(path) for path in paths if silx_findings(path)} == {}
    broken = tmp_path / "broken.nxs"
    shutil.copy(finished / "results/second/exafs/transform.nxs", broken)
    with h5py.File(broken, "r+") as file:
        del file["entry/chi_r/r_ang"]
    assert silx_findings(broken)


def checked(*paths: Path) -> dict[str, Any]:
    """What the checkers say, by file. They live in a venv of their own (tests/outside/checkers.txt)."""
    python = Path(sys.prefix) / "checkers/bin/python"
    if not python.exists():
        reason = "no checkers of NeXus files: make .venv/installed-checkers"
        pytest.fail(reason) if os.environ.get("CI", "").lower() == "true" else pytest.skip(reason)
    command = [python, ROOT / "tests/outside/check_nexus.py", *paths]
    run = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=600, check=False)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@pytest.fixture(scope="module")
def verdicts(finished: Path) -> dict[str, Any]:
    found = checked(*artifacts(finished))
    return {Path(path).relative_to(finished / "results").as_posix(): one for path, one in found.items()}


def test_entries_follow_the_definitions_that_they_name(verdicts: dict[str, Any], whole: Path) -> None:
    named = {(path, entry): found for path, one in verdicts.items() for entry, found in one["applications"].items()}
    assert {place: words for place, (_, valid, words) in named.items() if not valid or words} == {}
    follow = {place: definition for place, (definition, _, _) in named.items()}
    assert follow == {
        ("first_b_u/cl_k/reduce.nxs", "entry"): "NXxas",
        ("first_b_u/exafs/reduce.nxs", "entry"): "NXxas",
        ("first_b_u/raman/reduce.nxs", "entry"): "NXraman",
        ("second/cl_k/reduce.nxs", "entry"): "NXxas",
        ("second/exafs/reduce.nxs", "entry"): "NXxas",
        ("third/cl_k/reduce.nxs", "entry"): "NXxas",
        (whole.name, "first_b_u__cl_k"): "NXxas",
        (whole.name, "first_b_u__exafs"): "NXxas",
        (whole.name, "first_b_u__raman"): "NXraman",
        (whole.name, "second__cl_k"): "NXxas",
        (whole.name, "second__exafs"): "NXxas",
        (whole.name, "third__cl_k"): "NXxas",
    }


@pytest.mark.parametrize("definitions", ["base_classes", "own"])
def test_base_classes_are_used_as_they_are_defined(verdicts: dict[str, Any], definitions: str) -> None:
    """But for what an application definition adds to them, which the checker of base classes cannot know."""
    for path, one in verdicts.items():
        follow = {entry: found[0] for entry, found in one["applications"].items()}
        allowed = {f"/{entry}/{name}" for entry, definition in follow.items() for name in ADDED[definition]}
        warnings, errors, words = one[definitions]
        places = {
            w.partition(": ")[2] for w in words if w.startswith(("Field:", "Link:", "NXelement:", "NXabsorption_edge:"))
        }
        assert warnings + errors == 0 or follow, (path, words)
        assert places <= allowed and not [w for w in words if "invalid name" in w], (path, words)
        known = ("not defined in", "invalid class in NXentry", "is not a valid base class")
        said = [
            w for w in words if not w.startswith(("Field", "Link", "NX", "Filename", "Path", "Definitions", "Total"))
        ]
        assert all(any(k in w for k in known) for w in said if not w.startswith("NX")), (path, said)


def test_the_facts_that_a_definition_asks_for_are_those_of_the_measurement(finished: Path) -> None:
    with h5py.File(finished / "results/first_b_u/cl_k/reduce.nxs") as file:
        entry = file["entry"]
        assert (text(entry["element/symbol"]), text(entry["edge/name"])) == ("Cl", "K")
        assert not entry["is_experimental"][()] and text(entry["sample/type"]) == "simulated data"
        definition = entry["definition"]
        assert definition.attrs["version"].startswith("v20") and definition.attrs["URL"].endswith("/NXxas.nxdl.xml")
        assert np.array_equal(entry["intensity"], entry["data/spectra/0000/norm"])
        assert np.array_equal(entry["energy"], entry["data/spectra/0000/energy_ev"])
        assert "transmission" in text(entry["experiment_description"])
    with h5py.File(finished / "results/second/cl_k/reduce.nxs") as file:
        assert file["entry/is_experimental"][()]
    with h5py.File(finished / "results/first_b_u/raman/reduce.nxs") as file:
        assert file["entry/instrument/beam_incident/wavelength"][()] == 532.0  # of the raw file's header
        assert text(file["entry/instrument/scattering_configuration"]) == "z(..)z"
    with h5py.File(finished / "results/first_b_u/untold/reduce.nxs") as file:
        assert "definition" not in file["entry"]
        assert "setup.scattering_configuration" in text(file["entry/no_definition/description"])


def no_energy(entry: Any) -> None:
    del entry["energy"]


def in_seconds(entry: Any) -> None:
    entry["energy"].attrs["units"] = "s"


def no_element(entry: Any) -> None:
    del entry["element/name"]


@pytest.mark.parametrize("harm", [no_energy, in_seconds, no_element])
def test_pynxtools_finds_what_is_broken(finished: Path, tmp_path: Path, harm: Callable[[Any], None]) -> None:
    path = tmp_path / "broken.nxs"
    shutil.copy(finished / "results/second/exafs/reduce.nxs", path)
    with h5py.File(path, "r+") as file:
        harm(file["entry"])
    _, valid, words = checked(path)[str(path)]["applications"]["entry"]
    assert not valid and words


def test_nexusformat_finds_what_is_broken(finished: Path, tmp_path: Path) -> None:
    path = tmp_path / "broken.nxs"
    shutil.copy(finished / "results/second/exafs/transform.nxs", path)
    with h5py.File(path, "r+") as file:
        file["entry"].attrs["simulated"] = True
        file["entry/chi_r"].attrs["NX_class"] = "NXnonsense"
    one = checked(path)[str(path)]
    assert one["base_classes"][:2] == [1, 1] and one["own"][:2] == [1, 1]


def test_stored_failures_are_read_back(finished: Path) -> None:
    failure = store.read_failure(finished / "results/second/raman/reduce.nxs")
    assert failure is not None and "raw/broken.txt" in failure.where
