# Everything made here goes into .venv and .data of this checkout; nothing else on the machine changes.
# Set-up happens by itself, once: the files .venv/.done-* remember it, so that later runs need no
# network. PYTHON=… chooses another Python.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:

PYTHON ?=
VENV_PYTHON := .venv/bin/python
PIP := $(VENV_PYTHON) -m pip --disable-pip-version-check --no-input

# A checkout that was moved, or a Python that was removed, means a new set-up.
MOVED := import os, parking, sys; sys.exit(not os.path.samefile(parking.__path__[0], "parking"))
ifneq ($(wildcard .venv/.done-product),)
  $(shell $(VENV_PYTHON) -I -c '$(MOVED)' >/dev/null 2>&1 || rm -f .venv/.done-*)
endif

# The recordings that `make replay` sends, where they are to be had, and to which service.
RECORDINGS ?= ../shared/data
URL ?= http://127.0.0.1:$(or $(PARKING_PORT),8080)
BIRMINGHAM := birmingham.csv --time LastUpdated --lot SystemCodeNumber --occupied Occupancy \
  --capacity Capacity --timezone Europe/London --operator birmingham --prefix bhm- \
  --district birmingham --position 52.4796,-1.9026
MALAGA := malaga.csv --time scrape_file_time_utc --lot id --free libres --filter dato=OCUPACION \
  --timezone UTC --lot-timezone Europe/Madrid --language es --operator malaga --prefix mlg- \
  --district malaga --lots-csv "$(RECORDINGS)/malaga-lots.csv"

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /make \1	/p' Makefile

.PHONY: demo
demo: .venv/.done-run .venv/.done-product ## start the service, fill it with the district, go on until Ctrl-C
	@exec $(VENV_PYTHON) -m parking.demo

.PHONY: test
test: .venv/.done-dev .venv/.done-product ## run the whole test suite
	@$(VENV_PYTHON) -m pytest -n auto --maxprocesses 4

# More: make bench BENCH="--quick --rows batches,nearby"; --help lists all of it.
BENCH ?=
.PHONY: bench
bench: .venv/.done-bench .venv/.done-product ## measure each path beside the ceiling of its means
	@$(VENV_PYTHON) -m tests.bench $(BENCH)

.PHONY: soak
soak: .venv/.done-dev .venv/.done-product ## break things again and again for half an hour; SEED=… does it as before
	@export SOAK=1 SEED="$${SEED:-$$(date +%s)}"; echo "SEED=$$SEED"; \
	$(VENV_PYTHON) -m pytest tests/faults -n 2

.PHONY: lint
lint: .venv/.done-dev .venv/.done-product ## check style, types and import layers
	$(VENV_PYTHON) -m ruff check
	$(VENV_PYTHON) -m ruff format --check
	$(VENV_PYTHON) -m mypy
	.venv/bin/lint-imports

# Vulnerabilities are asked of PyPI's own database: a mirror of its packages alone does not have it.
# A dependency that could not be asked about fails it, as one that is vulnerable does.
.PHONY: audit
audit: .venv/.done-python ## ask whether a locked dependency has a known vulnerability
	@[ -x .venv/audit/bin/pip-audit ] || { $(VENV_PYTHON) -m venv .venv/audit && \
	  .venv/audit/bin/python -m pip --disable-pip-version-check --quiet install pip-audit; }
	@.venv/audit/bin/pip-audit --strict --disable-pip --require-hashes -r requirements.lock

.PHONY: check-deploy
check-deploy: .venv/.done-deploy ## hold what is in deploy/ against its tools' own validators
	@deploy/check/run

.PHONY: replay
replay: .venv/.done-run .venv/.done-product ## send real recordings to the running demo and check every car park
	@if [ ! -d "$(RECORDINGS)" ]; then echo "skipped: there is no folder $(RECORDINGS)"; exit 0; fi; \
	export SENSORS_SIM_KEY="$${SENSORS_SIM_KEY:-$$(cat .data/demo-admin-key 2>/dev/null || true)}"; \
	if [ -z "$$SENSORS_SIM_KEY" ]; then \
	  echo "no key: start the demo in another terminal, or set SENSORS_SIM_KEY and URL" >&2; exit 1; \
	fi; \
	.venv/bin/sensors-sim replay --check --url $(URL) "$(RECORDINGS)"/$(BIRMINGHAM); \
	.venv/bin/sensors-sim replay --check --url $(URL) "$(RECORDINGS)"/$(MALAGA)

