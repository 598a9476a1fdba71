PY := .venv/bin/python
COMPANION := .venv/bin/companion
.PHONY: setup models demo serve bench check test
setup: .venv/.ready
.venv/.ready: pyproject.toml constraints.txt
	test -x $(PY) || python3.11 -m venv .venv
	$(PY) -m pip install -q torch==2.13.0
	$(PY) -m pip install -q -c constraints.txt -e '.[dev]'
	# Without its dependencies: it asks for triton, which only a GPU needs, and has the others from above.
	$(PY) -m pip install -q --no-deps openai-whisper==20250625
	touch $@
models: setup
	$(COMPANION) models fetch
demo: models
	$(COMPANION) demo
serve: models
	$(COMPANION) serve
bench: setup
	$(COMPANION) bench --docs
check: setup
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
test: setup
	$(PY) -m pytest -q
