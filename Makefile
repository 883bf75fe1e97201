# 揭榜 Jiebang: `make demo` to work with it, `make test` to prove it.
#
# With DATABASE_URL and REDIS_URL set every command uses those servers; otherwise a real PostgreSQL and a
# real Valkey start from the virtual environment, with their data below var/ (or JIEBANG_VAR).

SHELL = /bin/sh
HOST ?= 127.0.0.1
PORT ?= 8000
NAME ?=
TESTS ?= tests
WORKERS ?= 2
COVERAGE ?=

# Every command starts several Python processes; without their bytecode each takes a second longer.
export PYTHONDONTWRITEBYTECODE =

PY = .venv/bin/python
MANAGE = $(PY) manage.py
SERVERS = $(PY) -m config.embedded run
PRODUCTION_DUMMY = DJANGO_SETTINGS_MODULE=config.settings.production ALLOWED_HOSTS=jiebang.example \
  SECRET_KEY=only-for-the-check-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJ \
  DATABASE_URL=postgresql://jiebang@127.0.0.1:2/jiebang REDIS_URL=redis://127.0.0.1:2/0 \
  EMAIL_URL=smtp+tls://mail.jiebang.example:587 SITE_URL=https://jiebang.example

.PHONY: help demo demo-reset test lint bench shell docs format environment browser lock

help: ## list these commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1	\2/p' Makefile

demo: environment ## start everything with sample data at http://HOST:PORT (127.0.0.1:8000)
	@HOST='$(HOST)' PORT='$(PORT)' exec $(PY) -m config.demo

demo-reset: environment ## stop nothing, remove the demo's data; the next `make demo` starts over
	@$(PY) -m config.embedded clear && echo '演示数据已清除 / demo data removed'

test: environment browser ## run the whole suite; TESTS=tests/core for a part, COVERAGE=1 for a report
	@$(PY) -m pytest -n $(WORKERS) --dist loadgroup $(if $(COVERAGE),--cov --cov-report=term:skip-covered) $(TESTS)

lint: environment ## style, layers, templates, migrations, deployment checks, translations
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	.venv/bin/lint-imports
	$(PY) -m djlint --quiet --check templates
	$(PY) -m djlint --quiet --lint templates
	$(PRODUCTION_DUMMY) $(PY) -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	$(PRODUCTION_DUMMY) $(MANAGE) check --deploy --fail-level WARNING
	$(PY) -m config.messages --check
	@$(PY) -m config.messages
	$(PRODUCTION_DUMMY) $(MANAGE) diagrams --check
	$(PRODUCTION_DUMMY) $(MANAGE) pack fields --check

format: environment ## rewrite code and templates in the house style
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .
	-$(PY) -m djlint --quiet --reformat templates >/dev/null
	$(PY) -m djlint --quiet --reformat templates >/dev/null # what the first pass moved, the second indents

bench: environment ## measure: one JSON line per figure; NAME=x for one, BENCH_ROWS=n for another scale
	@$(PY) -m tests.bench $(NAME)

shell: environment ## a Django shell beside the servers (those of a running demo, if there is one)
	@$(SERVERS) -- $(MANAGE) shell

docs: environment ## draw the state machines into docs/
	@$(PY) -m config.messages
	@$(PRODUCTION_DUMMY) $(MANAGE) diagrams
	@$(PRODUCTION_DUMMY) $(MANAGE) pack fields

lock: environment ## resolve requirements/*.txt again from pyproject.toml
	@.ci/lock

# The environment is right when its copy of the lock equals the lock.
environment:
	@if test -x $(PY) && cmp -s requirements/dev.txt .venv/synced.txt && $(PY) -c '' 2>/dev/null; then exit 0; fi; \
	if test -x $(PY) && $(PY) -c '' 2>/dev/null; then :; else \
	  python=$$(.ci/python) || exit 1; \
	  echo "建立虚拟环境 / creating .venv with $$($$python --version)"; \
	  rm -rf .venv && $$python -m venv .venv; \
	fi && \
	echo '安装锁定的依赖 / installing the locked packages' && \
	{ $(PY) -m pip --version >/dev/null 2>&1 || $(PY) -m ensurepip >/dev/null; } && \
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt && \
	$(PY) -m uv pip sync --quiet --compile-bytecode --python $(PY) --require-hashes requirements/dev.txt && \
	cp requirements/dev.txt .venv/synced.txt

browser:
	@.ci/browser
