# Everything is set up by itself from locks: exact versions, checked by hash, with uv where it is found and with venv and pip
# otherwise. Only `make` and a Python are needed. requirements.lock is what running needs; requirements-dev.lock is that and the
# tools for tests and checks. Benchmarks have a lock and a .venv-bench of their own; so has the image (deploy/), with the extras.

.DEFAULT_GOAL := help
.PHONY: help setup demo test trials check pictures format bench lock clean

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DEV_STAMP := $(VENV)/.installed-dev
BENCH_VENV := .venv-bench
BENCH_STAMP := $(BENCH_VENV)/.installed
UV := $(shell command -v uv 2>/dev/null)

# The first Python that is new enough; `make PYTHON=…` names another. Each is started, because a version manager's shim may
# stand in PATH for a Python that is not installed.
CANDIDATES := $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11)
override PYTHON := $(shell for python in $(CANDIDATES); do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo "$$python"; break; }; done)

help: ## Show this
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo 'Options are passed on in ARGS: make demo ARGS=--tour; make test ARGS="-k approve"'

setup: $(STAMP) ## Install the program into .venv

demo: $(STAMP) ## Start the local workspace and the bot on it
	@exec $(BIN)/signoff demo $(ARGS)

# Two processes share the files of tests; `make test ARGS="-n 0"` is one, as a debugger needs it.
test: $(DEV_STAMP) ## Run all tests
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

# Every fault at every call, and a kill at every place where one may come; `make test` has some of each.
trials: $(DEV_STAMP) ## Run the trials in their whole form
	$(BIN)/python -m pytest -n 2 --dist loadscope tests/trials tests/stories/test_several_bots.py --trials $(ARGS)

# Pyright runs on Node.js: on playwright's, which is in the lock, and without asking whether there is a newer pyright.
check: $(DEV_STAMP) ## Check format, style and types
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	PATH="$$(echo $(CURDIR)/$(VENV)/lib/python3*/site-packages/playwright/driver):$$PATH" \
		PYRIGHT_PYTHON_IGNORE_WARNINGS=1 $(BIN)/pyright $(ARGS)

pictures: $(DEV_STAMP) ## Take the README's pictures from the demo (needs Chromium)
	$(BIN)/python docs/pictures/make.py

format: $(DEV_STAMP) ## Format the code and mend what can be mended
	$(BIN)/ruff check --fix --exit-zero
	$(BIN)/ruff format

bench: $(BENCH_STAMP) ## Measure against LangGraph and a bot written on it
	@$(BENCH_VENV)/bin/python -m benchmarks $(ARGS)

PIN = UV_CUSTOM_COMPILE_COMMAND='make lock' uv pip compile --universal --python-version 3.11 \
	--generate-hashes --no-annotate --no-emit-index-url --quiet

# What running needs is the smaller set: given the versions of the larger, it always has a solution, and the two agree.
lock: ## Pin the newest versions that pyproject.toml allows (needs uv)
	@command -v uv >/dev/null || { echo 'make lock needs uv: https://docs.astral.sh/uv/' >&2; exit 1; }
	$(PIN) pyproject.toml --group dev --upgrade -o requirements-dev.lock
	$(PIN) pyproject.toml --group install --group demo --constraints requirements-dev.lock --upgrade -o requirements.lock
	$(PIN) pyproject.toml --all-extras --group install --constraints requirements-dev.lock --upgrade -o deploy/requirements.lock
	$(PIN) --group bench --constraints requirements.lock --upgrade -o benchmarks/requirements.lock

clean: ## Remove what make made; conversations and settings stay
	rm -rf $(VENV) $(BENCH_VENV) build dist *.egg-info .pytest_cache .ruff_cache .hypothesis artefacts
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# What is in the locks, and the project: built with the locked setuptools (no build isolation), so that nothing is fetched that
# has no hash. $(1) is the virtual environment, $(2) its locks.
ifdef UV
define install
	@test -x $(1)/bin/python || uv venv --quiet --no-project --python '$(or $(PYTHON),>=3.11)' $(1)
	@uv pip install --quiet --python $(1)/bin/python --require-hashes $(addprefix -r ,$(2))
	@uv pip install --quiet --python $(1)/bin/python --no-deps --no-build-isolation -e .
endef
else
define install
	@test -x $(1)/bin/python || '$(PYTHON)' -m venv $(1) || { rm -rf $(1); exit 1; }
	@$(1)/bin/python -m pip --version >/dev/null 2>&1 || $(1)/bin/python -m ensurepip >/dev/null
	@$(1)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes $(addprefix -r ,$(2))
	@$(1)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
endef
endif

$(STAMP): requirements.lock
$(DEV_STAMP): requirements-dev.lock
$(BENCH_STAMP): requirements.lock benchmarks/requirements.lock
$(STAMP) $(DEV_STAMP) $(BENCH_STAMP): pyproject.toml
	@test -n '$(PYTHON)$(UV)' || { echo 'Signoff needs Python 3.11 or newer, and none of these is one: $(CANDIDATES).' \
		'Install it, or name it: make PYTHON=/path/to/python3' >&2; exit 1; }
	@echo 'Setting up $(@D) from $(filter %.lock,$^) (this happens once)'
	$(call install,$(@D),$(filter %.lock,$^))
	@touch $(@D)/.installed $@  # whoever has the larger set has the smaller one too
