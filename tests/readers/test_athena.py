"""Athena projects of both flavours, against xraylarch."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rawfiles
from hypothesis import given, settings
from hypothesis import strategies as st

from ntcspec.errors import UserError
from ntcspec.readers import ColumnSpec, athena, read_scans, read_xas
from ntcspec.readers.text import TextFile, text_file
from ntcspec.types.xas import XasScan

PROJECTS = {
    "CAMD_Cl-K_standards.prj": 7,
    "Au-L3_standards_athena0.8.prj": 14,
    "Ru_QAS_athena.prj": 1,
    "Ni-K_json.prj": 8,
}

WORDS = st.text(st.characters(exclude_characters="\r\0", exclude_categories=["Cs"]), max_size=30)


def perl(*groups: dict[str, Any], extra: str = "") -> str:
    """A project; each group has args as a dict, and arrays."""
    lines = ["# Athena project file -- Demeter version 0.9.26", "# made for a test", ""]
    for number, group in enumerate(groups):
        args = ",".join(f"'{key}','{value}'" for key, value in group.get("args", {}).items())
        lines += [f"$old_group = 'g{number}';", f"@args = ({args});"]
        lines += [f"@{k} = ({','.join(map(repr, map(str, group[k])))});" for k in athena.ARRAYS if k in group]
        lines += ["[record]   # create object and set arrays in ifeffit", ""]
    return "\n".join(lines) + f"{extra}\n@journal = ('it''s', undef);\n\n1;\n\n# Local Variables:\n# End:\n"


def group(label: str = "foil", points: int = 20, **args: Any) -> dict[str, Any]:
    """Energies 9800, 9805, .. and mu 0, 1, .."""
    x = [9800 + 5 * k for k in range(points)]
    return {"args": {"label": label, **args}, "x": x, "y": list(range(points))}


def test_fortran_numbers_and_lists_with_escapes(tmp_path: Path) -> None:
    text = perl(group()).replace("'9800'", "'9.8D+03'").replace("'9805'", '"9805"')
    scan = rawfiles.read(tmp_path, text)
    np.testing.assert_array_equal(scan.energy_ev, 9800 + 5.0 * np.arange(20))
    (tmp_path / "b").mkdir()
    error = rawfiles.refusal(tmp_path / "b", perl(group()).replace("'9805'", "'98x5'"))
    assert "x, point 2: '98x5' is no number" in error.what


@pytest.fixture(scope="module")
def oracle(xas_data: Path) -> dict[str, Any]:
    from larch.io import read_athena

    found = {}
    for name in PROJECTS:
        project = read_athena(
            str(xas_data / name), do_preedge=False, do_bkg=False, do_fft=False, use_hashkey=False, match=None
        )
        found[name] = list(project.groups.values())
    return found


@pytest.mark.parametrize("name", PROJECTS)
def test_arrays_agree_with_larch(xas_data: Path, oracle: dict[str, Any], name: str) -> None:
    ours, theirs = read_scans(xas_data / name, name, select="*"), oracle[name]
    assert len(ours) == len(theirs) == PROJECTS[name]
    for scan, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(scan.column("x").values, other.energy)
        np.testing.assert_array_equal(scan.column("mu").values, other.mu)
        shift = float(other.athena_params.bkg.eshift)
        np.testing.assert_allclose(scan.energy_ev, other.energy + shift, rtol=1e-15)
        np.testing.assert_array_equal(scan.mu(scan.channels[0].mode), other.mu)
        assert f"e0 {float(other.athena_params.bkg.e0):.9g} eV" in " ".join(scan.notes)
        assert any(line.startswith("bkg_e0 = ") for line in scan.header.split("\n"))


def test_shift_brings_the_edge_to_athenas_e0(xas_data: Path) -> None:
    name = "Au-L3_standards_athena0.8.prj"
    (scan,) = read_scans(xas_data / name, name, select="Au foil")
    assert scan.source == f"{name}::Au foil"
    assert scan.energy_ev[0] == pytest.approx(11719.82567516 - 0.9240, abs=1e-9)
    assert "energy = x -0.924 eV: a project stores x without its bkg_eshift" in scan.notes
    assert scan.energy_evidence.endswith("x + bkg_eshift, -0.924 eV")
    slope = np.gradient(scan.mu("transmission"), scan.energy_ev)
    assert scan.energy_ev[slope.argmax()] == pytest.approx(11919.0, abs=0.5)  # the e0 that the project states


def test_stored_step_of_the_reference(xas_data: Path) -> None:
    reference = json.loads((xas_data / "REFERENCE.json").read_text(encoding="utf-8"))
    for name in ("CAMD_Cl-K_standards.prj", "Au-L3_standards_athena0.8.prj", "Ru_QAS_athena.prj"):
        for label, stored in reference[name]["athena_stored"].items():
            (scan,) = read_scans(xas_data / name, name, select=label)
            lines = scan.header.split("\n")
            for key in ("bkg_e0", "bkg_step", "bkg_pre1", "bkg_nor2", "bkg_nnorm"):
                (line,) = (words for words in lines if words.startswith(f"{key} = "))
                assert float(line.partition(" = ")[2]) == pytest.approx(float(stored[key]), rel=1e-12)


def test_mode_of_a_project_made_from_columns(xas_data: Path) -> None:
    scan = read_xas(xas_data / "Ru_QAS_athena.prj", "Ru.prj")
    assert scan.source == "Ru.prj"
    (channel,) = scan.channels
    assert (channel.mode, channel.kind) == ("transmission", "direct")
    assert "ln = 1, made from columns $3 and $2" in channel.evidence and "line 5" in channel.evidence
    raw = read_xas(xas_data / "Ru_QAS.dat", "Ru", ColumnSpec(energy="energy", i0="i0", transmitted="it"))
    np.testing.assert_allclose(np.interp(scan.energy_ev, raw.energy_ev, raw.mu("transmission")), scan.mu("transmission"), atol=1e-7)  # fmt: skip


def test_plain_and_gzip_and_json_give_the_same(tmp_path: Path) -> None:
    one = group(bkg_eshift="1.5")
    data = {"_____header1": "# Athena project file -- Demeter version 0.9.26", "g0": {**one}, "_____order": ["g0"]}
    text = perl(one)
    scans = [rawfiles.read(tmp_path, content) for content in (text, gzip.compress(text.encode()), json.dumps(data))]
    for scan in scans:
        np.testing.assert_array_equal(scan.energy_ev, 9801.5 + 5.0 * np.arange(20))
        np.testing.assert_array_equal(scan.mu("transmission"), np.arange(20))


def test_kev(tmp_path: Path) -> None:
    kev = group(is_kev="1", bkg_eshift="2")
    kev["x"] = [value / 1000 for value in kev["x"]]
    np.testing.assert_allclose(rawfiles.read(tmp_path, perl(kev)).energy_ev[:2], [9802.0, 9807.0])
    ev = rawfiles.read(tmp_path, perl(group(is_kev="1")))
    assert ev.energy_ev[0] == 9800.0 and any("is_kev" in note for note in ev.notes)


def test_labels_that_occur_twice_and_labels_with_bars(tmp_path: Path) -> None:
    path = rawfiles.write(tmp_path, perl(group("a|b", 20), group("a|b", 21), group("", 22)))
    scans = read_scans(path, "x.prj", select="*")
    assert [s.source for s in scans] == ["x.prj::a|b", "x.prj::a|b (2)", "x.prj::g2"]
    assert read_scans(path, "x.prj", select="a|b")[0].energy_ev.size == 20


def test_scalars_of_perl(tmp_path: Path) -> None:
    one = perl(group()).replace("'foil'", r"""'it\'s C:\\data (1); [x]', 'titles', ["caf\x{e9}", 'two', undef]""")
    scan = rawfiles.read(tmp_path, one)
    assert "label = it's C:\\data (1); [x]" in scan.header
    assert "titles = café; two;" in scan.header


def test_nothing_of_the_file_is_run(tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    evil = f"system('touch {trap}'); __import__('os').system('touch {trap}')"
    text = perl(group(), extra=f"{evil}\n$old_group = `touch {trap}`;\n")
    with pytest.raises(UserError):
        rawfiles.read(tmp_path, text)
    assert not trap.exists()


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (("'9805'", "'9805a'"), "x, point 2: '9805a' is no number"),
        (("@y = ('0',", "@y = ("), "x has 20 points, y has 19"),
        (("[record]", ""), "has no end: the file is cut off"),
        (("$old_group = 'g0';", "$old_group = 'g0"), "is no number|without its end|no list of keys"),
        (("@x = (", "@x = ((((((((("), "lists in lists"),
        (("@x = (", "@x = ]("), "closes no list"),
        (("'label',", ""), "no list of keys and values"),
        (("'label',", "'is_chi','1','label',"), r"chi\(k\)"),
        (("'label',", "'bkg_eshift','1e9','label',"), "no shift of an energy axis"),
        (("'label',", "'is_pixel','1','label',"), "in pixels"),
    ],
)
def test_faults(tmp_path: Path, change: tuple[str, str], what: str) -> None:
    error = rawfiles.refusal(tmp_path, perl(group()).replace(*change, 1))
    assert re.search(what, error.what)


def test_damaged_and_foreign_gzip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = gzip.compress(perl(group()).encode())
    assert "cut off" in rawfiles.refusal(tmp_path, packed[:-20]).what
    assert "no Athena project is in it" in rawfiles.refusal(tmp_path, gzip.compress(b"1 2 3\n" * 9)).what
    assert "damaged" in rawfiles.refusal(tmp_path, packed[:10] + b"\xff" * 40).what
    bomb = gzip.compress(perl(group()).encode() + b" " * 50_000_000)
    assert len(bomb) < 100_000
    monkeypatch.setattr(athena, "LARGEST", 10_000_000)
    assert "holds more than 10 MB" in rawfiles.refusal(tmp_path, bomb).what


def test_damaged_json(tmp_path: Path) -> None:
    head = '{"_____header1": "# Athena project file -- Demeter version 0.9.26",\n'
    assert "no sound JSON" in rawfiles.refusal(tmp_path, head + '"a": {').what
    assert "holds no group" in rawfiles.refusal(tmp_path, head + '"_____order": []}').what
    assert "'a' of its list is missing" in rawfiles.refusal(tmp_path, head + '"_____order": ["a"]}').what
    deep = head + '"a": ' + "[" * 100_000 + "]" * 100_000 + "}"
    assert rawfiles.refusal(tmp_path, deep).what


def groups(text: str) -> tuple[athena.Group, ...]:
    return athena.groups_of(TextFile("x.prj", tuple(text.split("\n")), True))


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text("abc_", min_size=1), WORDS))
def test_any_words_come_back(args: dict[str, str]) -> None:
    def quoted(words: str) -> str:
        return "'" + words.replace("\\", "\\\\").replace("'", "\\'") + "'"

    pairs = ",".join(f"{quoted(key)} , {quoted(value)}" for key, value in args.items())
    text = f"# Athena project file -- x\n$old_group = 'a';\n@args = ({pairs});\n@x = (1);\n[record]\n"
    (found,) = groups(text)
    assert found.args == args


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_damage_gives_anything_but_a_user_error(data: st.DataObject) -> None:
    text = perl(group(), group("b"))
    at = data.draw(st.integers(60, len(text)))
    junk = data.draw(st.text("()[]{}'\"\\,;=@$\n#1a ", max_size=6))
    damaged = text[:at] + junk + text[at + data.draw(st.integers(0, 30)) :]
    try:
        file = text_file(damaged.encode(), "x.prj")
        scans: list[XasScan] = [athena.read(file, "", None, name) for name in athena.names(file)]
    except UserError:
        return
    assert all(scan.energy_ev.size == scan.column("mu").values.size for scan in scans)
