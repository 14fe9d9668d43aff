"""What a stage names as further raw files: one, several, none, or sections with a file."""

from ntcspec.techniques import Stage


def test_a_place_holds_a_file_a_list_nothing_or_sections() -> None:
    stage = Stage("ingest", (), "m:f", "m:T", extra=("ingest.poni", "ingest.container", "ingest.air", "fit.models"))
    section = {"poni": "g.poni", "container": ["a.tif", "b.tif"], "air": None}
    found = stage.extra_files({"ingest": section, "fit": {"models": {"glass": {"file": "g.cif"}}}})
    assert [(one.name, one.role, one.file, one.key) for one in found] == [
        ("poni", "poni", "g.poni", ("ingest", "poni")),
        ("container.1", "container", "a.tif", ("ingest", "container")),
        ("container.2", "container", "b.tif", ("ingest", "container")),
        ("glass", "model glass", "g.cif", ("fit", "models", "glass", "file")),
    ]
    assert (
        stage.extra_files({"ingest": {**section, "container": ("a.tif",)}, "fit": {"models": {}}})[1].name
        == "container.1"
    )
