"""Who made a study, and what others may do with it: the optional `about` of config.yaml."""

from __future__ import annotations

import re
from typing import Annotated

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from pydantic import AfterValidator

from ntcspec.config.base import Parameters, param, required

_ORCID = re.compile(r"(?:https?://orcid\.org/)?(\d{4}-\d{4}-\d{4}-\d{3}[\dX])")
_DOI = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:)?(10\.\d{4,9}/\S+)", re.IGNORECASE)
LICENCES = "https://spdx.org/licenses/"


def _orcid(value: str) -> str:
    """0000-0002-1825-0097; its last digit is a check of the others (ISO 7064, MOD 11-2)."""
    found = _ORCID.fullmatch(value.strip())
    if not found:
        raise ValueError(f"{value!r} is no ORCID; one looks like 0000-0002-1825-0097")
    total = 0
    for digit in found[1].replace("-", "")[:-1]:
        total = (total + int(digit)) * 2
    if "0123456789X"[(12 - total % 11) % 11] != found[1][-1]:
        raise ValueError(f"{value!r} is no ORCID: its last digit does not fit the others; look it up at orcid.org")
    return found[1]


def _licence(value: str) -> str:
    try:
        known = str(canonicalize_license_expression(value))
    except InvalidLicenseExpression:
        known = " "
    if " " in known:
        raise ValueError(f"{value!r} is no licence that SPDX lists; CC-BY-4.0 is one, see {LICENCES}")
    return known


def _doi(value: str) -> str:
    found = _DOI.fullmatch(value.strip())
    if not found:
        raise ValueError(f"{value!r} is no DOI; one looks like 10.5281/zenodo.1234567")
    return found[1]


def _address(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s<>\"]+", value):
        raise ValueError(f"{value!r} is no address that starts with https://")
    return value


Orcid = Annotated[str, AfterValidator(_orcid)]
Licence = Annotated[str, AfterValidator(_licence)]
Doi = Annotated[str, AfterValidator(_doi)]
Address = Annotated[str, AfterValidator(_address)]


class Organisation(Parameters):
    """A university, institute or archive."""

    name: str = required("its name", min_length=1)
    url: Address | None = param(None, "", "its address: best its ROR, such as https://ror.org/02grkyz14")


class Author(Parameters):
    """One author."""

    name: str = required("given and family name", min_length=1)
    orcid: Orcid | None = param(None, "", "ORCID, such as 0000-0002-1825-0097")
    affiliation: Organisation | None = param(None, "", "where the author works")


class About(Parameters):
    """What the crate, the pack and the report say of the study; no number depends on it."""

    description: str = param("", "", "what was measured, and why, in a few sentences")
    authors: tuple[Author, ...] = param((), "", "the authors, in their order")
    licence: Licence | None = param(None, "", "licence of the data and figures by its SPDX name, such as CC-BY-4.0")
    publisher: Organisation | None = param(None, "", "the archive or institute that publishes the study")
    doi: Doi | None = param(None, "", "DOI of the paper or data set that the study belongs to")
    funding: tuple[str, ...] = param((), "", "grants, each as funder and number")
