"""What replay refuses, and in which words."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from forge import edit_record

from ntcspec.records import read_any_record

Run = tuple[int, str]


def set_schema(record: dict[str, Any]) -> None:
    record["schema"] = "ntcspec-record/9"


def set_stage(record: dict[str, Any]) -> None:
    record["stage"] = "divine"


def add_parameter(record: dict[str, Any]) -> None:
    record["parameters"]["wand"] = 1


def lead_out(record: dict[str, Any]) -> None:
    record["inputs"][0]["path"] = "results/../../../etc/reduce.nxs"
    record["ancestry"]["results/../../../etc/reduce.nxs"] = record["ancestry"]["results/a/exafs/reduce.nxs"]


def lose_ancestor(record: dict[str, Any]) -> None:
    del record["ancestry"]["results/a/exafs/ingest.nxs"]


def lose_family(record: dict[str, Any]) -> None:
    record["ancestry"] = []


def lose_key(record: dict[str, Any]) -> None:
    del record["key"]


def lose_hash(record: dict[str, Any]) -> None:
    del record["inputs"][0]["sha256"]


def lose_modules(record: dict[str, Any]) -> None:
    record["ancestry"]["results/a/exafs/reduce.nxs"]["code"] = {}


REFUSED = {
    "family": (lose_family, "its record is damaged: it says nothing of its ancestry"),
    "key": (lose_key, "its record is damaged: key missing or of the wrong kind"),
    "hash": (lose_hash, "its record is damaged: input 0 without role, root, path, sha256, bytes"),
    "modules": (lose_modules, "results/a/exafs/reduce.nxs: its record is damaged: code without modules or fingerprint"),
    "schema": (set_schema, "its record has schema 'ntcspec-record/9', not 'ntcspec-record/1'"),
    "stage": (set_stage, "this ntcspec has no stage 'divine' of exafs"),
    "parameter": (add_parameter, "takes other parameters: got an unexpected keyword argument 'wand'"),
    "path": (lead_out, "which is no path of a study"),
    "ancestor": (lose_ancestor, "is not whole: nothing is said of results/a/exafs/ingest.nxs"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_record_that_cannot_be_followed_is_refused(study: Path, replay: Callable[..., Run], kind: str) -> None:
    change, words = REFUSED[kind]
    path = study / "results/a/exafs/transform.nxs"
    edit_record(path, change)
    code, said = replay(path)
    assert code == 2 and said.startswith("cannot be replayed: ") and words in said


def test_a_file_without_record_is_refused(tmp_path: Path, replay: Callable[..., Run]) -> None:
    for name in ("x.png", "x.csv", "x.nxs", "x.json", "x.txt"):
        (tmp_path / name).write_bytes(b"no artifact")
        code, said = replay(tmp_path / name)
        assert code == 2 and said.startswith("cannot be replayed: ") and name in said
    assert replay(tmp_path / "gone.png")[0] == 2
    assert replay(tmp_path / "x.png", "--raw", tmp_path / "gone")[0] == 2


def test_a_record_is_read_from_a_figure_and_a_table_alike(replayed_study: Path) -> None:
    figure, table = (
        read_any_record(replayed_study / f"results/{name}") for name in ("panels/chi_r.svg", "metrics.csv")
    )
    assert figure["ancestry"]["results/a/exafs/transform.nxs"] == table["ancestry"]["results/a/exafs/transform.nxs"]
