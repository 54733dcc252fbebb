# Every target sets up what it needs in .venv; PYTHON=/path/to/python3.12 chooses the interpreter.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check
INSTALL = $(PIP) install --editable

.PHONY: help demo test test-all lint format bench docs golden clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.plots ## train on handwritten digits and show what was learnt
	@$(BIN)/annette demo

test: $(VENV)/.test lint ## check style and types, then run the tests
	@$(BIN)/python -m pytest -q -m "not slow"

test-all: $(VENV)/.test $(VENV)/.jax lint ## the same with the slow tests and those of the JAX backend too
	@$(BIN)/python -m pytest -q

lint: $(VENV)/.lint ## check style and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(VENV)/.lint ## put the code into the project's style
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

bench: ## measure annette beside its peers and write benchmarks/RESULTS.md
	@test -x .venv-bench/bin/python || "$$(PYTHON='$(PYTHON)' .ci/find-python)" -m venv .venv-bench; \
	echo "Installing the peers and annette into .venv-bench"; \
	.venv-bench/bin/python -m pip -qq --disable-pip-version-check install torch==2.13.0 tensorflow-cpu keras jax scikit-learn matplotlib .; \
	.venv-bench/bin/python benchmarks/run.py --write $(BENCH)

docs: $(VENV)/.docs ## build the documentation into site/
	@$(BIN)/mkdocs build --strict --quiet
	@echo "The documentation is in site/index.html"

golden: ## make the golden values of the tests anew, with real Keras in an environment of its own
	@test -x .venv-golden/bin/python || "$$(PYTHON='$(PYTHON)' .ci/find-python)" -m venv .venv-golden; \
	.venv-golden/bin/python -m pip -qq --disable-pip-version-check install keras jax tensorflow; \
	.venv-golden/bin/python tests/golden/make_golden.py

clean: ## remove the environment and everything built
	@rm -rf $(VENV) .venv-golden build dist site .pytest_cache .mypy_cache .ruff_cache .hypothesis

# An environment is ready when its stamp is newer than pyproject.toml.
$(VENV)/.base: pyproject.toml
	@python="$$(PYTHON='$(PYTHON)' ./.ci/find-python)"; \
	test -x $(BIN)/python || { echo "Setting up $(VENV) with $$python"; "$$python" -m venv $(VENV); }
	@touch $@

$(VENV)/.plots $(VENV)/.test $(VENV)/.lint $(VENV)/.docs $(VENV)/.jax: $(VENV)/.%: $(VENV)/.base
	@echo "Installing what 'make $(MAKECMDGOALS)' needs ($*)"
	@$(INSTALL) '.[$*]'
	@touch $@
