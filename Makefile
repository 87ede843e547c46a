# The book. `make book` and `make test` are all most people need; both work on a bare checkout.
PYTHON ?= python3
PORT ?= 8000
unexport PYTHONHOME PYTHONPATH PYTHONOPTIMIZE PYTHONSTARTUP PYTHONWARNINGS
BIN := .venv/bin
COLAB := .venv-colab/bin

# every notebook alone in a folder of its own, without network: $(1) the environment, $(2) the folder, $(3) settings
ALONE = $(1)/python tools/notebooks.py copy $(2) && $(3) PYTHONPATH="$(CURDIR)/tests/alone:$(CURDIR)/tools" $(1)/python -m pytest -c tests/alone/pytest.ini --rootdir=. $(2)

.PHONY: book serve lab clean normalise test test-colab lock

book: .venv/ready          ## execute what changed, build the site into _build/html
	@$(BIN)/python tools/build.py

serve: book                ## read it at http://127.0.0.1:8000 (or another PORT=8001)
	@$(BIN)/python tools/serve.py $(PORT)

lab: .venv/ready           ## open the notebooks in JupyterLab
	@$(BIN)/python -m jupyterlab --ip=127.0.0.1 chapters

clean:                     ## remove everything built, and the environments
	rm -rf _build .venv .venv.* .venv-colab .venv-colab.* .pytest_cache

normalise: .venv/ready     ## notebooks into normal form, the README's table up to date
	@$(BIN)/python tools/normalise.py

test: .venv/ready          ## everything, in the order that tests/README.md gives
	$(BIN)/python -m pytest tests/conventions
	$(call ALONE,$(BIN),_build/alone,BOOK_KEEP_RUNS=1)
	@$(MAKE) --no-print-directory book
	$(BIN)/python -m pytest tests/site -n auto
	$(BIN)/python -m pytest tests/build -n auto

test-colab: .venv-colab/ready  ## the notebooks on the versions that Colab ships
	$(call ALONE,$(COLAB),_build/alone-colab)

lock:                      ## choose the newest versions anew
	@$(PYTHON) tools/environment.py --lock constraints.txt requirements.txt requirements-optional.txt
	@$(PYTHON) tools/environment.py --lock constraints-colab.txt requirements-colab.txt

# An environment is looked after when its files have changed, and when it was moved: its place stands in the file `ready`.
moved = $(if $(shell grep -sxF "$(realpath $(1))" $(1)/ready),,moved)
.PHONY: moved

.venv/ready: requirements.txt constraints.txt requirements-optional.txt $(call moved,.venv)
	@$(PYTHON) tools/environment.py .venv $(filter %.txt,$^)

.venv-colab/ready: requirements-colab.txt constraints-colab.txt $(call moved,.venv-colab)
	@$(PYTHON) tools/environment.py .venv-colab $(filter %.txt,$^)
