# Every target sets up what it needs in .venv; PYTHON=/path/to/python3.12 chooses the interpreter.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check
# What builds annette stays in the environment, so that the C++ is compiled once for all targets.
INSTALL = $(PIP) install --no-build-isolation --editable
REQUIRES := import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"])
SOURCES := $(shell find native annette/primitives -name '*.[ch]pp' -o -name '*.py') CMakeLists.txt
CXX_FILES := $(shell find native -name '*.[ch]pp')

.PHONY: help core demo test test-all sanitize lint format bench docs golden exchange clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

core: $(VENV)/.core ## build the native core, or what changed in it

demo: $(VENV)/.core $(VENV)/.plots ## train on handwritten digits and show what was learnt
	@$(BIN)/annette demo

test: $(VENV)/.core $(VENV)/.test lint ## check style and types, then run the tests
	@$(BIN)/python -m pytest -q -m "not slow"

test-all: $(VENV)/.core $(VENV)/.test $(VENV)/.jax lint ## the same with the slow tests, JAX and the sanitizers
	@$(BIN)/python -m pytest -q
	@$(MAKE) --no-print-directory sanitize

sanitize: $(VENV)/.core $(VENV)/.test ## test the core with the address, undefined and thread sanitizers
	@.ci/sanitize $(BIN)/python address,undefined
	@.ci/sanitize $(BIN)/python thread

lint: $(VENV)/.lint ## check style and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/clang-format --dry-run --Werror $(CXX_FILES)

format: $(VENV)/.lint ## put the code into the project's style
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .
	@$(BIN)/clang-format -i $(CXX_FILES)

bench: ## measure annette beside its peers and write benchmarks/RESULTS.md
	@test -x .venv-bench/bin/python || "$$(PYTHON='$(PYTHON)' .ci/find-python)" -m venv .venv-bench; \
	echo "Installing the peers and annette into .venv-bench"; \
	.venv-bench/bin/python -m pip -qq --disable-pip-version-check install torch==2.13.0 tensorflow-cpu keras jax scikit-learn matplotlib --editable .; \
	.venv-bench/bin/python benchmarks/run.py --write $(BENCH)

docs: $(VENV)/.docs ## build the documentation into site/
	@$(BIN)/mkdocs build --strict
	@echo "The documentation is in site/index.html"

golden: ## record golden values with real Keras: all, or GOLDEN=--missing, --check, "--only WORD"
	@test -x .venv-golden/bin/python || "$$(PYTHON='$(PYTHON)' .ci/find-python)" -m venv .venv-golden; \
	.venv-golden/bin/python -m pip -qq --disable-pip-version-check install keras jax tensorflow; \
	.venv-golden/bin/python tests/golden/make_golden.py $(GOLDEN)

exchange: $(VENV)/.core ## check with real Keras (of `make golden`) that each reads the other's files
	@ANNETTE_KERAS_PYTHON=.venv-golden/bin/python $(BIN)/python tests/saving/exchange.py all

clean: ## remove the environment and everything built
	@rm -rf $(VENV) .venv-golden .venv-bench build dist site .pytest_cache .mypy_cache .ruff_cache
	@rm -rf .hypothesis annette/backends/native/_core*

# An environment is ready when its stamp is newer than pyproject.toml.
$(VENV)/.base: pyproject.toml
	@python="$$(PYTHON='$(PYTHON)' ./.ci/find-python)"; \
	test -x $(BIN)/python || { echo "Setting up $(VENV) with $$python"; "$$python" -m venv $(VENV); }
	@echo "Installing what the build needs"
	@$(PIP) install cmake ninja $$($(BIN)/python -c '$(REQUIRES)')
	@touch $@

$(VENV)/.core: $(VENV)/.base $(SOURCES)
	@echo "Building the native core"
	@$(BIN)/python native/build.py --stamp $@

$(VENV)/.plots $(VENV)/.test $(VENV)/.lint $(VENV)/.docs $(VENV)/.jax: $(VENV)/.%: $(VENV)/.base | $(VENV)/.core
	@echo "Installing what 'make $(MAKECMDGOALS)' needs ($*)"
	@$(INSTALL) '.[$*]'
	@touch $@
