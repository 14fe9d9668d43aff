"""Athena projects against other readers: perl itself, larch, and the files that Athena writes."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ntcspec.export.athena import AthenaGroup, background, fourier, normalisation, project
from ntcspec.export.words import one_line
from ntcspec.readers import read_scans
from ntcspec.readers.athena import groups_of
from ntcspec.readers.text import text_file
from ntcspec.types.exafs import ExafsReduced
from ntcspec.types.xas import XasScans
from ntcspec.xas.reduce import reduce_exafs

ENERGY = np.array([9700.0, 9800.0, 9882.5, 9900.0, 10000.0])
MU = np.array([0.31, 0.3, 0.7, 1.1, 1.05])
AUTOBK = {
    "rbkg_ang": 1.2, "kweight": 2, "kmin_inv_ang": 0.0, "kmax_inv_ang": 13.5, "dk_inv_ang": 0.1, "window": "hanning",
}  # fmt: skip
TA_FOIL, TA_L3_EV = "BMM_Ta-L3-Ta_foil.xdi", 9881.1
PROJECTS = ("Ru_QAS_athena.prj", "Au-L3_standards_athena0.8.prj", "CAMD_Cl-K_standards.prj")

# What Athena does with a project: it evaluates each line by itself, in a compartment.
PERL = r"""
use strict; use warnings FATAL => 'all'; use Safe; use JSON::PP;
my (@groups, %group, @journal);
while (my $line = <STDIN>) {
  my $safe = Safe->new;
  if ($line =~ /\A[\$\@](old_group|args|x|y|journal)/) {
    my ($key, @value) = ($1, $safe->reval($line));
    die $@ if $@;
    if ($key eq 'journal') { @journal = @value } else { $group{$key} = [@value] }
  }
  if ($line =~ /\A\[record\]/) { push @groups, {%group}; %group = () }
}
print JSON::PP->new->ascii->encode({groups => \@groups, journal => \@journal});
"""
needs_perl = pytest.mark.skipif(shutil.which("perl") is None, reason="perl is not installed")


def as_perl_reads(content: bytes) -> dict[str, Any]:
    run = subprocess.run(["perl", "-e", PERL], input=gzip.decompress(content), capture_output=True, check=False)
    assert run.returncode == 0, run.stderr.decode()
    found: dict[str, Any] = json.loads(run.stdout)
    for group in found["groups"]:
        group["args"] = dict(zip(group["args"][::2], group["args"][1::2], strict=True))
    return found


def as_larch_reads(content: bytes, folder: Path, **options: bool) -> Any:
    from larch.io import read_athena

    path = folder / "x.prj"
    path.write_bytes(content)
    return read_athena(str(path), do_preedge=False, **options)


def group(label: str, *titles: str, parameters: dict[str, str] | None = None) -> AthenaGroup:
    return AthenaGroup(label, ENERGY, MU, parameters or {}, titles)


NASTY = (
    "it's", 'say "no"', "a\\", "\\'", "$x @y %z", "${\\(die)}", "@{[ system('false') ]}", "`false`", "'); die; ('",
    "two\nlines\r\n$old_group = 'x';", "Na₂O·2TaCl₅", "undeformed, undef", "a => b", r"x\x{41}", "=>", "\\", "'", '"',
    "\0\x07\x7f", "\ud800", "\u2028@journal = ();", "[record]", "# comment", "{(<]", "é ÿ Ā", "=\\x{3e}", "q\\Q$1\\E",
)  # fmt: skip


@needs_perl
@pytest.mark.parametrize("words", NASTY)
def test_perl_and_larch_read_the_words_that_were_written(tmp_path: Path, words: str) -> None:
    content = project([group(words, words), group("other")], journal=[words])
    told, wanted = as_perl_reads(content), one_line(words)
    first, second = (one["args"] for one in told["groups"])
    assert (first["label"], first["titles"], told["journal"]) == (wanted, [wanted], [wanted])
    assert second["label"] == "other"
    read = as_larch_reads(content, tmp_path)
    assert [one.label for one in read.groups.values()] == [wanted, "other"]
    assert read.journal == wanted
    ours = groups_of(text_file(gzip.decompress(content), "x.prj"))
    assert [one.label for one in ours] == [wanted, "other"] and ours[0].args["titles"] == wanted


@needs_perl
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.text(max_size=30), more=st.text(alphabet="\\'\"$@{}x1uf=>,;() ndef", max_size=30))
@example(words="\\", more="'")
def test_no_words_are_run_or_lost(tmp_path: Path, words: str, more: str) -> None:
    content = project([group("a", words, more), group("b")], journal=[more, words])
    wanted = [one_line(words), one_line(more)]
    told = as_perl_reads(content)
    short = [w for w in wanted if max(map(ord, w), default=0) < 0x10000]  # beyond, Athena shows bytes
    assert [t for t in told["groups"][0]["args"]["titles"] if t in short] == short
    assert told["groups"][1]["args"]["label"] == "b" and len(told["groups"]) == 2
    ours = groups_of(text_file(gzip.decompress(content), "x.prj"))
    assert ours[0].args["titles"] == "; ".join(wanted)
    read = as_larch_reads(content, tmp_path)
    assert list(read.groups) == ["a", "b"] and read.journal == "\n".join(reversed(wanted))
    np.testing.assert_array_equal(read.b.mu, MU)


@needs_perl
def test_perl_reads_the_numbers_that_were_written() -> None:
    (one,) = as_perl_reads(project([group("a")]))["groups"]
    np.testing.assert_array_equal(np.array(one["x"], float), ENERGY)
    np.testing.assert_array_equal(np.array(one["y"], float), MU)
    assert len(one["old_group"][0]) == 5 and one["args"]["npts"] == "5"


def test_groups_that_larch_would_take_for_one_stay_apart(tmp_path: Path) -> None:
    labels = ["a b", "a-b", "a b", "a b (2)", "", "", "Na₂O", "Na₃O"]
    read = as_larch_reads(project([group(label) for label in labels]), tmp_path)
    assert len(read.groups) == len(labels)
    found = [one.label for one in read.groups.values()]
    assert found[0] == "a b" and found[-2:] == ["Na₂O", "Na₃O"] and len(set(found)) == len(labels)
    assert all(label.startswith(("a b", "a-b")) for label in found[:4])


def test_only_keys_that_athena_writes_are_written(xas_data: Path) -> None:
    known = {"fft_kw", "is_xanes"}  # the first is of Athena before Demeter, the second of XANES groups only
    for name in PROJECTS:
        content = (xas_data / name).read_bytes()
        text = gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content
        for one in groups_of(text_file(text, name)):
            known |= set(one.args)
    norm = normalisation(
        e0_ev=9882.5, pre_ev=(-150, -50), post_ev=(100, 700), degree=2, edge_step=1, element="Ta", edge="L3"
    )  # fmt: skip
    transform = fourier(kmin_inv_ang=3, kmax_inv_ang=12, dk_inv_ang=1, kweight=2, window="hanning")
    for parameters in (norm, {**norm, **background(**AUTOBK), **transform}):
        (one,) = groups_of(text_file(gzip.decompress(project([group("a", parameters=parameters)])), "x"))
        assert set(one.args) - known == set()


def test_a_group_without_background_is_one_of_xanes() -> None:
    xanes, exafs = groups_of(
        text_file(gzip.decompress(project([group("x"), group("e", parameters=background(**AUTOBK))])), "x.prj")
    )  # fmt: skip
    assert (xanes.args["is_xanes"], xanes.args["is_xmu"], xanes.args["recordtype"]) == ("1", "1", "xanes(E)")
    assert "is_xanes" not in exafs.args and exafs.args["recordtype"] == "mu(E)"


# Demeter's own list: Demeter::StrTypes, Window
@pytest.mark.parametrize("ours", ["hanning", "kaiser", "parzen", "welch", "gaussian", "sine"])
def test_windows_keep_their_kind(ours: str) -> None:
    written = background(**{**AUTOBK, "window": ours})["bkg_kwindow"]
    assert written in {"kaiser-bessel", "kaiser", "hanning", "welch", "parzen", "sine", "gaussian"}
    assert written[:3] == ours[:3]  # larch tells windows by three letters


def test_a_window_unknown_to_athena_is_no_hanning() -> None:
    with pytest.raises(KeyError):
        background(**{**AUTOBK, "window": "blackman"})
    with pytest.raises(KeyError):
        fourier(kmin_inv_ang=3, kmax_inv_ang=12, dk_inv_ang=1, kweight=2, window="blackman")


def test_clamps_are_carried_as_the_whole_numbers_that_athena_takes() -> None:
    on = background(**AUTOBK, clamp_low=1.0, clamp_high=23.7, clamp_points=3)
    assert (on["bkg_clamp1"], on["bkg_clamp2"], on["bkg_nclamp"]) == ("1", "24", "3")
    without_points = background(**AUTOBK, clamp_low=1.0, clamp_high=24, clamp_points=0)
    assert (without_points["bkg_clamp1"], without_points["bkg_clamp2"]) == ("0", "0")


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_is_refused(bad: float) -> None:
    for energy, mu in ((np.where(ENERGY > 9990, bad, ENERGY), MU), (ENERGY, np.where(MU > 1.08, bad, MU))):
        with pytest.raises(ValueError, match="not finite"):
            project([AthenaGroup("a", energy, mu, {})])


def test_a_quick_scan_of_many_points_comes_back(tmp_path: Path) -> None:
    energy = np.linspace(9700.0, 10900.0, 30_000)
    mu = np.random.default_rng(0).normal(size=energy.size)
    read = as_larch_reads(project([AthenaGroup("q", energy, mu, {}), group("other")]), tmp_path)
    np.testing.assert_allclose(read.q.energy, energy, rtol=1e-11)
    np.testing.assert_allclose(read.q.mu, mu, rtol=1e-11)


# --- the physics comes back -------------------------------------------------------------------


@pytest.fixture(scope="module")
def reduced(data_folder: Path) -> ExafsReduced:
    scans = XasScans(read_scans(data_folder / "xas" / TA_FOIL, TA_FOIL))
    return reduce_exafs(scans, edge_energy_ev=TA_L3_EV, clamp_high=1.0, bkg_kmax_inv_ang=14.0)


def test_larch_makes_the_same_step_and_chi_from_the_project(reduced: ExafsReduced, tmp_path: Path) -> None:
    from larch import Group
    from larch.xafs import autobk, pre_edge

    chosen = reduced.chosen
    parameters = {
        **normalisation(
            e0_ev=reduced.e0_ev, pre_ev=chosen["pre_edge_range_ev"], post_ev=chosen["post_edge_range_ev"], degree=2,
            edge_step=reduced.edge_step, element="Ta", edge="L3",
        ),
        **background(
            rbkg_ang=1.0, kweight=2, kmin_inv_ang=0.0, kmax_inv_ang=chosen["bkg_kmax_inv_ang"], dk_inv_ang=0.1,
            window="hanning", clamp_high=1.0, clamp_points=3,
        ),
    }  # fmt: skip
    one = as_larch_reads(project([AthenaGroup("Ta", reduced.energy_ev, reduced.mu, parameters)]), tmp_path).Ta
    b, again = one.athena_params.bkg, Group(energy=one.energy, mu=one.mu)
    # Athena counts coefficients, larch degrees
    pre_edge(again, e0=b.e0, pre1=b.pre1, pre2=b.pre2, norm1=b.nor1, norm2=b.nor2, nnorm=int(b.nnorm) - 1, nvict=0)
    assert again.edge_step == pytest.approx(reduced.edge_step, rel=1e-6)
    assert again.edge_step == pytest.approx(float(b.step), rel=1e-6)
    autobk(
        again, e0=b.e0, rbkg=b.rbkg, kmin=b.spl1, kmax=b.spl2, kweight=int(b.kw), dk=b.dk, win=b.kwindow,
        clamp_lo=b.clamp1, clamp_hi=b.clamp2, nclamp=int(b.nclamp), edge_step=float(b.step),
    )  # fmt: skip
    points = min(again.chi.size, reduced.chi.size)
    assert abs(again.chi.size - reduced.chi.size) <= 1 and np.ptp(reduced.chi) > 0.1
    np.testing.assert_allclose(again.chi[:points], reduced.chi[:points], atol=1e-6)
