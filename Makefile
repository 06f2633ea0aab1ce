PYTHON ?= python3.11
VENV   := .venv
BIN    := $(VENV)/bin
TIER   ?= small

.PHONY: benchmark test lint site clean

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.tooling: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --progress-bar off -c constraints.txt -e .
	touch $@

$(VENV)/.development: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --progress-bar off -c constraints.txt -e '.[strata,dev]'
	touch $@ $(VENV)/.tooling

lint: $(VENV)/.development
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PYTHONPATH=. $(BIN)/lint-imports

test: $(VENV)/.development
	$(BIN)/python -m pytest

clean:
	rm -rf $(VENV) .asv
