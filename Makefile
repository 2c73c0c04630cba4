# Every target makes the environment in .venv itself when it is missing or out of date.
PYTHON ?= python3
BIN := .venv/bin

# Tests on all cores. Each process begins at another place of the list, so that they seldom compile
# the same kernels at one time, and whoever is done takes tests from the end of another's part.
# One thread of BLAS and torch a process, as there are as many processes as cores. Bytecode is kept even
# where the environment says otherwise: commands run as child processes would compile every module again.
PYTEST := PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 $(BIN)/python -m pytest
ON_ALL_CORES := -n logical --dist worksteal

.PHONY: help demo test test-long test-release test-all test-kernels lint bench bench-check soak clean docs

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 14

# The demo needs no extras: it is content with less, unless the rest is there already.
demo: $(if $(wildcard .venv/made),.venv/made,.venv/light) ## mine the sample data, the quickest look at what motifmine does
	$(BIN)/motifmine demo

test: .venv/made ## all tests but the long ones
	$(PYTEST) $(ON_ALL_CORES) -m "not long"

test-long: .venv/made ## the long tests: whole archives, kills, samplers, recovery
	$(PYTEST) $(ON_ALL_CORES) -m "long and not release"

test-release: .venv/made ## the tests before a release: planted faults, pages of the documentation, whole recordings
	$(PYTEST) $(ON_ALL_CORES) -m release

test-all: test test-long test-release ## all tests

# Compiled code that was not checked must not be taken from the cache, nor the other way round.
test-kernels: .venv/made ## the tests of the kernels, as plain Python and with bounds checks
	NUMBA_DISABLE_JIT=1 $(PYTEST) $(ON_ALL_CORES) -m kernel
	NUMBA_BOUNDSCHECK=1 NUMBA_CACHE_DIR=.venv/checked $(PYTEST) $(ON_ALL_CORES) -m kernel

lint: .venv/made ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/made ## the benchmarks; writes the figures of docs/performance.md
	$(BIN)/python benchmarks/performance.py
	$(BIN)/python benchmarks/extract.py
	$(BIN)/python benchmarks/plsm.py
	$(BIN)/python benchmarks/hdlsm.py
	$(BIN)/python benchmarks/tcae.py

bench-check: .venv/made ## fails where something is 15 % slower than docs/performance.md says
	$(BIN)/python benchmarks/performance.py --check

docs: .venv/made ## the documentation as HTML, in docs/_build; warnings are errors
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build

soak: .venv/made ## damage 10,000 files of every format and read them
	$(BIN)/python -m tests.robustness.soak --files 10000

clean: ## remove everything that was made
	rm -rf .venv build dist docs/_build motifmine.egg-info motifmine-demo

.venv/light: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt --editable .
	touch $@

.venv/made: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@
