# make run    analyse the default study (SIMULATED data): figures in results/panels, numbers in results/metrics.csv
# make test   lint and all tests
# Both make .venv first, with the exact versions of constraints.txt, and need Python 3.11 to 3.13.

PYTHON ?= $(firstword $(foreach p,python3 python3.13 python3.12 python3.11,\
	$(shell $(p) -c 'import sys; v = sys.version_info[:2]; print("$(p)" if (3, 11) <= v <= (3, 13) else "")' 2>/dev/null)))
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# Threads are the workflow's business: one a process, so that numbers do not hang on the number of cores.
export OMP_NUM_THREADS = 1
export OPENBLAS_NUM_THREADS = 1
export MKL_NUM_THREADS = 1

.PHONY: run test lint schema benchmarks clean

run: .venv/installed
	@$(BIN)/ntcspec demo raw
	@$(BIN)/ntcspec run

test: .venv/installed-test .venv/installed-checkers lint
	@$(BIN)/python -m pytest -n auto --dist loadfile

lint: .venv/installed-test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/snakefmt --check --compact-diff Snakefile workflow
	@$(BIN)/mypy ntcspec
	@$(BIN)/lint-imports --no-cache

schema: .venv/installed
	@$(BIN)/python -m ntcspec.config.schema
	@$(BIN)/python -m ntcspec.config.docs

benchmarks: .venv/installed-test
	@for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "make: needs Python 3.11, 3.12 or 3.13; none was found (set PYTHON=/path/to/python3)"; exit 1; }
	@echo "making .venv with $(PYTHON)"
	@$(PYTHON) -m venv .venv

.venv/installed: pyproject.toml constraints.txt | .venv/bin/python
	@echo "installing the versions of constraints.txt (some minutes the first time)"
	@$(PIP) install --constraint constraints.txt --editable .
	@touch $@

.venv/installed-test: pyproject.toml constraints.txt .venv/installed
	@$(PIP) install --constraint constraints.txt --editable '.[test]'
	@touch $@

# Checkers of crates and NeXus files pin versions that ours cannot share: a venv of their own, for tests alone.
.venv/installed-checkers: tests/outside/checkers.txt .venv/installed-test
	@test -x .venv/checkers/bin/python || $(BIN)/python -m venv .venv/checkers
	@.venv/checkers/bin/python -m pip --disable-pip-version-check --quiet install --requirement $<
	@touch $@

clean:
	rm -rf .venv .snakemake .ntcspec .pytest_cache .mypy_cache .ruff_cache
