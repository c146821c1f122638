# Everything a person or CI runs. The truth of each step is in bin/ and tools/, so that both run the same.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

PYTHON := .venv/bin/python
READY := .venv/setup.stamp

##@ See it work
.PHONY: demo
demo: setup ## Simulated TikTok Shop, real Odoo, orders flowing; ONCE=1 ends with the reconciliation's exit code
	@exec $(PYTHON) -m sandbox.demo $(if $(filter-out 0,$(ONCE)),--once) $(ARGS)

.PHONY: stack
stack: setup ## Private Redis, PostgreSQL and Odoo to develop against, until Ctrl-C
	@exec $(PYTHON) -m sandbox.stack up $(ARGS)

##@ Check it
.PHONY: test
test: setup lint ## Everything that CI runs: set-up, lint, unit tests and tests on the real parts
	@bin/test $(ARGS)

.PHONY: test-unit
test-unit: | $(READY) ## Unit tests alone: seconds, no network; ARGS go to pytest
	$(PYTHON) -m pytest tests/unit $(ARGS)

.PHONY: lint
lint: | $(READY) ## Style, types, layers, house rules, the Compose file and the documents
	@bin/lint

.PHONY: chaos
chaos: setup ## Break everything while 10,000 orders come (about half an hour); ARGS="--orders 500" is quicker, --write keeps it
	@exec $(PYTHON) -m sandbox.chaos $(ARGS)

.PHONY: soak
soak: setup ## Orders for half an hour: does anything grow? ARGS="--minutes 3 --rate 5" is quicker, --write keeps it
	@exec $(PYTHON) -m benchmarks.soak $(ARGS)

##@ Measure it
.PHONY: bench
bench: ## All benchmarks, one after the other (over an hour); ARGS=--write keeps them in docs/benchmarks.md
	@failed=; for one in receiver orders stock growth outage; do \
		$(MAKE) --no-print-directory bench-$$one ARGS="$(ARGS)" || failed="$$failed $$one"; \
	done; \
	if [ -n "$$failed" ]; then echo "Not all goals are met:$$failed" >&2; exit 1; fi

.PHONY: bench-receiver
bench-receiver: ## Measure the receiver of webhooks with wrk; ARGS="--seconds 5" is quicker, --write keeps it
	@bin/setup wrk
	@exec $(PYTHON) -m benchmarks.receiver $(ARGS)

.PHONY: bench-orders
bench-orders: setup ## Measure how orders come into Odoo: rate, CPU, calls, latency; ARGS="--orders 500" is quicker, --write keeps it
	@exec $(PYTHON) -m benchmarks.orders $(ARGS)

.PHONY: bench-stock
bench-stock: setup ## Measure catalogue and stock of a large shop; ARGS="--skus 500" is quicker, --write keeps it
	@exec $(PYTHON) -m benchmarks.stock $(ARGS)

.PHONY: bench-growth
bench-growth: setup ## Measure the same orders over 1, 50 and 500 shops; ARGS="--shops 1 20" is quicker, --write keeps it
	@exec $(PYTHON) -m benchmarks.growth $(ARGS)

.PHONY: bench-outage
bench-outage: setup ## Orders arrive while Odoo is away, then it comes back; ARGS="--orders 2000" is quicker, --write keeps it
	@exec $(PYTHON) -m benchmarks.outage $(ARGS)

##@ Work on it
.PHONY: setup
setup: ## Make all that the other targets need; quick when it is there
	@bin/setup

$(READY):
	@bin/setup

.PHONY: format
format: | $(READY) ## Format the code and bring the configuration tables up to date
	.venv/bin/ruff check --fix --quiet
	.venv/bin/ruff format
	$(PYTHON) tools/configuration.py --write

.PHONY: lock
lock: setup ## Resolve the dependencies of pyproject.toml anew into requirements*.lock, with hashes; ARGS=--upgrade takes the newest
	@for file in requirements.lock "requirements-dev.lock --extra dev"; do \
		.venv/bin/uv pip compile --quiet pyproject.toml --universal --python-version 3.11 --generate-hashes \
			--no-header --no-emit-index-url --output-file $$file $(ARGS); \
	done

.PHONY: screenshots
screenshots: setup ## Take the pictures of the console in docs/images anew
	SCREENSHOTS=$(CURDIR)/docs/images TEST_STACK_NAME=screenshots $(PYTHON) -m pytest tests/browser $(ARGS)

.PHONY: clean
clean: ## Delete what runs and checks left behind; .venv and .cache, which are slow to make, stay
	rm -rf .run .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build
	find . -name __pycache__ -type d -not -path './.venv/*' -not -path './.cache/*' -exec rm -rf {} +

.PHONY: help
help: ## Show this
	@awk 'BEGIN { FS = ":.*## "; print "usage: make TARGET [ONCE=1] [ARGS=...]" } \
		/^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
