# Everything a person needs: `make help` lists it. Nothing but Python 3.11 or later,
# make and a package index has to be on the machine.

# Another interpreter: make test PYTHON=python3.13 VENV=.venv-3.13
PYTHON ?= python3
VENV ?= .venv
# The port `make serve` tries first.
PORT ?= 8000
# More words for pytest: make test ARGS='-k scope -x'
ARGS ?=

# Material for MkDocs prints a notice on every build unless told.
export NO_MKDOCS_2_WARNING := 1

# Programs that this machine lacks, and a package index has.
export PATH := $(PATH):$(CURDIR)/.ci/tools/bin
# Node and uv know certificates of their own; a machine behind a proxy has more.
export NODE_EXTRA_CA_CERTS ?= $(wildcard /etc/ssl/certs/ca-certificates.crt)

RUN := $(VENV)/bin/python
# Newer than pyproject.toml while what is installed is what is asked for there.
STAMP := $(VENV)/.installed
# What is tested besides $(PYTHON), where it is on the machine.
NEWER := 3.12 3.13
# Each is a second environment for listings that speak of what another one has.
export WALKTHROUGHS_ENVIRONMENTS := \
  $(CURDIR)/.venv-3.13:$(CURDIR)/.venv-3.12:$(CURDIR)/.venv
# How much of walkthroughs its tests take, in per cent: it does not go down.
COVERED := 83
# With the lowest versions that pyproject.toml allows.
LOWEST := .venv-lowest
NODE_STAMP := .ci/node_modules/.installed
# Programs that are not Python: what records, what tests add, and what the long ones add.
RECORDS := .ci/tools/.has-redis
TESTS := $(RECORDS) .ci/tools/.has-chromium $(NODE_STAMP)
LONG_TESTS := $(TESTS) .ci/tools/.has-nginx

.DEFAULT_GOAL := help
.PHONY: help serve prepare $(NEWER:%=prepare-%) test pages test-versions test-tools \
  test-lowest cover lint site check releases bench clean

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## */\1|/p' $(MAKEFILE_LIST) | \
	  awk -F'|' '{ printf "make %-14s %s\n", $$1, $$2 }'

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "$(PYTHON) is missing or older than Python 3.11: install one," \
	    "or name it: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || \
	  { echo "$(PYTHON) has no venv module: install it (Debian: python3-venv)," \
	    "or name another Python: make PYTHON=..." >&2; exit 1; }
	@.ci/install $(PYTHON) $(VENV)
	@touch $@

.ci/tools/.has-%: .ci/programs $(STAMP)
	@.ci/programs $(CURDIR)/$(RUN) $*
	@touch $@

# npm brings it.
.ci/tools/.has-chromium: .ci/chromium.mjs .ci/tools/.has-node

# No lock file: it would name the registry of whoever wrote it.
$(NODE_STAMP): .ci/package.json .ci/tools/.has-node
	@echo "Installing into .ci/node_modules; the first time takes a minute."
	@cd .ci && npm install --no-package-lock --ignore-scripts --no-audit --no-fund \
	  --loglevel=error && touch node_modules/.installed

prepare: $(STAMP) $(LONG_TESTS) $(NEWER:%=prepare-%)  ## install all that tests need

$(NEWER:%=prepare-%): prepare-%:
	@if python=$$(.ci/interpreter $*); then \
	  $(MAKE) --no-print-directory PYTHON=$$python VENV=.venv-$* .venv-$*/.installed; \
	fi

# The laboratory's Python comes with what npm installs.
serve: $(STAMP) $(RECORDS) $(NODE_STAMP)  ## read the book on http://127.0.0.1:8000, reloading as files change
	@$(RUN) -m walkthroughs.adapters.serve --port $(PORT)

# Two processes for each core: the tests wait for servers half of the time.
export PYTEST_XDIST_AUTO_NUM_WORKERS ?= $(shell $(PYTHON) -c \
  'import os; print(len(os.sched_getaffinity(0)) * 2)' 2>/dev/null)
# In the order that tests/conftest.py gives to the files. Playwright's own Node needs a
# library that a bare machine lacks; the Node that was installed there does not.
PYTEST := PLAYWRIGHT_NODEJS_PATH="$$(command -v $(CURDIR)/.ci/tools/bin/node)" \
  $(RUN) -m pytest -n auto --dist loadfile --no-loadscope-reorder
# What takes minutes: every page in a browser, Lighthouse, Python in a browser, the book on
# other site generators, and nginx.
LONG := $(addprefix tests/site/test_,answers.py chapters_even.py chapters_odd.py every_page.py \
  production.py reading.py reference.py lighthouse.py laboratory.py generators.py) \
  tests/python_3_14/test_recorder.py \
  $(addprefix tests/walkthroughs/laboratory/test_,blocks.py bytecode.py runtime.py) \
  docs/production/deploying.md tests/walkthroughs/servers/test_nginx.py

