"""What `about` of config.yaml takes, and how it refuses."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from ntcspec.config.about import About, Author, Organisation
from ntcspec.config.load import load_study
from ntcspec.errors import Problems


@pytest.mark.parametrize("orcid", ["0000-0002-1825-0097", "0000-0001-5109-3700", "0000-0002-1694-233X"])
def test_orcids_of_orcid_s_own_documents_are_taken(orcid: str) -> None:
    assert Author(name="x", orcid=orcid).orcid == orcid
    assert Author(name="x", orcid=f"https://orcid.org/{orcid}").orcid == orcid


@pytest.mark.parametrize("orcid", ["0000-0002-1825-0098", "0000-0002-1825-009", "x", "0000-0002-1694-2330"])
def test_a_wrong_orcid_is_refused(orcid: str) -> None:
    with pytest.raises(ValidationError, match="is no ORCID"):
        Author(name="x", orcid=orcid)


def test_licences_are_those_of_spdx() -> None:
    assert About(licence="cc-by-4.0").licence == "CC-BY-4.0"
    for wrong in ("CC-BY", "free", "MIT AND CC0-1.0", ""):
        with pytest.raises(ValidationError, match="is no licence that SPDX lists"):
            About(licence=wrong)


@pytest.mark.parametrize("doi", ["10.5281/zenodo.1", "https://doi.org/10.5281/zenodo.1", "doi:10.5281/zenodo.1"])
def test_dois_are_taken_in_every_form(doi: str) -> None:
    assert About(doi=doi).doi == "10.5281/zenodo.1"


def test_wrong_addresses_and_dois_are_refused() -> None:
    with pytest.raises(ValidationError, match="is no DOI"):
        About(doi="zenodo.1")
    for wrong in ("ror.org/1", "javascript:alert(1)", 'https://x" onload="y'):
        with pytest.raises(ValidationError, match="is no address"):
            Organisation(name="x", url=wrong)


def test_a_mistake_names_file_line_and_key(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("study: x\nabout:\n  licence: CC-BY\n  authors:\n    - {name: y, orcid: z}\n")
    with pytest.raises(Problems) as caught:
        load_study(tmp_path)
    words = str(caught.value)
    assert "config.yaml, line 3: about.licence: 'CC-BY' is no licence that SPDX lists" in words
    assert "config.yaml, line 5: about.authors[0].orcid: 'z' is no ORCID" in words
