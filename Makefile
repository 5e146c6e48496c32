# `make` alone shows what there is. Options of the local run: make run ARGS="--port-base 9101"
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash
VENV ?= .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest
PYTHON ?=
ARGS ?=
# Extras stay in (pip before 24 looks for a newer "coverage[toml]" otherwise); no host is named.
UV_COMPILE := uv pip compile --quiet --universal --generate-hashes --no-strip-extras \
	--no-annotate --no-header --no-emit-index-url --python-version 3.11

.PHONY: help run clean-data venv venv-dev lint type test test-kafka test-pymongo test-real bench bench-city contracts lock

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  \033[1mmake %-12s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/run.stamp ## Start everything on this machine, play a demo day, stay up (Ctrl-C stops it)
	@$(BIN)/python -m deploy.local.run $(ARGS)

clean-data: ## Wipe what the local run has kept (.data)
	@python3 -m deploy.local.clean

venv: $(VENV)/run.stamp ## Make the environment that `make run` needs

venv-dev: $(VENV)/dev.stamp ## Make the environment with everything for development

lint: $(VENV)/dev.stamp ## Check style, format and which package may import which
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports

type: $(VENV)/dev.stamp ## Check types
	$(BIN)/mypy

# What reckons with seconds runs alone, the rest on both cores.
CALM := tests/e2e tests/faults
# The embedded database never closes the files of databases that were dropped, and a process may
# have 20,000 open: the registry's tests, which make most of them, get two servers of their own.
REGISTRY := tests/integration/services/registry
ONE_HALF := $(REGISTRY)/test_[a-g]*.py
OTHER_HALF := $(REGISTRY)/test_[h-z]*.py
BESIDE := --ignore=$(REGISTRY)
test: $(VENV)/dev.stamp ## Run all tests against real servers (10 minutes on 2 cores)
	$(PYTEST) $(CALM) $(ARGS)
	$(PYTEST) $(ONE_HALF) -n 2 $(ARGS)
	$(PYTEST) $(OTHER_HALF) -n 2 $(ARGS)
	$(PYTEST) tests/unit tests/contracts tests/integration $(BESIDE) -n 2 $(ARGS)

test-kafka: $(VENV)/dev.stamp ## The integration, end-to-end and fault tests on Apache Kafka (Java 17, Maven)
	LIANXIN_TEST_BROKER=kafka $(PYTEST) $(CALM) $(ARGS)
	LIANXIN_TEST_BROKER=kafka $(PYTEST) $(ONE_HALF) -n 2 $(ARGS)
	LIANXIN_TEST_BROKER=kafka $(PYTEST) $(OTHER_HALF) -n 2 $(ARGS)
	LIANXIN_TEST_BROKER=kafka $(PYTEST) tests/contracts tests/integration $(BESIDE) -n 2 $(ARGS)

test-pymongo: $(VENV)/dev.stamp ## The services' integration tests on motor's successor
	MONGO_DRIVER=pymongo $(PYTEST) $(ONE_HALF) -n 2 $(ARGS)
	MONGO_DRIVER=pymongo $(PYTEST) $(OTHER_HALF) -n 2 $(ARGS)
	MONGO_DRIVER=pymongo $(PYTEST) tests/integration/storage tests/integration/services $(BESIDE) -n 2 $(ARGS)

test-real: $(VENV)/dev.stamp ## Import two cities' real tables whole and compare with the files (../shared/data)
	$(PYTEST) tests/real $(ARGS)

bench: $(VENV)/dev.stamp ## Measure, and write bench/RESULTS.md (a whole city: bench-city)
	$(BIN)/python -m bench $(ARGS)

bench-city: $(VENV)/dev.stamp ## Load a city of a million people and measure (an hour; ARGS="--scale 0.02" a minute)
	$(BIN)/python -m bench.bench_city $(ARGS)

contracts: $(VENV)/run.stamp ## Write docs/contracts from shared/contracts
	$(BIN)/python -m shared.contracts.documents

lock: ## Write the lock files anew from pyproject.toml (needs uv; UPGRADE=--upgrade takes new versions)
	$(UV_COMPILE) $(UPGRADE) --extra local --extra build pyproject.toml -o requirements.lock
	$(UV_COMPILE) $(UPGRADE) --extra local --extra build --extra dev pyproject.toml -o requirements-dev.lock

$(VENV)/run.stamp: requirements.lock pyproject.toml deploy/local/venv.sh
	@PYTHON="$(PYTHON)" deploy/local/venv.sh $(VENV) requirements.lock
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock pyproject.toml deploy/local/venv.sh
	@PYTHON="$(PYTHON)" deploy/local/venv.sh $(VENV) requirements-dev.lock
	@touch $@ $(VENV)/run.stamp