# More: make pictures PICTURES="drivers board-phone" for those that begin so.
PICTURES ?=
.PHONY: pictures
pictures: .venv/.done-dev .venv/.done-product ## take the pictures of the pages anew, from the running demo
	@URL=$(URL) $(VENV_PYTHON) -m tests.browser.pictures $(PICTURES)

.PHONY: clean
clean: ## remove .venv, the demo's data and every cache
	@[ ! -e .data/pg/postmaster.pid ] || { echo "the demo runs: stop it, or remove .data" >&2; exit 1; }
	rm -rf .venv .data build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis \
	  .import_linter_cache
	find parking sensors_sim tests -name __pycache__ -type d -prune -exec rm -rf {} +

# A Python that is on PATH may still not run: version managers leave such stand-ins.
define CREATE_VENV
fits='import sys; sys.exit(sys.version_info < (3, 11))'
if .venv/bin/python -c "$$fits" 2>/dev/null && .venv/bin/python -m pip --version >/dev/null 2>&1; then
  exit 0
fi
for python in $(or $(PYTHON),python3.13 python3.12 python3.11 python3); do
  "$$python" -c "$$fits" 2>/dev/null || continue
  if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then
    lacking="$$python has no venv: on Debian and Ubuntu, apt-get install python3-venv"
    continue
  fi
  echo "making .venv with $$("$$python" --version)"
  exec "$$python" -m venv --clear .venv
done
echo "$${lacking:-Python 3.11 or newer is needed and none was found on PATH; PYTHON=… names one}" >&2
exit 1
endef
export CREATE_VENV

# One line that tells how far pip is, redrawn on a terminal; its errors go past it.
define PROGRESS
import sys
count = 0
for line in sys.stdin:
    count += line.startswith(("Collecting ", "Processing ", "Requirement already "))
    if sys.stdout.isatty() and line.strip():
        print(f"\r\033[K  {count} packages: {line.strip()[:60]}", end="", flush=True)
print("\r\033[K" * sys.stdout.isatty() + (f"  {count} packages" if count else "  done"))
endef
export PROGRESS

install = PYTHONUNBUFFERED=1 $(PIP) install $(1) | $(VENV_PYTHON) -c "$$PROGRESS"

.venv/.done-python:
	@bash -eu -c "$$CREATE_VENV"
	@touch $@

.venv/.done-run: requirements.lock .venv/.done-python
	@echo "installing what the service needs (once: half a minute or so, by the network)"
	@$(call install,--require-hashes -r requirements.lock)
	@touch $@

.venv/.done-dev: requirements-dev.lock .venv/.done-python
	@echo "installing what service and tests need (once: a minute or so, by the network)"
	@$(call install,--require-hashes -r requirements-dev.lock)
	@touch $@

.venv/.done-bench: requirements-bench.lock .venv/.done-python
	@echo "installing what the service and its benchmarks need"
	@$(call install,--require-hashes -r requirements-bench.lock)
	@touch $@

# In a folder of their own: these tools want other versions than the product.
.venv/.done-deploy: deploy/check/requirements.lock .venv/.done-python
	@echo "installing what deployment files are checked with"
	@$(VENV_PYTHON) -m venv --clear .venv/deploy
	@PYTHONUNBUFFERED=1 .venv/deploy/bin/python -m pip --disable-pip-version-check --no-input install \
	  --require-hashes -r deploy/check/requirements.lock | $(VENV_PYTHON) -c "$$PROGRESS"
	@touch $@

.venv/.done-product: pyproject.toml .venv/.done-python
	@echo "installing the service itself, as a link to this checkout"
	@$(call install,--no-deps --editable .)
	@touch $@
