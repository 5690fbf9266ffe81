"""What the shell completes."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import keras
import pytest

from seewhy import methods
from seewhy.cli.arguments import completion
from seewhy.models import presets
from seewhy.targets.labels import imagenet_labels


def given(**values):
    """The context of a line on which these flags stand."""
    return SimpleNamespace(params=values)


@pytest.mark.framework_free
def test_nothing_heavy_is_imported():
    code = (
        "import sys; from types import SimpleNamespace;"
        "from seewhy.cli.arguments import completion as c;"
        "line = SimpleNamespace(params={'model': 'vgg16'});"
        "assert c.methods('gr') and c.targets(line, 'tab');"
        "assert c.layers(line, 'b') and c.models('v');"
        "print(sorted({'keras', 'matplotlib', 'tensorflow', 'jax'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.framework_free
def test_classes():
    assert completion.targets(given(), "egyptian c") == ["egyptian cat"]
    assert "tabby,Egyptian_cat" in completion.targets(given(), "tabby,Egy")
    assert {"top", "all-top"} <= set(completion.targets(given(), ""))
    assert "dog" in completion.targets(given(), "do")
    for each in completion.targets(given(), "s"):
        imagenet_labels().find(each) if each not in ("crane", "maillot") else None


@pytest.mark.framework_free
def test_classes_of_a_file(tmp_path):
    names = tmp_path / "names.txt"
    names.write_text("benign\nmelanoma\n")
    assert completion.targets(given(labels=names), "m") == ["melanoma"]
    assert completion.targets(given(labels=tmp_path / "no.txt"), "m") == []
    assert completion.targets(given(model="own.keras"), "tab") == []


@pytest.mark.framework_free
def test_models(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "vision.keras").touch()
    found = completion.models("v")
    assert {"vgg16", "vgg19", "vision.keras"} <= set(found)
    for name in completion.models("efficientnet"):
        presets.get_preset(name)


@pytest.mark.one_backend
def test_methods_are_those_of_the_registry():
    names = [entry.name for entry in methods.all_methods()]
    assert [name.replace("-", "_") for name in completion.methods("")] == names
    assert completion.methods("cam,GradCAMpl") == ["cam,GradCAMplus-plus"]


@pytest.mark.one_backend
def test_layers(tmp_path):
    inner = keras.Sequential(
        [keras.Input((8, 8, 3)), keras.layers.Conv2D(2, 3, name="deep")], name="base"
    )
    model = keras.Sequential([keras.Input((8, 8, 3)), inner, keras.layers.Flatten(name="flat")])
    model.save(tmp_path / "own.keras")
    line = given(model=str(tmp_path / "own.keras"))
    assert completion.layers(line, "") == ["base", "base/deep", "flat"]
    assert completion.layers(line, "flat,base/") == ["flat,base/deep"]
    assert completion.layers(given(model="VGG16"), "") == ["block5_conv3"]
    assert completion.layers(given(model=str(tmp_path / "no.keras")), "") == []
    (tmp_path / "broken.keras").write_bytes(b"x")
    assert completion.layers(given(model=str(tmp_path / "broken.keras")), "") == []
