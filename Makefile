# `make` alone shows what there is. Options of the local run: make run ARGS="--port-base 9101"
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash
VENV ?= .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest
PYTHON ?=
ARGS ?=
# Tests and the local run start many processes: without bytecode each compiles everything anew.
unexport PYTHONDONTWRITEBYTECODE
# Extras stay in (pip before 24 looks for a newer "coverage[toml]" otherwise); no host is named.
UV_COMPILE := uv pip compile --quiet --universal --generate-hashes --no-strip-extras \
	--no-annotate --no-header --no-emit-index-url --python-version 3.11

.PHONY: help run clean-data venv venv-dev lint type test test-kafka test-pymongo test-real bench bench-city bench-assessment contracts lock

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

# What reckons with seconds runs alone, the rest on both cores (much of it waits); long ones first.
CALM := tests/e2e tests/faults/test_poison.py
LONG := tests/faults/test_kills.py tests/faults/test_rebalance.py
BOTH := -n 4 --dist worksteal
# A Java broker for each of four is more than two cores carry.
TWO := -n 2 --dist worksteal
test: $(VENV)/dev.stamp ## Run all tests against real servers (11 minutes on 2 cores)
	$(PYTEST) $(CALM) $(ARGS)
	$(PYTEST) $(LONG) tests/unit tests/contracts tests/integration $(BOTH) $(ARGS)

test-kafka: $(VENV)/dev.stamp ## The integration, end-to-end and fault tests on Apache Kafka (Java 17, Maven)
	LIANXIN_TEST_BROKER=kafka $(PYTEST) $(CALM) $(LONG) $(ARGS)
	LIANXIN_TEST_BROKER=kafka $(PYTEST) tests/contracts tests/integration $(TWO) $(ARGS)

test-pymongo: $(VENV)/dev.stamp ## The services' integration tests on motor's successor
	MONGO_DRIVER=pymongo $(PYTEST) tests/integration/storage tests/integration/services $(BOTH) $(ARGS)

test-real: $(VENV)/dev.stamp ## Import two cities' real tables whole, compare with the files, print what is found (../shared/data)
	$(PYTEST) tests/real -rP $(ARGS)

bench: $(VENV)/dev.stamp ## Measure, write bench/RESULTS.md (half an hour; ARGS=--whole at full size, hours)
	$(BIN)/python -m bench $(ARGS)

bench-city: $(VENV)/dev.stamp ## Of it, the city of a million people alone (an hour; ARGS="--scale 0.02" a minute)
	$(BIN)/python -m bench.bench_city $(ARGS)

bench-assessment: $(VENV)/dev.stamp ## Of it, figures and recount beside 2,000,000 cases (an hour; ARGS="--sizes 2000 20000" two minutes)
	$(BIN)/python -m bench.bench_assessment $(ARGS)

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
