# The book. `make book` and `make test` are all most people need; both work on a bare checkout.
PYTHON ?= python3
BIN := .venv/bin
COLAB := .venv-colab/bin

# every notebook alone in a folder of its own, without network: $(1) the environment, $(2) the folder, $(3) settings
ALONE = $(1)/python tools/notebooks.py copy $(2) && $(3) PYTHONPATH="$(CURDIR)/tests/alone" $(1)/python -m pytest -c tests/alone/pytest.ini --rootdir=. $(2)

.PHONY: book serve lab clean normalise test test-colab lock

book: .venv/ready          ## execute what changed, build the site into _build/html
	@$(BIN)/python tools/build.py

serve: book                ## read it at http://127.0.0.1:8000
	@$(BIN)/python -m http.server 8000 --bind 127.0.0.1 --directory _build/html

lab: .venv/ready           ## open the notebooks in JupyterLab
	@$(BIN)/jupyter lab --ip=127.0.0.1 chapters

clean:                     ## remove everything built, and the environments
	rm -rf _build .venv .venv-colab .pytest_cache

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

lock: .venv/ready          ## choose the newest versions anew
	@$(BIN)/python tools/environment.py --lock requirements.txt constraints.txt
	@$(BIN)/python tools/environment.py --lock requirements-colab.txt constraints-colab.txt

.venv/ready: requirements.txt constraints.txt
	@$(PYTHON) tools/environment.py .venv $^

.venv-colab/ready: requirements-colab.txt constraints-colab.txt
	@$(PYTHON) tools/environment.py .venv-colab $^
