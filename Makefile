# imagegen. `make` prints what there is.

PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
NPM := npm --no-audit --no-fund --loglevel=error
PROTOS := $(wildcard protos/imagegen/v1/*.proto)
SERVICES := $(addprefix protos/imagegen/v1/,image_generation.proto image_files.proto models.proto server_info.proto usage.proto)
LOCK := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --quiet \
	--no-emit-package imagegen --no-emit-index-url --no-emit-find-links --no-header --no-annotate

# Whatever keeps a cache keeps it in this folder.
export XDG_CACHE_HOME := $(CURDIR)/build/cache
export PIP_CACHE_DIR := $(XDG_CACHE_HOME)/pip
export npm_config_cache := $(XDG_CACHE_HOME)/npm
# Python compiles each file once, not at each start.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help install run demo test check campaign bench format protos lock pages contact-sheet clean
.PHONY: format-check lint types contract protos-check lock-check descriptors node need-python need-node

##@ Use
help:  ## this screen
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

install: $(VENV)/.installed  ## set up .venv with everything in it; nothing outside this folder

run: install  ## start everything on embedded defaults
	@$(BIN)/imagegen up

demo: install  ## make three pictures into out/: over REST, streamed, over gRPC
	@$(BIN)/python -m terminal.demo out

##@ Check
test: $(VENV)/.dev node  ## all tests (T=tests/engine for some)
	@mkdir -p build && $(BIN)/python -m pytest $(or $(T),tests) -n $(or $(N),$(shell expr $$(nproc) + 2)) --dist worksteal -rs --basetemp=build/pytest

check: format-check lint types contract protos-check lock-check  ## format, lint, types, contract, stubs, locks

format-check: $(VENV)/.dev
	@$(BIN)/ruff format --check --quiet . || (echo "make format would change files" && exit 1)

lint: $(VENV)/.dev
	@$(BIN)/ruff check --quiet .

types: $(VENV)/.dev need-node
	@$(BIN)/pyright --warnings

contract: node
	@cd protos && npx --no-install buf lint && npx --no-install buf format --diff --exit-code
	@tag=$$(git describe --tags --abbrev=0 2>/dev/null); \
	if [ -n "$$tag" ]; then cd protos && npx --no-install buf breaking --against "../.git#tag=$$tag,subdir=protos"; \
	else echo "buf breaking: no release yet, nothing to compare with"; fi

protos-check: $(VENV)/.dev  # the committed stubs are what the pinned generator makes
	@rm -rf build/stubs && mkdir -p build/stubs && $(MAKE) --no-print-directory protos OUT=build/stubs
	@for stub in build/stubs/imagegen/v1/*; do cmp "$$stub" "protos/$${stub#build/stubs/}" || \
	{ echo "make protos would change $$stub"; exit 1; }; done

lock-check: $(VENV)/.dev  # the locks are what pyproject.toml asks for
	@mkdir -p build && cp requirements.txt requirements-dev.txt build/ && $(MAKE) --no-print-directory lock INTO=build
	@cmp requirements.txt build/requirements.txt && cmp requirements-dev.txt build/requirements-dev.txt

campaign: $(VENV)/.dev  ## the full figures of what the tests prove scaled; writes docs/campaigns/
	@$(BIN)/python -m tests.campaign.leaving
	@$(BIN)/python -m tests.campaign.books
	@$(BIN)/python -m tests.campaign.engine
	@$(BIN)/python -m tests.campaign.connections
	@$(BIN)/python -m tests.campaign.fuzzing

bench: $(VENV)/.dev  ## measure beside nginx (PEERS=1: LiteLLM and Portkey; COMPARE=<commit>; QUICK=1)
	@$(BIN)/python -m benchmarks.run $(if $(PEERS),--peers) $(if $(COMPARE),--compare $(COMPARE)) $(if $(QUICK),--quick)

##@ Change
format: $(VENV)/.dev node  ## format everything
	@$(BIN)/ruff format --quiet . && $(BIN)/ruff check --quiet --fix . ; cd protos && npx --no-install buf format -w

OUT ?= protos
protos: $(VENV)/.dev  ## make the Python stubs anew
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m grpc_tools.protoc -Iprotos \
	--python_out=$(OUT) --mypy_out=quiet:$(OUT) $(PROTOS)
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m grpc_tools.protoc -Iprotos \
	--grpc_python_out=$(OUT) --mypy_grpc_out=quiet:$(OUT) $(SERVICES)

descriptors: node  ## the contract as one descriptor set, build/imagegen.binpb
	@mkdir -p build && cd protos && npx --no-install buf build -o ../build/imagegen.binpb

INTO ?= .
lock: $(VENV)/.dev  ## resolve the hashed locks anew from pyproject.toml (they name no host)
	@mkdir -p build && echo "imagegen[tracing,telemetry] @ file://$(CURDIR)/protos" > build/override.txt
	@$(LOCK) --override build/override.txt --group dev -o $(INTO)/requirements-dev.txt
	@$(LOCK) --override build/override.txt --group build -c $(INTO)/requirements-dev.txt -o $(INTO)/requirements.txt

pages: $(VENV)/.dev  ## make the generated pages of docs/ anew (contract, errors, parameters, rest, attempts), and the dashboard
	@for page in contract errors parameters rest attempts; do $(BIN)/python -m tests.contract.$${page}_page; done
	@$(BIN)/python -m deploy.grafana.dashboard

contact-sheet: $(VENV)/.dev  ## paint docs/painter.jpg and docs/banner.jpg anew
	@$(BIN)/python -m tests.providers.painter.contact_sheet docs/painter.jpg docs/banner.jpg

clean:  ## remove what was made here: .venv, node_modules, build, out, var, what Python compiled
	@rm -rf $(VENV) node_modules build out var .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -prune -exec rm -r {} +

# --- what the targets stand on ---

need-python:
	@test -n "$(PYTHON)" || { echo "imagegen needs Python 3.11 or newer; install it and run this again"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	{ echo "imagegen needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version)"; exit 1; }

need-node:
	@command -v node >/dev/null && node -e 'process.exit(+process.versions.node.split(".")[0] < 20 ? 1 : 0)' || \
	{ echo "make check and make test need Node 20 or newer with npm (for buf and the JavaScript clients): install it from"; \
	echo "your distribution or nodejs.org and run this again. make run, demo and install do not need it."; exit 1; }

$(VENV)/pyvenv.cfg: | need-python
	@echo "making $(VENV)"
	@$(PYTHON) -m venv $(VENV)

PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install
EDITABLE := --no-deps --no-build-isolation -e protos -e .

$(VENV)/.installed: requirements.txt pyproject.toml protos/pyproject.toml | $(VENV)/pyvenv.cfg
	@echo "installing what imagegen needs (hashed, from requirements.txt)"
	@$(PIP) --require-hashes -r requirements.txt && $(PIP) $(EDITABLE)
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.installed
	@echo "installing what the tests and checks need (hashed, from requirements-dev.txt)"
	@$(PIP) --require-hashes -r requirements-dev.txt
	@touch $@

node: node_modules/.installed
node_modules/.installed: package.json package-lock.json | need-node
	@echo "installing buf and the JavaScript clients (npm, from package-lock.json)"
	@$(NPM) install --no-save --ignore-scripts >/dev/null  # not `ci`: it wants every platform's buf in the registry
	@touch $@
