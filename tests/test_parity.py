"""Every technique has all that a technique must have, in the same shape as the others."""

import re
from importlib import import_module
from pathlib import Path
from typing import get_args

import pytest

from ntcspec.commands.export import EXPORTERS
from ntcspec.config.study import SERIES, STAGES, TECHNIQUES, Technique
from ntcspec.plot import KINDS
from ntcspec.techniques import FRAMES
from ntcspec.techniques import SERIES as SERIES_TABLE
from ntcspec.techniques import STAGES as TABLE

ROOT = Path(__file__).parents[1]
RULE = re.compile(r"^rule (\w+):", re.MULTILINE)


def rules(technique: str) -> list[str]:
    return RULE.findall((ROOT / f"workflow/rules/{technique}.smk").read_text())


def test_the_tables_name_the_same_techniques() -> None:
    assert list(TECHNIQUES) == list(TABLE) == list(get_args(Technique))
    assert list(SERIES) == list(SERIES_TABLE)
    assert sorted(TECHNIQUES) == sorted(EXPORTERS), "`ntcspec export` knows every technique"


@pytest.mark.parametrize("technique", TECHNIQUES)
def test_stages_have_a_section_a_rule_and_a_function_each(technique: str) -> None:
    stages = [stage.name for stage in TABLE[technique]]
    assert stages == list(TECHNIQUES[technique].model_fields)
    assert stages == [name for name in STAGES if name in stages], "stages stand in one order for all techniques"
    assert rules(technique) == [f"{technique}_{stage}" for stage in stages]
    for stage in TABLE[technique]:
        for name in (stage.function, stage.result):
            module, _, inside = name.partition(":")
            assert hasattr(import_module(module), inside)
        assert set(stage.inputs) <= set(stages)


@pytest.mark.parametrize("technique", FRAMES)
def test_frames_go_through_stages_of_the_same_names_and_files(technique: str) -> None:
    single = {stage.name: stage for stage in TABLE[technique]}
    names = [stage.name for stage in FRAMES[technique]]
    assert names == [name for name in single if name in names], "in the same order"
    assert names[0] == "ingest" and names[-1] == "measure"
    for stage in FRAMES[technique]:
        assert stage.files == single[stage.name].files
        for name in (stage.function, stage.result):
            module, _, inside = name.partition(":")
            assert hasattr(import_module(module), inside)
        assert set(stage.inputs) <= set(names)
        assert not stage.standards and not stage.wanted
    assert any(kind.technique == technique and kind.frames for kind in KINDS.values()), "a panel draws them"
    assert technique in (ROOT / "docs/frames.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("technique", TECHNIQUES)
def test_rules_differ_in_nothing_but_names(technique: str) -> None:
    """One pattern for all, so that a fix in one is not forgotten in another."""
    text = (ROOT / f"workflow/rules/{technique}.smk").read_text()
    bodies = {}
    for stage in TABLE[technique]:
        body = text.split(f"rule {technique}_{stage.name}:")[1].split("\nrule ")[0].strip()
        body = body.replace(f'        update("results/{{sample}}/{{measurement}}/{stage.name}.json"),\n', "")
        bodies[stage.name] = re.sub(rf"\b{stage.name}\b", "STAGE", body)
    assert len(set(bodies.values())) == 1, bodies


@pytest.mark.parametrize("technique", TECHNIQUES)
def test_panels_docs_and_snakefile_know_it(technique: str) -> None:
    assert any(kind.technique == technique for kind in KINDS.values())
    page = (ROOT / f"docs/{technique}.md").read_text(encoding="utf-8")
    for stage in TABLE[technique]:
        assert f"## {stage.name}" in page, f"docs/{technique}.md has no section on {stage.name}"
    assert "## Limits" in page
    assert f'include: "workflow/rules/{technique}.smk"' in (ROOT / "Snakefile").read_text()
    assert f"docs/{technique}.md" in (ROOT / "README.md").read_text(encoding="utf-8")
