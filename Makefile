# What a person runs and what CI runs is the same. `make` alone shows the targets.

PYTHON ?= python3
BIN := .venv/bin
# Options handed on: make demo ARGS=--no-serve
ARGS ?=

# A stamp is older than the lists of dependencies only when there is something to install.
RUNTIME := .venv/.installed
DEV := .venv/.installed-dev
INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help venv demo test lint check bench load pages mutants docs clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(RUNTIME) ## sixty days of a software company's marketing, rehearsed in seconds
	$(BIN)/engage demo $(ARGS)

test: $(DEV) ## the tests, on SQLite and PostgreSQL
	$(BIN)/python -m pytest $(ARGS)

lint: $(DEV) ## style, types and layers
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

check: lint ## everything CI proves: lint, then the same tests
	@$(MAKE) --no-print-directory test

bench: $(DEV) ## the benchmarks
	$(BIN)/python benchmarks/run.py $(ARGS)

load: $(DEV) ## opt-outs, opens and clicks while a broadcast runs; a broadcast alone, and killed again and again
	$(BIN)/python benchmarks/load.py $(ARGS)

pages: $(DEV) ## how quick the staff pages are beside a million prospects
	$(BIN)/python benchmarks/pages.py $(ARGS)

mutants: $(DEV) ## small faults put into the program, one at a time: does a test find each?
	$(BIN)/python benchmarks/mutants.py $(ARGS)

docs: $(DEV) ## write the generated parts of the documentation again (all: some minutes)
	$(BIN)/python -m engage.cli.docs $(ARGS)

venv: $(DEV) ## install everything, development tools included

clean: ## remove what was built; the next target installs again
	rm -rf .venv .mutants build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# A venv that lost its pip (made where python3-venv was missing) is made anew.
$(BIN)/pip:
	$(PYTHON) -m venv --clear .venv

$(RUNTIME): pyproject.toml constraints.txt | $(BIN)/pip
	$(INSTALL) .
	@touch $@

# The development tools bring the runtime with them.
$(DEV): pyproject.toml constraints.txt | $(BIN)/pip
	$(INSTALL) '.[dev]'
	@touch $(RUNTIME) $@