# To pack Python for the browser takes two minutes, and only the long tests run it.
test: export WALKTHROUGHS_NO_LABORATORY := 1
test: $(STAMP) $(TESTS)  ## run all but the long tests, which make check adds
	$(PYTEST) $(LONG:%=--ignore %) $(ARGS)

# With `cover`, this is every test once.
pages: $(STAMP) $(LONG_TESTS)  ## run what is on the pages, and look at each in a browser
	$(PYTEST) --ignore tests/minidaphne --ignore tests/walkthroughs $(ARGS)

test-versions: $(LONG_TESTS)  ## run tests and pages on each newer Python found on the machine
	@for version in $(NEWER); do \
	  if python=$$(.ci/interpreter $$version); then \
	    echo "Python $$version: $$python"; \
	    what=SOME; [ $$version != $(lastword $(NEWER)) ] || what=ALL; \
	    $(MAKE) --no-print-directory test-tools WHAT=$$what \
	      PYTHON=$$python VENV=.venv-$$version || exit 1; \
	  else \
	    echo "Python $$version is not on this machine: not tested on it."; \
	  fi; \
	done

# The pages hold on each Python, but for those on other servers and on nginx; the tests
# without what is slow and the same everywhere, except on the newest Python.
PAGES := docs README.md $(patsubst %,--ignore docs/production/%,choosing.md deploying.md)
WHAT := SOME
SOME := tests/walkthroughs tests/minidaphne $(PAGES) \
  $(patsubst %,--ignore tests/walkthroughs/%, \
  adapters book commands compatibility fences laboratory render)
ALL := tests/walkthroughs tests/minidaphne $(PAGES) \
  --ignore tests/walkthroughs/render/test_stepper.py

test-tools: $(STAMP)
	$(PYTEST) $($(WHAT)) $(ARGS)

$(LOWEST)/.installed: pyproject.toml $(STAMP)
	@echo "Installing the lowest versions that pyproject.toml allows into $(LOWEST)."
	@$(RUN) -m uv venv --quiet --clear --python $(RUN) $(LOWEST)
	@$(if $(NODE_EXTRA_CA_CERTS),SSL_CERT_FILE=$(NODE_EXTRA_CA_CERTS)) \
	  $(RUN) -m uv pip install --quiet --python $(LOWEST)/bin/python \
	  --resolution lowest-direct --editable '.[docs,test,channels]'
	@touch $@

# Newest is what every other environment has.
test-lowest: $(LOWEST)/.installed  ## test with the lowest versions that are allowed
	$(LOWEST)/bin/python -m pytest -n auto --dist loadfile tests/lowest_versions.py \
	  tests/minidaphne $(addprefix tests/walkthroughs/,listing pages recorder adapters test_recording.py) \
	  $(ARGS)

# A line of the server that no test runs is a line that the book cannot vouch for.
# What only a recorded process runs of walkthroughs, a child, is not counted.
cover: $(STAMP) $(LONG_TESTS)  ## test both packages, and count the branches that are taken
	$(PYTEST) tests/minidaphne --cov minidaphne --cov-branch \
	  --cov-report term:skip-covered --cov-fail-under 100 $(ARGS)
	$(PYTEST) tests/walkthroughs --cov walkthroughs --cov-branch \
	  --cov-report term:skip-covered --cov-fail-under $(COVERED) $(ARGS)

lint: $(STAMP)  ## ruff, mypy and spelling
	$(RUN) -m ruff check
	$(RUN) -m ruff format --check
	$(RUN) -m mypy minidaphne walkthroughs tests
	$(VENV)/bin/codespell

site: $(STAMP) $(RECORDS) $(NODE_STAMP)  ## build the site into site/, and fail on any warning
	$(RUN) -P -m mkdocs build --strict --clean

# The strict build of the site is one of the tests of `pages`.
check: lint cover test-versions test-lowest pages releases  ## the one gate: each of these once

releases: $(STAMP)  ## warn of releases that the book is not held on yet
	@$(VENV)/bin/walkthroughs drift --releases

bench: $(STAMP)  ## run the measurements (needs wrk and valgrind), and write them into the book
	@$(RUN) -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	$(RUN) -m pytest tests/benchmarks -o python_files='bench_*.py' -s $(ARGS)

clean:  ## remove all that make has made
	rm -rf .venv .venv-* .ci/node_modules .ci/tools site dist .cache .coverage .coverage.* \
	  .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
