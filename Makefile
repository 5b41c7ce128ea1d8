# Everything a developer types. `make help` lists it.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.DEFAULT_GOAL := help
.PHONY: help setup run test check format docs fuzz kill evaluate lock clean

help: ## show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(VENV)/.run: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed: make PYTHON=python3.12 run"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes -r requirements.txt
	$(BIN)/pip install --quiet --no-deps --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	$(BIN)/pip install --quiet --require-hashes -r requirements-dev.txt
	@touch $@

setup: $(VENV)/.dev ## set up everything for development

run: $(VENV)/.run ## start the service on 127.0.0.1:8000 (ARGS="--model PATH" and the like)
	$(BIN)/llm-service serve $(ARGS)

test: $(VENV)/.dev ## run the tests (ARGS="-k name" and the like)
	$(BIN)/python -m pytest --numprocesses auto $(ARGS)

check: $(VENV)/.dev ## format, lint, strict types, import contract
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev ## bring the code into shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/.dev ## bring the made parts of the pages up to date, and build the site into site/
	$(BIN)/python docs/reference.py
	$(BIN)/mkdocs build --strict --quiet

fuzz: $(VENV)/.dev ## 10,000 generated requests against the API document
	$(BIN)/python benchmarks/fuzz.py --cases 10000

kill: $(VENV)/.dev ## kill the store a thousand times under load
	$(BIN)/python benchmarks/kill.py --kills 1000

evaluate: $(VENV)/.dev ## score the built-in model on the held-out prompts
	$(BIN)/python training/evaluate.py $(ARGS)

# On the oldest Python that is at hand: some packages need more there, and what is pinned too much harms nobody.
lock: ## pin the dependencies anew, with hashes (PYTHON=/usr/bin/python3.11)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet pip-tools
	$(BIN)/pip-compile --quiet --upgrade --generate-hashes --strip-extras --no-header --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --output-file requirements.txt pyproject.toml
	$(BIN)/pip-compile --quiet --upgrade --generate-hashes --strip-extras --no-header --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --allow-unsafe --extra dev --output-file requirements-dev.txt pyproject.toml

clean: ## remove the virtual environment and all caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis dist site
