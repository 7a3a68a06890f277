# `make` alone lists the targets. Each sets up what it needs (scripts/bootstrap), in this folder's
# .venv and, on Debian and Ubuntu, by apt. Extra arguments go into ARGS: make run ARGS=--demo

ifeq ($(OS),Windows_NT)
    bin := .venv/Scripts
else
    bin := .venv/bin
endif
# Tests open no window on your screen; those that need a display start one.
pytest := QT_QPA_PLATFORM=offscreen $(bin)/python -m pytest
# A worker a core and two more: most tests wait for sockets and programs, not for the processor.
workers ?= -n 4 --dist loadfile

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: ## start the app; ARGS="--demo" shows it without a gateway
	@scripts/bootstrap
	@$(bin)/cc-desktop $(ARGS)

.PHONY: test
test: ## run the tests; ARGS="-k tray" chooses some
	@scripts/bootstrap
	@$(pytest) $(workers) $(ARGS)

# The rooms without Qt, sockets and other programs.
quick_rooms := protocol fleet text demo notifications config diagnostics test_imports.py test_project.py

.PHONY: quick
quick: ## the inner loop, in seconds: lint, and the tests of the rooms without sockets and Qt
	@scripts/bootstrap
	@$(bin)/ruff check
	@$(pytest) $(workers) -m "not slow and not desktop and not lab and not package" \
		--ignore=tests/notifications/backends $(addprefix tests/,$(quick_rooms)) $(ARGS)

.PHONY: coverage
coverage: ## run the tests and show which lines and branches they do not reach
	@scripts/bootstrap desktop
	@$(pytest) $(workers) --cov --cov-report=term-missing:skip-covered $(ARGS)

.PHONY: check
check: ## format, lint, types and all tests but the lab: what a change must pass
	@scripts/bootstrap desktop
	$(bin)/ruff format --check
	$(bin)/ruff check
	$(bin)/mypy --strict
	$(pytest) $(workers) --cov --cov-report=term:skip-covered $(ARGS)

.PHONY: lab
lab: ## run the tests against real gateways, which it fetches first
	@scripts/bootstrap desktop lab
	-$(bin)/python -m tests.lab.install
	$(pytest) -m "lab and not long" tests/lab $(ARGS)

.PHONY: lab-all
lab-all: ## the same, with those that drive windows, restart gateways and wait for their clocks
	@scripts/bootstrap desktop lab
	-$(bin)/python -m tests.lab.install
	$(pytest) -m lab tests/lab $(ARGS)

.PHONY: hosts
hosts: ## try the app on the desktops that are installed, headless; ARGS="sway xfce"
	@scripts/bootstrap desktop hosts
	$(bin)/python -m tests.hosts $(ARGS)

.PHONY: hosts-all
hosts-all: ## the same with GNOME and KDE Plasma, which it installs: 1.2 GB
	@scripts/bootstrap desktop hosts hosts-all
	CC_DESKTOP_LAB_REQUIRED=1 $(bin)/python -m tests.hosts $(ARGS)

.PHONY: bench
bench: ## measure start-up, memory, idle load, and a large and busy fleet
	@scripts/bootstrap
	@QT_QPA_PLATFORM=offscreen $(bin)/python -m tests.bench $(ARGS)

.PHONY: bench-peers
bench-peers: ## measure the app beside Vorta, Nagstamon and the gateway's own page; fetches them once
	@scripts/bootstrap desktop lab
	@$(bin)/python -m tests.bench.peers $(ARGS)

.PHONY: chaos
chaos: ## break things on purpose; ARGS="--short", "--minutes 30", "--seed 7", "storm cut"
	@scripts/bootstrap desktop
	@$(bin)/python -m tests.chaos $(ARGS)

.PHONY: format
format: ## format the code and mend what the linter can
	@scripts/bootstrap
	$(bin)/ruff check --fix
	$(bin)/ruff format

.PHONY: translations
translations: ## take new texts into resources/locale and compile the catalogs
	@scripts/bootstrap
	$(bin)/python scripts/translations.py update
	$(bin)/python scripts/translations.py compile

.PHONY: lock
lock: ## pin the dependencies of pyproject.toml; ARGS=--upgrade takes the newest
	@scripts/bootstrap
	$(bin)/python scripts/lock.py $(ARGS)

.PHONY: wheel
wheel: ## build dist/*.whl
	@scripts/bootstrap
	$(bin)/python -m hatchling build --target wheel

.PHONY: audit
audit: ## known vulnerabilities and licences of what is shipped; exit code 3: could not be checked
	@scripts/bootstrap
	@$(bin)/python scripts/audit.py

.PHONY: package
package: ## build what people download, for this system, into dist/
	@scripts/bootstrap package
	$(bin)/python packaging/build.py

.PHONY: package-test
package-test: ## try the packages in clean Debian roots; make package first, as root
	@scripts/bootstrap desktop lab package
	$(pytest) -m package -o faulthandler_timeout=600 tests/packaging $(ARGS)

.PHONY: clean
clean: ## remove everything that make has made
	rm -rf .venv build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -prune -exec rm -rf {} +
