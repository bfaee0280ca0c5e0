# Winnow's commands. Plain make: works with GNU make 3.81 and later. `make` alone lists them.
#
#   PYTHON=python3.12 make run   another Python than the one found (3.11, 3.12 or 3.13)
#   make run PORT=8100           another port for the web server
#   make test ARGS="tests/api -x"   some of the tests
#   make test WORKERS=0          the tests in one process, for a debugger

PORT ?= 8000
WORKERS ?= 2
VENV := .venv
BIN := $(VENV)/bin

# A stamp is written once its step has succeeded: an interrupted one runs again.
MADE := $(VENV)/.made
READY := $(VENV)/.ready
READY_DEV := $(VENV)/.ready-dev

PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
SUITS := import sys, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
SOURCES := platform/api platform/config platform/dashboard platform/events platform/imports \
	platform/notices platform/offline platform/people platform/pipelines platform/serving platform/simulator experiments recommenders manage.py

.PHONY: help run test check format bench lock clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(READY) ## install what is needed, then run Winnow with its demonstration; Ctrl-C stops it
	@exec $(BIN)/python manage.py up --demo --port $(PORT)

test: $(READY_DEV) ## run the tests
	$(BIN)/python -m pytest -q -n $(WORKERS) --no-loadscope-reorder $(ARGS)

check: $(READY_DEV) ## check format, lint, types and the direction of imports
	@if [ -e platform/__init__.py ]; then \
		echo "platform/__init__.py must not exist: it would stand in for Python's own module platform" >&2; \
		exit 1; \
	fi
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	PYTHONPATH=platform $(BIN)/mypy $(SOURCES) tests benchmarks
	PYTHONPATH=platform:. $(BIN)/lint-imports

format: $(READY_DEV) ## format the code and mend what lint can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY_DEV) ## run the benchmarks; each prints JSON
	@set -e; for script in benchmarks/*.py; do \
		[ -e "$$script" ] || continue; echo "$$script" >&2; PYTHONPATH=platform:. \
			$(BIN)/python "$$script"; \
	done

lock: ## compile requirements.txt and requirements-dev.txt anew, on Python 3.11
	python3.11 -m venv $(VENV)/lock
	$(VENV)/lock/bin/python -m pip --disable-pip-version-check install -q pip-tools
	for name in requirements requirements-dev; do \
		$(VENV)/lock/bin/pip-compile -q --strip-extras --allow-unsafe --no-emit-index-url \
			--no-emit-find-links --no-emit-trusted-host --no-emit-options --no-annotate \
			--no-header -o $$name.txt $$name.in || exit 1; \
	done

clean: ## remove what was installed and cached; your data in var/ stays
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# An existing $(VENV) that works is kept, one that is broken or of another Python is made anew.
$(MADE):
	@if $(BIN)/python -c '$(SUITS)' 2>/dev/null && $(PIP) --version >/dev/null 2>&1; then \
		touch $@; exit 0; \
	fi; \
	for candidate in $(or $(PYTHON),python3 python3.13 python3.12 python3.11); do \
		if "$$candidate" -c '$(SUITS)' 2>/dev/null; then \
			echo "Making $(VENV) with $$candidate ($$($$candidate --version 2>&1))"; \
			"$$candidate" -m venv --clear $(VENV) && touch $@; exit $$?; \
		fi; \
	done; \
	echo "Winnow needs Python 3.11, 3.12 or 3.13 with its venv module; $(if $(PYTHON),$(PYTHON) is not one,none was found)." >&2; \
	echo "Install one (on Debian and Ubuntu: apt install python3 python3-venv), or name it: make run PYTHON=/path/to/python3.12" >&2; \
	exit 1

$(READY): $(MADE) requirements.txt
	@echo "Installing Winnow's requirements into $(VENV), once"
	$(PIP) install -r requirements.txt
	@touch $@

$(READY_DEV): $(READY) requirements-dev.txt
	@echo "Installing what the tests and checks need into $(VENV)"
	$(PIP) install -r requirements.txt -r requirements-dev.txt
	@touch $@
