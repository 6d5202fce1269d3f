# Haven: `make run` shows it, `make test` proves it.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Where this is set every process would compile all that it imports, again and again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run test lint types contracts templates unit integration killing journeys browser shuffle bench lock chromium clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

run: $(VENV)/ready ## start sandbox, worker and portal; Ctrl-C ends all
	@exec $(BIN)/haven run

test: $(VENV)/ready chromium ## everything below, as CI runs it
	@$(BIN)/python tools/check.py

lint: $(VENV)/ready ## ruff: style and security rules
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(VENV)/ready ## mypy --strict
	@$(BIN)/mypy

contracts: $(VENV)/ready ## which floor may import which
	@$(BIN)/lint-imports

templates: $(VENV)/ready ## cfn-lint over the CloudFormation templates
	@$(BIN)/cfn-lint -r us-east-1 eu-west-1 -c I -- provisioning/templates/*.yaml

unit: $(VENV)/ready ## the fast tests
	@$(BIN)/pytest tests/unit tests/house

integration: $(VENV)/ready ## parity, SQLite, PostgreSQL, AWS gateways
	@$(BIN)/pytest tests/parity tests/integration

killing: $(VENV)/ready ## workers killed and held up around every outside effect
	@$(BIN)/pytest tests/killing -n 2

journeys: $(VENV)/ready ## whole journeys on the sandbox
	@$(BIN)/pytest tests/journeys -n 2 --dist loadfile

browser: $(VENV)/ready chromium ## what a person does, in Chromium, with axe
	@$(BIN)/pytest tests/browser -n 2

shuffle: $(VENV)/ready chromium ## all tests once more, in a random order
	@$(BIN)/pytest tests/unit tests/house -n 2 && $(BIN)/pytest tests/parity tests/integration -n 2 && $(BIN)/pytest tests/killing tests/browser -n 2 && $(BIN)/pytest tests/journeys -n 2 --dist loadfile

bench: $(VENV)/ready ## the numbers that docs/performance.md quotes
	@$(BIN)/python -m benchmarks.snapshot && $(BIN)/python -m benchmarks.pages && $(BIN)/python -m benchmarks.metrics && $(BIN)/python -m benchmarks.replay

chromium: ## install Chromium with apt where that is possible
	@sh tools/chromium.sh

lock: ## resolve the dependencies anew (needs uv)
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header -q -o requirements.lock
	uv pip compile pyproject.toml --extra sandbox --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header -q -o requirements-dev.lock

clean: ## forget everything local: the virtual environment and all data under var/
	rm -rf $(VENV) var .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/ready: requirements-dev.lock pyproject.toml tools/venv.sh
	@PYTHON="$(PYTHON)" sh tools/venv.sh "$(VENV)"
