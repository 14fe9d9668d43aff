"""Fill the validator's web cache from files, so that it asks nobody: offline.py CACHE (run by the checkers' Python).

Of the terms of workflow runs those are given that crates of 0.5 may use; each is the vocabulary's address and its name.
"""

import io
import json
import sys
from pathlib import Path

import requests
from requests.adapters import BaseAdapter
from requests_cache import CachedSession
from urllib3.response import HTTPResponse

RUN = "https://w3id.org/ro/terms/workflow-run"
TERMS = (
    *("ParameterConnection", "connection", "sourceParameter", "targetParameter", "sha1", "sha256", "sha512", "md5"),
    *("ContainerImage", "DockerImage", "SIFImage", "containerImage", "registry", "tag", "environment", "resourceUsage"),
)
CONTEXTS = {
    "https://w3id.org/ro/crate/1.1/context": (Path(__file__).parent / "contexts/ro-crate-1.1.jsonld").read_bytes(),
    f"{RUN}/context": json.dumps({"@context": {term: f"{RUN}#{term}" for term in TERMS}}).encode(),
}


class FromFiles(BaseAdapter):
    def send(self, request, **_):
        body = CONTEXTS[request.url]
        headers = {"Content-Type": "application/ld+json"}
        answer = requests.Response()
        answer.status_code, answer.url, answer.request, answer.encoding = 200, request.url, request, "utf-8"
        answer.headers.update(headers)
        answer.raw = HTTPResponse(body=io.BytesIO(body), status=200, headers=headers, preload_content=False)
        answer._content = body
        return answer

    def close(self):
        pass


session = CachedSession(
    cache_name=sys.argv[1],
    backend="sqlite",
    expire_after=-1,
    allowable_methods=("GET",),
    allowable_codes=(200, 302, 404),
)
session.mount("https://", FromFiles())
for url in CONTEXTS:
    assert session.get(url).content == CONTEXTS[url]
