# Every target makes the environment in .venv itself when it is missing or out of date.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test lint bench clean

demo: .venv/made
	$(BIN)/motifmine demo

test: .venv/made
	$(BIN)/python -m pytest

lint: .venv/made
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/made
	$(BIN)/python benchmarks/extract.py
	$(BIN)/python benchmarks/plsm.py
	$(BIN)/python benchmarks/hdlsm.py
	$(BIN)/python benchmarks/tcae.py

clean:
	rm -rf .venv build dist motifmine.egg-info motifmine-demo

.venv/made: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@
