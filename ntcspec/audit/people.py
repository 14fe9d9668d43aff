"""Authors, licence, publisher of a study as entities of its crate, from `about` of config.yaml."""

from __future__ import annotations

from typing import Any

from ntcspec.audit.entities import Graph, Ref, local_id
from ntcspec.config.about import LICENCES, About, Organisation

NO_LICENCE = "No licence is stated: all rights are with the authors."


def add_about(graph: Graph, about: About) -> dict[str, Any]:
    """Entities of people and licence; returns the properties of the root that lead to them."""
    return {
        "license": _licence(graph, about.licence),
        "author": [_author(graph, number, one) for number, one in enumerate(about.authors, 1)],
        "publisher": _organisation(graph, about.publisher),
        "identifier": f"https://doi.org/{about.doi}" if about.doi else None,
        "funding": list(about.funding),
    }


def _author(graph: Graph, number: int, author: Any) -> Ref:
    name = f"https://orcid.org/{author.orcid}" if author.orcid else local_id("author", str(number))
    return graph.add(name, "Person", name=author.name, affiliation=_organisation(graph, author.affiliation))


def _organisation(graph: Graph, one: Organisation | None) -> Ref | None:
    if one is None:
        return None
    return graph.add(one.url or local_id("organisation", one.name), "Organization", name=one.name, url=one.url)


def _licence(graph: Graph, licence: str | None) -> Ref | str:
    if licence is None:
        return NO_LICENCE
    url = f"{LICENCES}{licence}.html"
    return graph.add(url, "CreativeWork", name=licence, description=f"The licence {licence}.", url=url)
