# Everything that is done to this project by hand, in one place. `make` alone explains itself.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
PY := $(VENV)/bin/python
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do command -v $$p && break; done)
TESTS ?= tests
WORKERS ?= 2

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z][a-z-]*:.*## / {printf "  \033[1m%-11s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.dev ## Install everything for working on the project into .venv

run: $(VENV)/.run ## Start the whole platform on http://127.0.0.1:8000 (data in var/)
	@$(PY) -m embedded

up-local: $(VENV)/.run ## Start the cluster profile on this machine: Kafka, PostgreSQL, four services (data in var/cluster)
	@$(PY) -m local cluster up

down-local: ## Stop what up-local started; the data stays
	@$(PY) -m local cluster down

up: ## Start the cluster profile in containers (needs docker compose)
	@test -s deploy/.env || (umask 077 && echo "INKASSO_DB_PASSWORD=$$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')" > deploy/.env)
	@docker compose -f deploy/compose.yaml up --build --detach
	@echo "claims-api http://127.0.0.1:8101/docs, payments-ingest :8102, escalation :8103, notifications :8104, Prometheus :9090"
	@echo "a token: docker compose -f deploy/compose.yaml run --rm creditors local cluster token agency bydel-frogner --folder /cluster"

down: ## Stop the containers; the volumes stay
	@docker compose -f deploy/compose.yaml down

demo: $(VENV)/.run ## Play several claims' lives in fast-forward and prove the books
	@$(VENV)/bin/inkasso demo

test: check ## Run every check and every test
	@$(PY) -m pytest -n $(WORKERS) --dist loadgroup $(TESTS)

check: lint types imports ## Lint, types and import rules

lint: $(VENV)/.dev ## ruff: style and mistakes
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .

types: $(VENV)/.dev ## mypy, strict
	@$(VENV)/bin/mypy

imports: $(VENV)/.dev ## import-linter: who may import whom
	@$(VENV)/bin/lint-imports --no-cache

fmt: $(VENV)/.dev ## Format the code and mend what ruff can mend
	@$(VENV)/bin/ruff check --fix .
	@$(VENV)/bin/ruff format .

contracts: $(VENV)/.run ## Write docs/contracts from the event models (AsyncAPI, schemas, examples)
	@$(PY) -m shared.events.contracts docs/contracts

bench: $(VENV)/.dev ## Measure against peers (benchmarks/)
	@$(PY) benchmarks/run.py

lock: $(VENV)/.dev ## Resolve the dependencies anew into the two lock files (needs uv)
	@command -v uv >/dev/null || { echo "lock: expected uv on the PATH, found none"; exit 1; }
	@uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url -q pyproject.toml -o requirements.lock
	@uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url -q --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean: ## Remove what can be made again (not var/, which holds your data)
	@rm -rf $(VENV) .mypy_cache .ruff_cache .hypothesis .import_linter_cache build dist *.egg-info
	@find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "setup: expected Python 3.11 or later on the PATH, found none"; exit 1; }
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else f"setup: expected Python 3.11 or later, found {v[0]}.{v[1]}")'
	@$(PYTHON) -c 'import venv, ensurepip' || { echo "setup: Python lacks venv (on Debian: the package python3-venv)"; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing what the platform needs …"
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run
	@echo "Installing what its tests need …"
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

.PHONY: help setup run up-local down-local up down demo test check lint types imports fmt contracts bench lock clean
