"""Which backend is used, and what is said where there is none."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import seewhy
from seewhy.backend.selection import BACKENDS

pytestmark = pytest.mark.framework_free
SOURCE = Path(seewhy.__file__).parent

HIDE = """
import sys
from importlib.machinery import PathFinder
class Others:
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] not in {hidden!r}:
            return PathFinder.find_spec(name, path, target)
sys.meta_path = [Others if finder is PathFinder else finder for finder in sys.meta_path]
"""


def python(code, hidden=(), **environment):
    """Run code in a process of its own in which the hidden packages are not installed."""
    clean = {k: v for k, v in os.environ.items() if k not in ("KERAS_BACKEND", "KERAS_HOME")}
    return subprocess.run(
        [sys.executable, "-c", HIDE.format(hidden=set(hidden)) + code],
        capture_output=True,
        text=True,
        env=clean | environment,
        check=False,
    )


USED = "import seewhy; seewhy.backend.load(); import keras; print(keras.backend.backend())"


@pytest.mark.parametrize("there", BACKENDS)
def test_an_installed_backend_is_used_where_keras_would_fail(there, tmp_path):
    hidden = set(BACKENDS) - {there}
    done = python(USED, hidden, KERAS_HOME=str(tmp_path))
    assert done.stdout.strip() == there, done.stderr


def test_keras_after_seewhy_uses_it_too(tmp_path):
    code = "import seewhy, keras; print(keras.backend.backend())"
    done = python(code, {"tensorflow", "torch"}, KERAS_HOME=str(tmp_path))
    assert done.stdout.strip() == "jax", done.stderr


def test_the_users_choice_is_kept(tmp_path):
    assert python(USED, KERAS_BACKEND="jax").stdout.strip() == "jax"
    (tmp_path / "keras.json").write_text('{"backend": "torch"}')
    assert python(USED, KERAS_HOME=str(tmp_path)).stdout.strip() == "torch"


def test_without_a_backend_it_imports_and_tells_the_extra():
    code = "import seewhy\ntry: seewhy.explain('vgg16', 'photo.jpg')\n"
    code += "except seewhy.errors.BackendError as error: print(error)"
    done = python(code, BACKENDS)
    assert "pip install" in done.stdout, done.stderr
    assert '"seewhy[tensorflow]"' in done.stdout
    assert len(done.stdout.strip().splitlines()) == 1


def test_the_command_line_tells_it_too(tmp_path):
    code = "from seewhy.cli.app import main; sys.argv = ['seewhy', 'demo']; main()"
    done = python(f"import os; os.chdir({str(tmp_path)!r}); {code}", BACKENDS)
    assert done.returncode == 1
    assert "seewhy[jax]" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_backend_that_is_set_but_missing_is_told():
    done = python("import seewhy; seewhy.backend.load()", {"jax"}, KERAS_BACKEND="jax")
    assert 'pip install "seewhy[jax]"' in done.stderr


WAYS_IN = {
    "load": "import seewhy; seewhy.backend.load()",
    "explain": "import seewhy; seewhy.explain('vgg16', 'photo.jpg')",
    "layers": "from seewhy import layers; layers('vgg16')",
    "methods": "from seewhy.methods import all_methods; all_methods()",
    "command": "from seewhy.cli.app import main; sys.argv = ['seewhy', 'demo']; main()",
    "list": "from seewhy.cli.app import main; sys.argv = ['seewhy', 'methods', 'cam']; main()",
}


@pytest.mark.parametrize("way", WAYS_IN)
def test_a_misspelled_backend_is_told_with_the_nearest(way, tmp_path):
    done = python(
        f"import os; os.chdir({str(tmp_path)!r}); {WAYS_IN[way]}", KERAS_BACKEND="tensorfow"
    )
    assert done.returncode == 1
    assert "KERAS_BACKEND asks for 'tensorfow'" in done.stderr
    assert "Did you mean 'tensorflow'?" in done.stderr
    if way in ("command", "list"):
        assert "Traceback" not in done.stderr
    else:
        assert "BackendError" in done.stderr


def test_a_backend_misspelled_in_the_settings_is_told_with_the_file(tmp_path):
    (tmp_path / "keras.json").write_text('{"backend": "TORCH"}')
    done = python("import seewhy; seewhy.backend.load()", KERAS_HOME=str(tmp_path))
    assert f"{tmp_path / 'keras.json'} asks for 'TORCH'" in done.stderr
    assert "Did you mean 'torch'?" in done.stderr


def test_what_the_numpy_backend_needs_is_told():
    done = python("import seewhy; seewhy.backend.load()", {"jax"}, KERAS_BACKEND="numpy")
    assert "for which Keras needs 'jax'" in done.stderr
    assert 'pip install "seewhy[jax]"' in done.stderr
    done = python("import seewhy; seewhy.backend.load()", {"openvino"}, KERAS_BACKEND="openvino")
    assert 'pip install "seewhy[openvino]"' in done.stderr


def test_the_command_line_tells_which_methods_need_no_gradients(tmp_path):
    code = "from seewhy.cli.app import main; sys.argv = ['seewhy', 'demo']; main()"
    done = python(f"import os; os.chdir({str(tmp_path)!r}); {code}", KERAS_BACKEND="numpy")
    assert done.returncode == 1
    assert "grad_cam needs gradients" in done.stderr
    assert "recipro_cam" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_backend_is_told(tmp_path):
    (tmp_path / "keras.json").write_text('{"backend": "numpy"}')
    code = "import seewhy, keras; keras.backend.backend = lambda: 'mlx'; seewhy.backend.load()"
    assert "'mlx', which seewhy does not know" in python(code, KERAS_HOME=str(tmp_path)).stderr


FILES = sorted(SOURCE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_private_attributes_of_keras_stay_in_one_file(path):
    private = {"_layers", "_inbound_nodes", "_keras_history", "_nodes_by_depth", "_flatten_layers"}
    words = {
        node.attr if isinstance(node, ast.Attribute) else node.value
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute | ast.Constant)
        and isinstance(getattr(node, "value", ""), str | ast.AST)
    }
    if path.name != "calls.py":
        assert not words & private
