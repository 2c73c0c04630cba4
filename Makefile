# Every target makes the environment in .venv itself when it is missing or out of date.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help demo test test-long test-all test-kernels lint bench clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 14

demo: .venv/made ## mine the sample data, the quickest look at what motifmine does
	$(BIN)/motifmine demo

test: .venv/made ## all tests but the long ones
	$(BIN)/python -m pytest -m "not long"

test-long: .venv/made ## the long tests: whole archives, kills, samplers, recovery
	$(BIN)/python -m pytest -m long

test-all: test test-long ## all tests

# Compiled code that was not checked must not be taken from the cache, nor the other way round.
test-kernels: .venv/made ## the tests of the kernels, as plain Python and with bounds checks
	NUMBA_DISABLE_JIT=1 $(BIN)/python -m pytest -m kernel
	NUMBA_BOUNDSCHECK=1 NUMBA_CACHE_DIR=.venv/checked $(BIN)/python -m pytest -m kernel

lint: .venv/made ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/made ## the benchmarks
	$(BIN)/python benchmarks/extract.py
	$(BIN)/python benchmarks/plsm.py
	$(BIN)/python benchmarks/hdlsm.py
	$(BIN)/python benchmarks/tcae.py

clean: ## remove everything that was made
	rm -rf .venv build dist motifmine.egg-info motifmine-demo

.venv/made: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@
