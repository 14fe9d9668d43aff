"""python -m ntcspec.worker BOOK KEY: do one job here.   --serve LISTENER ADDRESS [MODULE ...]: be the worker.

--beside PID [MODULE ...]: start a worker that lives as long as that process, and print its address.
"""

from __future__ import annotations

import sys
from pathlib import Path


def main(words: list[str]) -> None:
    if words[0] == "--serve":
        from ntcspec.worker.server import serve

        serve(int(words[1]), Path(words[2]), words[3:])
        return
    if words[0] == "--beside":
        from ntcspec.worker import beside

        beside(int(words[1]), words[2:])
        return
    from ntcspec.errors import UserError
    from ntcspec.processes import end_with_parent
    from ntcspec.worker.book import do

    end_with_parent()
    try:
        do(Path(words[0]), words[1])
    except UserError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(sys.argv[1:])
