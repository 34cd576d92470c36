# Two commands need nothing else: `make demo` and `make test`. `make help` lists the rest.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
DOCS   := .venv-docs
GENERATE := $(BIN)/python -m hack.generate
PYTEST := $(BIN)/python -m pytest
FAST   := -q -m "not cluster and not long and not thorough" -n 2 --dist loadfile
UNIT   := -q -m "not cluster and not long" -n 2 --dist loadfile
ALL    := -q -m "not long" -n 3 --dist loadfile
LONG   := -q -m long -n 3 --dist load
GENERATED := crds docs/expectations docs/operations.md docs/security.md docs/settings.md docs/troubleshooting.md charts

.PHONY: help install lint types imports unit fast test test-long verify generate manifest chart docs demo bench lock clean

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

fast: lint types imports  ## lint, types, contracts, unit tests: under a minute, before every commit
	@$(PYTEST) $(FAST)

test: lint types imports $(STAMP)  ## everything, on a real API server too; ends with pytest's summary
	@$(BIN)/python -m hack.localcluster build --if-possible
	@$(BIN)/python -m hack.tools helm --if-possible > /dev/null
	@$(PYTEST) $(ALL) --cov --cov-report=term:skip-covered

test-long: $(STAMP)  ## the tests that take minutes
	@$(BIN)/python -m hack.localcluster build --if-possible
	@$(PYTEST) $(LONG)

generate: $(STAMP)  ## regenerate what has one source elsewhere: crds/, pages of docs/, parts of charts/
	@$(GENERATE)

verify: generate  ## regenerate and fail on a difference
	@git diff --exit-code --stat -- $(GENERATED) || { echo "generated files are out of date: run make generate and commit"; exit 1; }
	@test -z "$$(git status --porcelain -- $(GENERATED))" || { git status --short -- $(GENERATED); exit 1; }

manifest: $(STAMP)  ## everything that deploy/ installs as one file, build/install.yaml
	@$(BIN)/python -m hack.manifest

chart: $(STAMP)  ## lint and pack the chart into build/ (builds helm from Go modules once)
	@mkdir -p build
	@helm="$$($(BIN)/python -m hack.tools helm)" && "$$helm" lint --strict --quiet charts/readiness-operator \
	  && "$$helm" package charts/readiness-operator --destination build

docs: $(DOCS)/.installed  ## the pages as a site in build/site; a link or an anchor that leads nowhere fails
	@NO_MKDOCS_2_WARNING=1 $(DOCS)/bin/mkdocs build --strict

$(DOCS)/.installed: requirements/docs.txt
	@echo "==> $(DOCS): installing the pinned requirements of the site"
	@test -x $(DOCS)/bin/python || $(PYTHON) -m venv $(DOCS)
	@$(DOCS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/docs.txt
	@touch $@

demo: $(STAMP)  ## the main job on a control plane of its own; KEEP=1 leaves it running
	@$(BIN)/python -m hack.demo

bench: $(STAMP)  ## measure the budget on a control plane of its own; QUICK=1 cuts the counts, ROWS="cold big" runs some
	@$(BIN)/python -m hack.bench $(ROWS)

lock: $(STAMP)  ## resolve requirements/*.in anew
	@cd requirements && for set in runtime dev docs; do \
	  ../$(BIN)/uv pip compile --universal --generate-hashes --no-header --no-emit-index-url --no-annotate \
	    --no-managed-python --python-version 3.11 --quiet $$set.in -o $$set.txt; done

clean:  ## remove what the build made (not the cached binaries)
	@rm -rf build dist .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
