"""Small studies of tests/workflow, for tests of what drives them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))
