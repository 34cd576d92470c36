# Two commands need nothing else: `make demo` and `make test`. `make help` lists the rest.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
GENERATE := $(BIN)/python -m hack.generate
PYTEST := $(BIN)/python -m pytest
UNIT   := -m "not cluster" -n 2

.PHONY: help install lint types imports unit fast test verify generate demo bench lock clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

install: $(STAMP)  ## create .venv with the pinned, hashed requirements
$(STAMP): requirements/dev.txt pyproject.toml
	@echo "==> .venv: installing the pinned requirements (a minute at first)"
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed (set PYTHON=...)" if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

lint: $(STAMP)  ## ruff: style and formatting
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(STAMP)  ## mypy, strict
	@$(BIN)/mypy

imports: $(STAMP)  ## who may import whom
	@$(BIN)/lint-imports

unit: $(STAMP)  ## tests that need no cluster
	@$(PYTEST) $(UNIT)

fast: lint types imports unit  ## lint, types, contracts, unit tests: under a minute, before every commit

test: lint types imports $(STAMP)  ## everything, on a real API server too; ends with pytest's summary
	@$(BIN)/python -m hack.localcluster build
	@rm -f .coverage .coverage.*
	@$(BIN)/coverage run -m pytest
	@$(BIN)/coverage report > build/coverage.txt || { cat build/coverage.txt; exit 1; }

generate: $(STAMP)  ## regenerate crds/ and docs/expectations/ from their one source
	@$(GENERATE)

verify: generate  ## regenerate and fail on a difference
	@git diff --exit-code --stat -- crds docs/expectations || { echo "generated files are out of date: run make generate and commit"; exit 1; }
	@test -z "$$(git status --porcelain -- crds docs/expectations)" || { git status --short -- crds docs/expectations; exit 1; }

demo: $(STAMP)  ## the main job on a control plane of its own; KEEP=1 leaves it running
	@$(BIN)/python -m hack.demo

bench: $(STAMP)  ## measure the budget on a control plane of its own; QUICK=1 cuts the counts, ROWS="cold big" runs some
	@$(BIN)/python -m hack.bench $(ROWS)

lock: $(STAMP)  ## resolve requirements/*.in anew
	@cd requirements && for set in runtime dev; do \
	  ../$(BIN)/uv pip compile --universal --generate-hashes --no-header --no-emit-index-url --no-annotate \
	    --no-managed-python --python-version 3.11 --quiet $$set.in -o $$set.txt; done

clean:  ## remove what the build made (not the cached binaries)
	@rm -rf build dist .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
