"""Fingerprints, keys and records."""

import json
import sys
from pathlib import Path

import pytest

from ntcspec import provenance
from ntcspec.audit.records import record_findings
from ntcspec.plan import PANEL_MODULES, TABLE_MODULES
from ntcspec.techniques import STAGES


def test_a_stage_is_fingerprinted_by_the_modules_it_reaches() -> None:
    reach = {s.name: set(provenance.code_of(*s.modules)[0]) for s in STAGES["exafs"]}
    assert "ntcspec.xas.fourier" in reach["transform"]
    assert "ntcspec.xas.wavelet" in reach["wavelet"] and "ntcspec.xas.wavelet" not in reach["reduce"]
    assert "ntcspec.readers.xdi" in reach["ingest"] and "ntcspec.readers.xdi" not in reach["reduce"]
    assert "ntcspec.xas._larch" in reach["reduce"] and "ntcspec.xas._larch" not in reach["wavelet"]
    for modules in reach.values():
        assert not any(
            m.startswith(("ntcspec.plot", "ntcspec.cli", "ntcspec.commands", "ntcspec.demo")) for m in modules
        )


@pytest.mark.parametrize("modules", [TABLE_MODULES, PANEL_MODULES, *(s.modules for s in STAGES["exafs"])])
def test_larch_is_behind_the_reduce_stage_alone(modules: tuple[str, ...]) -> None:
    packages = provenance.code_of(*modules)[1]
    assert ("larch" in packages) == ("ntcspec.xas.reduce" in modules)


def test_an_edit_changes_the_fingerprint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = tmp_path / "one_module.py"
    module.write_text("import numpy\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    provenance._source.cache_clear(), provenance.code_of.cache_clear()
    before = provenance.fingerprint("one_module")
    assert provenance.code_of("one_module")[1] == ("numpy",)
    module.write_text("import numpy\nx = 1\n")
    provenance._source.cache_clear(), provenance.code_of.cache_clear()
    assert provenance.fingerprint("one_module") != before
    sys.modules.pop("one_module", None)


def test_key_follows_parameters_code_and_inputs() -> None:
    base = provenance.job_key("exafs.reduce", {"a": 1.0}, "c0de", {"inputs": [["raw", "a", "0"]]})
    others = [
        provenance.job_key("exafs.measure", {"a": 1.0}, "c0de", {"inputs": [["raw", "a", "0"]]}),
        provenance.job_key("exafs.reduce", {"a": 1.1}, "c0de", {"inputs": [["raw", "a", "0"]]}),
        provenance.job_key("exafs.reduce", {"a": 1.0}, "c1de", {"inputs": [["raw", "a", "0"]]}),
        provenance.job_key("exafs.reduce", {"a": 1.0}, "c0de", {"inputs": [["raw", "a", "1"]]}),
    ]
    assert len({base, *others}) == 5
    assert base == provenance.job_key("exafs.reduce", {"a": 1.0}, "c0de", {"inputs": [["raw", "a", "0"]]})


def test_ancestry_is_flat_and_complete() -> None:
    grand = {"stage": "ingest", "ancestry": {}}
    parent = {"stage": "reduce", "ancestry": provenance.ancestry_of({"a": grand})}
    family = provenance.ancestry_of({"b": parent})
    assert family == {"a": {"stage": "ingest"}, "b": {"stage": "reduce"}}


def test_file_cache_notices_a_change(tmp_path: Path) -> None:
    raw = tmp_path / "x.dat"
    raw.write_bytes(b"one")
    cache = provenance.FileCache(tmp_path / "cache" / "h.json", provenance.sha256_file)
    first = cache[raw]
    assert first == provenance.sha256_bytes(b"one")
    cache.save()
    raw.write_bytes(b"two")
    again = provenance.FileCache(tmp_path / "cache" / "h.json", provenance.sha256_file)
    assert again[raw] == provenance.sha256_bytes(b"two")
    (tmp_path / "cache" / "h.json").write_text("{ no json")
    assert provenance.FileCache(tmp_path / "cache" / "h.json", provenance.sha256_file)[raw] == provenance.sha256_bytes(
        b"two"
    )


def test_write_atomic_replaces_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    provenance.write_atomic(path, json.dumps({"a": 1}).encode())
    provenance.write_atomic(path, b"2")
    assert path.read_bytes() == b"2"
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_neither_panels_nor_stages_hang_on_tables_that_grow() -> None:
    """A new technique must not make all results old."""
    for modules in (PANEL_MODULES, TABLE_MODULES, *(s.modules for s in STAGES["exafs"])):
        reach = provenance.code_of(*modules)[0]
        assert not {"ntcspec.techniques", "ntcspec.plan", "ntcspec.config.study", "ntcspec.workflow"} & set(reach)


def test_an_optional_package_is_named_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(provenance.versions(["wdf", "numpy"])) == ["numpy", "renishaw-wdf"]
    monkeypatch.setattr(provenance.util, "find_spec", lambda name: None)
    assert list(provenance.versions(["wdf", "numpy"])) == ["numpy"]


def test_key_fingerprint_and_seal_follow_from_the_record_itself() -> None:
    about = {"study": "s", "stage": "reduce", "technique": "exafs", "sample": "a", "simulated": False, "order": 1}
    raw = {"role": "raw", "root": "raw", "path": "a.xdi", "sha256": "ab", "bytes": 2}
    modules = ("ntcspec.errors", "ntcspec.edges")
    code = provenance.fingerprint(*modules)
    key = provenance.key_of(about, {"x": 1.5}, code, [("raw", "raw", "a.xdi", "ab")])
    record = provenance.make_record(
        about=about, parameters={"x": 1.5}, inputs=[raw], modules=modules, key=key, ancestry={}
    )
    again = json.loads(json.dumps(record))
    assert provenance.about_of(again) == about
    assert provenance.fingerprint_of(again["code"]["modules"]) == code
    assert provenance.seal_of(again) == again["seal"]
    assert list(record_findings(again)) == []
    again["packages"]["numpy"] = "0.1"
    assert provenance.seal_of(again) != again["seal"]
