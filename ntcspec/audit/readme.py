"""README.md of a study's results: what is in them, and how anybody can check them."""

from __future__ import annotations

from ntcspec import __version__
from ntcspec.audit.entities import file_id
from ntcspec.plan import TABLE, Plan

SIMULATED = "\n**SIMULATED data**: not all of what is in here was measured; tables and figures say which.\n"
TEXT = """\
# {name}
{simulated}
{description}

Made by ntcspec {version} from {raw} raw files of {samples} samples: {measurements} measurements, {panels} panels.
{people}
| what | where |
|---|---|
| all numbers, with unit and uncertainties | [{table}]({table}) |
| figure panels, and the data that each one draws | panels/ |
| every stage of every measurement (NeXus/HDF5) | a folder for each sample |
| the study's files, the workflow and the code as they were run | study/ |
| what each job said, and when it ran | logs/ |
| the run in a form for programs (RO-Crate) | [ro-crate-metadata.json](ro-crate-metadata.json) |

## How to check

    sha256sum --check SHA256SUMS     # in this folder; needs no ntcspec: the bytes are those of the run
    ntcspec verify ..                # every hash, every record and the crate; raw files too where they are there
    ntcspec trace panels/NAME.png    # from a figure back to the raw bytes

That all fits together does not say who made it: whoever has the whole folder can make all of it anew. Compare the hash
of ro-crate-metadata.json with one that was given to you another way, or check its signature where there is one.
"""


def readme(plan: Plan) -> str:
    """The text; the same for the same study."""
    study = plan.study
    simulated = any(m.simulated for m in study.measurements)
    raw = {i.path for job in plan.jobs.values() for i in job.inputs if i.root == "raw"}
    authors = ", ".join(_author(a.name, a.orcid) for a in study.about.authors)
    people = [f"Authors: {authors}" if authors else "", f"Licence: {study.about.licence or 'not stated'}"]
    people.append(f"Belongs to: https://doi.org/{study.about.doi}" if study.about.doi else "")
    return TEXT.format(
        name=" ".join(study.name.split()),
        simulated=SIMULATED * simulated,
        description=study.about.description,
        version=__version__,
        raw=len(raw),
        samples=len(study.samples),
        measurements=len(study.measurements),
        panels=len(study.panels),
        people="".join(f"\n{line}\n" for line in people if line),
        table=file_id(TABLE.removeprefix("results/")),
    )


def _author(name: str, orcid: str | None) -> str:
    return f"{name} (https://orcid.org/{orcid})" if orcid else name
