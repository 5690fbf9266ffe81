# These commands do everything on a fresh machine with Python 3.11 or newer and pip:
#   make demo    explain the bundled photo with the bundled network
#   make dist    build wheel and sdist, and test the wheel in an empty environment
#   make test    run the tests on TensorFlow, JAX and PyTorch, and those of methods without
#                gradients on Keras's numpy and openvino backends (make test-all: slow ones too)
#   make docs    build the site of docs/, with its gallery, into docs/_build/html
PYTHON ?= python3
# The backend of the demo: jax (the smallest to install), tensorflow-cpu, tensorflow or torch
BACKEND ?= jax
BACKENDS = tensorflow jax torch
# Processes that share the tests of one backend
WORKERS ?= 2

# What differs between backends; TensorFlow, the fastest on CPUs, runs the rest too
EACH = not framework_free and not one_backend
# What a change of the code cannot break, or hardly ever, on any backend, or on one alone;
# `make test-all` runs it too
QUICK = not slow
QUICK_EACH = $(EACH) and not slow and not slow_elsewhere

.PHONY: demo test test-all check bench docs dist clean

demo: .venv-demo/$(BACKEND)
	KERAS_BACKEND=$(BACKEND:-cpu=) .venv-demo/bin/seewhy demo --output demo

# One thread a process for torch: the workers share the cores, and waiting threads spin.
test: export OMP_NUM_THREADS = 1
test: .venv/ready .venv/chromium
	KERAS_BACKEND=tensorflow .venv/bin/pytest -n $(WORKERS) -m "$(QUICK)"
	KERAS_BACKEND=jax .venv/bin/pytest -n $(WORKERS) -m "$(QUICK_EACH)"
	KERAS_BACKEND=torch .venv/bin/pytest -n $(WORKERS) -m "$(QUICK_EACH)"
	KERAS_BACKEND=numpy .venv/bin/pytest -n $(WORKERS) tests/backend/test_gradient_free.py
	KERAS_BACKEND=openvino .venv/bin/pytest -n $(WORKERS) tests/backend/test_gradient_free.py

test-all: QUICK = slow or not slow
test-all: QUICK_EACH = $(EACH)
test-all: test

check: .venv/ready
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy

bench: .venv/ready
	for backend in $(BACKENDS); do \
		KERAS_BACKEND=$$backend .venv/bin/python benchmarks/gradcam.py || exit 1; \
		KERAS_BACKEND=$$backend .venv/bin/python benchmarks/all_classes.py || exit 1; \
	done

# The scripts of the gallery run while the site is built, with TensorFlow, the fastest on CPUs. Warnings
# are errors; then no page may load anything from elsewhere, or have a link that leads nowhere.
docs: .venv-docs/ready
	KERAS_BACKEND=tensorflow .venv-docs/bin/python -m sphinx -b html -W --keep-going -q docs docs/_build/html
	.venv-docs/bin/python tools/check_site.py docs/_build/html
	@echo "docs/_build/html/index.html"

# Pages are looked at in Debian's Chromium. Where it cannot be installed, those tests are skipped,
# and say so.
.venv/chromium: .venv/ready
	command -v chromium || command -v chromium-browser || \
		{ apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; } || \
		echo "Chromium is not here: tests in a browser will be skipped"
	touch $@

# Wheel and sdist, in an environment of their own; the wheel, which is built from the sdist, is then
# tested in one that has nothing but it and $(BACKEND).
dist:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "seewhy needs Python 3.11 or newer: make PYTHON=python3.11")'
	rm -rf dist .venv-build .venv-wheel
	$(PYTHON) -m venv .venv-build
	.venv-build/bin/pip install --quiet build
	.venv-build/bin/python -m build --outdir dist .
	$(PYTHON) -m venv .venv-wheel
	.venv-wheel/bin/pip install --quiet "$$(ls dist/*.whl)[$(BACKEND)]"
	KERAS_BACKEND=$(BACKEND:-cpu=) .venv-wheel/bin/python -I tools/check_wheel.py src
	rm -rf .venv-build .venv-wheel
	ls -l dist

clean:
	rm -rf docs/_build docs/gallery docs/api/generated docs/every_method
	rm -rf .venv .venv-demo .venv-docs .venv-build .venv-wheel dist demo .pytest_cache .mypy_cache .ruff_cache

.venv-demo/$(BACKEND): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "seewhy needs Python 3.11 or newer: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv-demo
	.venv-demo/bin/pip install --quiet --editable ".[$(BACKEND)]"
	touch $@

.venv-docs/ready: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "seewhy needs Python 3.11 or newer: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv-docs
	.venv-docs/bin/pip install --quiet --editable ".[tensorflow-cpu,audit,docs]"
	touch $@

# torch is pinned to a release with a CPU build. grad-cam asks for torchvision, which it does not
# need for what the tests compare, and which has no CPU build everywhere. keras-hub asks for
# tensorflow-text, for texts only, which weighs more than all of it and binds TensorFlow's version;
# its image classifiers import no more than regex and tokenizers beside what is here already.
# Quantus asks for opencv-python beside the headless one, and binds versions; what it imports of that
# and is not here already is pandas, scikit-image, cachetools and lazy_loader.
.venv/ready: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "seewhy needs Python 3.11 or newer: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet torch==2.13.0
	.venv/bin/pip install --quiet --editable ".[tensorflow-cpu,jax,torch,openvino,test,check]"
	.venv/bin/pip install --quiet --no-deps grad-cam==1.5.7 ttach captum==0.9.0 tqdm torchcam==0.5.0
	.venv/bin/pip install --quiet --no-deps keras-hub==0.32.0 regex tokenizers
	.venv/bin/pip install --quiet --no-deps quantus==0.6.0 pandas scikit-image cachetools lazy_loader
	touch $@
