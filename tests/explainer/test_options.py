"""One record has the choices of an explainer; Python, the command and the documentation read it."""

from __future__ import annotations

import inspect
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import seewhy
from seewhy import errors
from seewhy.explainer.options import FIELDS, ExplainerOptions, read_options
from seewhy.images.fitting import FITS

pytestmark = pytest.mark.framework_free

SOURCE = Path(seewhy.__file__).parent
NEW = """    sharpness: float = option(0.5, "how sharp the map is, 0..1.")
    top: int = option("""


def test_explainer_explain_and_concepts_take_the_fields():
    names = {option.name for option in FIELDS}
    parameters = inspect.signature(seewhy.Explainer).parameters
    assert set(parameters) == {"model", *names}
    assert parameters["top"].default == 3
    assert set(inspect.signature(seewhy.explain).parameters) == {
        *("model", "image", "target", "targets"),
        *(names - {"batch_size"}),
    }
    assert names <= {*inspect.signature(seewhy.concepts).parameters}
    for option in FIELDS:
        assert f"\n    {option.name}: " in seewhy.Explainer.__doc__
        if option.name != "batch_size":
            assert f"\n    {option.name}: " in seewhy.explain.__doc__


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"scores": "odds"}, "scores is one of logits, probabilities; got 'odds'"),
        ({"fit": "stretch"}, "fit is one of squash, crop, letterbox"),
        ({"fuse": "sum"}, "fuse is one of mean, max, product"),
        ({"upsampling": "cubic"}, "upsampling is one of linear, guided"),
        ({"top": 0}, "top is a number from 1 on; got 0"),
        ({"batch_size": True}, "batch_size is a number from 1 on"),
        ({"grid": (7,)}, "grid is .rows, cols."),
        ({"layer": []}, "layer is an empty list"),
    ],
)
def test_values_that_are_not_allowed_are_told(options, told):
    with pytest.raises(errors.OptionError, match=told):
        ExplainerOptions(**options)


def test_unknown_options_are_told_with_the_nearest():
    with pytest.raises(TypeError, match=r"explain got .*'metod'\. Did you mean 'method'\?"):
        read_options({"metod": "cam"}, "explain")
    with pytest.raises(TypeError, match="Known: layer, method"):
        read_options({"qqq": 1}, "explain")


def test_the_record_is_frozen_and_changes_into_others():
    options = ExplainerOptions(top=4)
    assert options.changed({"layer": "conv"}).as_dict() == {**options.as_dict(), "layer": "conv"}
    with pytest.raises(errors.OptionError, match="'size' cannot be changed here"):
        options.changed({"size": 3})
    with pytest.raises(AttributeError):
        options.top = 5


def test_the_words_of_the_command_are_those_of_python():
    assert next(option for option in FIELDS if option.name == "fit").metadata["words"] == FITS


def python(folder, *arguments):
    environment = os.environ | {"PYTHONPATH": str(folder), "COLUMNS": "200", "TERM": "dumb"}
    command = [sys.executable, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True)


def test_a_new_option_is_one_field(tmp_path):
    shutil.copytree(SOURCE, tmp_path / "seewhy", ignore=shutil.ignore_patterns("*.npz"))
    path = tmp_path / "seewhy" / "explainer" / "options.py"
    path.write_text(path.read_text(encoding="utf-8").replace("    top: int = option(", NEW, 1))
    help = python(tmp_path, "-m", "seewhy", "explain", "--help").stdout
    line = next(line for line in help.splitlines() if "--sharpness" in line)
    assert "float" in line.lower()
    assert "how sharp the map is, 0..1." in line
    code = "import inspect, seewhy; "
    code += "print(inspect.signature(seewhy.Explainer).parameters['sharpness'])"
    code += "; print(seewhy.explain.__doc__)"
    told = python(tmp_path, "-c", code).stdout
    assert "sharpness: 'float' = 0.5" in told
    assert "sharpness: how sharp the map is, 0..1." in told
