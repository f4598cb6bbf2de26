# make demo   the whole way on an embedded Flickr and Hub: no key, no network beyond pip, no GPU
# make test   linters, type checker, tests but those marked long; make test-all runs these too

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# How many months the demo crawls, and how many processes test: one more than two cores, for their waits.
MONTHS ?= 2020-01..2020-06
WORKERS ?= 3
SOURCES := flickrexif paircams tests benchmarks notebooks

.PHONY: demo test test-all lint format constraints clean

demo: $(VENV)/.all
	rm -rf demo
	$(BIN)/flickrexif crawl demo/corpus --months $(MONTHS) --sandbox
	$(BIN)/flickrexif label demo/corpus
	$(BIN)/flickrexif build demo/corpus --version 1.0.0 --out demo/FlickrExif
	$(BIN)/flickrexif verify demo/FlickrExif
	$(BIN)/flickrexif sandbox --hub demo/hub -- $(BIN)/flickrexif publish demo/FlickrExif --repo lab/FlickrExif
	$(BIN)/flickrexif takedown demo/FlickrExif --photo 49170328753 --out demo/FlickrExif-1.0.1
	$(BIN)/flickrexif sandbox --hub demo/hub -- $(BIN)/flickrexif publish demo/FlickrExif-1.0.1 --repo lab/FlickrExif
	$(BIN)/flickrexif sandbox --hub demo/hub -- $(BIN)/flickrexif releases --repo lab/FlickrExif
	$(BIN)/flickrexif sandbox --hub demo/hub -- $(BIN)/python -c "import flickrexif; [print(version, flickrexif.load('lab/FlickrExif', 'make', version=version).num_rows) for version in ('1.0.0', '1.0.1')]"
	$(BIN)/flickrexif probe demo/FlickrExif --encoder residual --encoder random:conv --out demo/probe
	$(BIN)/paircams sandbox demo/pairs --pairs 12 --fault swapped --fault rotated-180 --fault same-file --fault edited --fault gps
	$(BIN)/paircams validate demo/pairs --report demo/pairs-report || test $$? -eq 1
	@echo
	@echo "The release:  demo/FlickrExif   (its card: demo/FlickrExif/README.md)"
	@echo "The probe:    demo/probe/report.html"
	@echo "The pairs:    demo/pairs-report/report.html"
	@echo "Open it with: $(BIN)/python -c \"from datasets import load_dataset; print(load_dataset('demo/FlickrExif', 'make'))\""

test: $(VENV)/.test lint
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -q -m "not long"

test-all: $(VENV)/.test lint
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -q

lint: $(VENV)/.test
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy

format: $(VENV)/.test
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

# Not compiled: Python compiles what it imports, which is a small part of what is installed.
$(VENV)/.all: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "flickrexif needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --no-compile --editable ".[all]" --constraint constraints.txt
	touch $@

$(VENV)/.test: $(VENV)/.all
	$(BIN)/python -m pip install --quiet --no-compile --editable ".[all,test]" --constraint constraints.txt
	touch $@

# torch is pinned without a local version, so that pip takes the CPU build where one is offered, and
# torchvision, which timm asks for, to the one version that is built for it.
constraints: $(VENV)/.test
	$(BIN)/python -m pip install --quiet uv
	printf "torch==2.13.0\ntorchvision==0.28.0\n" > $(VENV)/pins.txt
	$(BIN)/uv pip compile pyproject.toml --quiet --universal --all-extras --python-version 3.11 \
		--constraint $(VENV)/pins.txt --no-annotate --no-header --output-file $(VENV)/compiled.txt
	{ echo "# The whole tested set. make constraints writes it anew. CUDA packages follow torch's own pins."; \
	  grep -vE "^(torch|nvidia|cuda|triton)" $(VENV)/compiled.txt; cat $(VENV)/pins.txt; } > constraints.txt

clean:
	rm -rf $(VENV) demo build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
