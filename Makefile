# Every target sets up what it needs: a fresh machine with Python 3.11 or later, and make.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: help setup demo run check test test-all bench lock clean

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/' | expand -t 12

setup: $(READY) ## virtual environment with the locked dependencies

$(READY): deploy/requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Tocsin needs Python 3.11 or later; try make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r deploy/requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

demo: setup ## a sample newsroom on loopback through the whole stream
	$(BIN)/python deploy/demo/demo.py

run: setup ## the service on the embedded bus and index, with the starter list of feeds
	$(BIN)/tocsin run --config deploy/tocsin.toml

check: setup ## ruff, mypy --strict, import direction, docs against code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest tests/house

test: setup ## every test; real Kafka and Elasticsearch where Java and Maven are there
	$(BIN)/pytest -m "not long"

test-all: setup ## the long ones too
	$(BIN)/pytest

bench: setup ## speed and accuracy; needs the corpora in ../shared/data
	$(BIN)/python -m benchmarks

lock: setup ## new lock files from pyproject.toml
	$(BIN)/uv pip compile pyproject.toml --universal --generate-hashes --no-header --no-annotate -q -o deploy/requirements.lock
	$(BIN)/uv pip compile pyproject.toml --universal --generate-hashes --no-header --no-annotate -q \
	  --extra dev --extra build -c deploy/requirements.lock -o deploy/requirements-dev.lock

clean: ## remove what the targets made
	rm -rf .venv .servers data deploy/data build *.egg-info
