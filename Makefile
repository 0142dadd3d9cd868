# The commands of the course. Each makes the environment first, if that is not yet there.

SHELL = /bin/sh
VENV = .venv
BIN = $(VENV)/bin
# With the libraries that the benchmark compares with, which nothing else needs.
BENCH_VENV = .venv-bench
# With what drives a browser.
BROWSER_VENV = .venv-browser
# With what makes mutants of the library.
MUTANTS_VENV = .venv-mutants
# With what builds the reading site.
SITE_VENV = .venv-site
# With node, which runs Python compiled to WebAssembly.
WASM_VENV = .venv-wasm
# Tests at a time, even on two cores: they wait for servers and clocks a third of their time.
WORKERS = 4
# Fewer, since each starts a browser and a JupyterLab.
BROWSERS = 3
ARGS =
# Each of the many processes that tests start would compile the library anew.
unexport PYTHONDONTWRITEBYTECODE

# In a clone that cannot be written to, checks keep no caches.
WRITABLE := $(shell [ -w . ] && echo yes)
ifneq ($(WRITABLE),yes)
export RUFF_NO_CACHE = true
export MYPY_CACHE_DIR = /dev/null
ifneq ($(filter refresh lock packages site test-browser,$(MAKECMDGOALS)),)
$(error This folder cannot be written to, and make $(MAKECMDGOALS) writes to it: copy the course to a folder of your own)
endif
endif

COMPILE = $(BIN)/python -m uv pip compile --quiet --universal --generate-hashes --no-build \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
	--constraints tools/constraints.txt --python $(BIN)/python --python-version 3.12 \
	--extra course --extra distributed --extra service --extra dev

.PHONY: help set-up lab lab-originals afresh class demo site test test-all test-browser test-wasm drills mutants bench check refresh lock packages clean
.DEFAULT_GOAL = help

help:
	@echo "make lab        open your copies of the notebooks, in my_course/   (ARGS=--no-browser passes options to JupyterLab)"
	@echo "make afresh     give a notebook afresh, and keep yours beside it   (NOTEBOOK=05)"
	@echo "make lab-originals   open the course's own notebooks, with their outputs: for instructors and maintainers"
	@echo "make class      say who of a class has solved what, and what is often guessed wrong   (FOLDER=... with everybody's my_course/)"
	@echo "make demo       run a price board, a service that puts the broker to work, and open it in a browser   (ARGS=--help)"
	@echo "make test       run every test: the library, the examples in its documentation, the notebooks"
	@echo "make test-all   also Run All in every notebook, the tests on another Python, and the benchmark's"
	@echo "make test-browser   run every notebook in a real JupyterLab, in chromium, and look at the site there"
	@echo "make site       build the reading site in site/html, with a page that runs Python without a server"
	@echo "make test-wasm  run the library and its virtual clock in WebAssembly, as on a page without a server"
	@echo "make drills     what takes hours: long soaks, many examples, and what must hold on a busy machine"
	@echo "make mutants    change one thing in the library after the other: does a test notice?   (ARGS=pubsub_lib/topics.py)"
	@echo "make bench      compare the library's speed with that of others   (ARGS=--quick for a short look)"
	@echo "make check      look for mistakes without running anything: ruff, mypy, which way imports run"
	@echo "make refresh    execute the notebooks again and save their outputs"
	@echo "make lock       choose the exact versions in every requirements.txt anew   (ARGS=--upgrade for the newest)"
	@echo "make packages   build what a release consists of, in dist/, and try it in environments of its own"
	@echo "make clean      remove the environments and the caches"

set-up:
	@tools/set_up.sh --folder $(VENV)

lab: set-up
	$(BIN)/python tools/open_course.py $(ARGS)

lab-originals: set-up
	$(BIN)/python tools/open_course.py --originals $(ARGS)

afresh: set-up
	$(BIN)/python tools/open_course.py --afresh "$(NOTEBOOK)"

class: set-up
	$(BIN)/python -m tools.read_class "$(FOLDER)"

demo: set-up
	$(BIN)/python -m examples.price_board --open $(ARGS)

test: set-up
	$(BIN)/python -m pytest -n $(WORKERS) $(ARGS)

test-all: set-up
	$(BIN)/python -m pytest -n $(WORKERS) -m "run_all or drill" $(ARGS)
	@MAKE="$(MAKE)" tools/test_another_python.sh
	@$(MAKE) set-up-bench
	$(BENCH_VENV)/bin/python -m pytest tests/benchmarks

site:
	@tools/set_up.sh --folder $(SITE_VENV) --requirements docs/requirements.txt
	$(SITE_VENV)/bin/python -m tools.reading_site

test-browser: site
	@tools/set_up.sh --folder $(BROWSER_VENV) --requirements tests/browser/requirements.txt
	$(BROWSER_VENV)/bin/python -m pytest -n $(BROWSERS) -m browser tests/browser $(ARGS)

test-wasm:
	@tools/set_up.sh --folder $(WASM_VENV) --requirements tests/wasm/requirements.txt
	$(WASM_VENV)/bin/python -m pytest -m wasm tests/wasm $(ARGS)

# With what each of them found, even if all is well.
drills: set-up
	DRILLS=long $(BIN)/python -m pytest -m drill -rP $(ARGS) tests/drills tests/nats/drills tests/lab/own_broker

mutants:
	@tools/set_up.sh --folder $(MUTANTS_VENV) --requirements tests/mutants/requirements.txt
	$(MUTANTS_VENV)/bin/python -m tests.mutants $(ARGS)

.PHONY: set-up-bench
set-up-bench:
	@tools/set_up.sh --folder $(BENCH_VENV) --requirements tests/benchmarks/requirements.txt

bench: set-up-bench
	$(BENCH_VENV)/bin/python -m tests.benchmarks $(ARGS)

check: set-up
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy --strict pubsub_lib examples
	$(BIN)/lint-imports --no-cache --no-logo

refresh: set-up
	$(BIN)/python tools/refresh.py $(ARGS)

# The versions of requirements.txt hold for the others as well, which only add to them.
lock: set-up
	$(COMPILE) --output-file requirements.txt $(ARGS) pyproject.toml
	$(COMPILE) --extra bench --constraints requirements.txt --no-annotate \
		--output-file tests/benchmarks/requirements.txt $(ARGS) pyproject.toml
	$(COMPILE) --extra browser --constraints requirements.txt --no-annotate \
		--output-file tests/browser/requirements.txt $(ARGS) pyproject.toml
	$(COMPILE) --extra mutants --constraints requirements.txt --no-annotate \
		--output-file tests/mutants/requirements.txt $(ARGS) pyproject.toml
	$(COMPILE) --extra site --constraints requirements.txt --no-annotate \
		--output-file docs/requirements.txt $(ARGS) pyproject.toml
	$(COMPILE) --extra wasm --constraints requirements.txt --no-annotate \
		--output-file tests/wasm/requirements.txt $(ARGS) pyproject.toml

packages: set-up
	rm -rf dist
	$(BIN)/python -m hatchling build --directory dist
	PACKAGES=dist $(BIN)/python -m pytest -m run_all tests/project/test_packages.py

clean:
	rm -rf dist site .venv .venv-* .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +
