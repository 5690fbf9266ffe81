"""The table of presets against Keras, and models and weights from files."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from seewhy.errors import ModelError, SeewhyError, WeightsError
from seewhy.models import efficientnet_lite0, model_files, presets
from seewhy.models.preprocess import MODES

framework_free = pytest.mark.framework_free

# One small network of each way in which a default layer is found.
SMALL = ("efficientnet_lite0", "mobilenet", "mobilenetv2", "mobilenetv3small", "efficientnetb0")


def preset(**changes) -> presets.Preset:
    values = {"name": "own", "builder": "MobileNetV2", "size": 224, "preprocess": "tf"}
    values |= {"layer": "out_relu", "parameters": 1, "weights": "own.h5"}
    return presets.Preset(**(values | changes))


@framework_free
def test_the_bundled_network_is_first_and_then_vgg16():
    names = [preset.name for preset in presets.presets()]
    assert names[:2] == ["efficientnet_lite0", "vgg16"]
    assert len(set(names)) == len(names)


@framework_free
def test_all_modes_exist_and_all_but_the_bundled_have_a_file():
    for one in presets.presets():
        assert one.preprocess in MODES
        assert bool(one.weights) == bool(one.builder) == (one.name != efficientnet_lite0.NAME)


@framework_free
@pytest.mark.parametrize("name", ["VGG16", "vgg-16", "vgg_16", " Vgg 16"])
def test_find_forgives_spelling(name):
    assert presets.get_preset(name).name == "vgg16"


@framework_free
def test_find_names_the_nearest():
    with pytest.raises(ModelError, match="Did you mean 'resnet50'"):
        presets.get_preset("resnet5")
    with pytest.raises(ModelError, match="Known: efficientnet_lite0, vgg16"):
        presets.get_preset("yolo")


@framework_free
def test_the_table_needs_no_framework():
    code = (
        "import sys; from seewhy.models import detect_preprocess, efficientnet_lite0; "
        "from seewhy.models import preprocess, presets; from seewhy.targets import labels; "
        "presets.status(presets.get_preset('vgg16')); labels.imagenet_labels(); "
        "preprocess.get_preprocessing('vgg16'); "
        "sys.exit('keras' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@framework_free
def test_status_looks_into_the_cache_of_keras(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    vgg = presets.get_preset("vgg16")
    assert presets.status(vgg) == "to download"
    path = tmp_path / "models" / "vgg16_weights_tf_dim_ordering_tf_kernels.h5"
    assert presets.cached_path(vgg) == path
    path.parent.mkdir()
    path.touch()
    assert presets.status(vgg) == "cached"
    assert presets.status(presets.get_preset("efficientnet-lite0")) == "bundled"


@framework_free
def test_without_keras_home_the_cache_is_in_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.delenv("KERAS_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    path = presets.cached_path(presets.get_preset("convnexttiny"))
    assert path == tmp_path / ".keras" / "models" / "convnext_tiny.h5"


def test_every_classifier_of_keras_is_a_preset():
    import keras

    builders = {name for name in dir(keras.applications) if name[0].isupper()}
    assert {one.builder for one in presets.presets()} == builders | {""}


def test_keras_asks_for_the_files_of_the_table(monkeypatch):
    from keras.src.utils import file_utils

    class Asked(BaseException):
        pass

    def asked(fname, *_, **__):
        raise Asked(fname)

    monkeypatch.setattr(file_utils, "get_file", asked)
    for name in ("mobilenetv2", "mobilenetv3small", "efficientnetb0", "vgg16"):
        one = presets.get_preset(name)
        with pytest.raises(Asked, match=f"^{one.weights}$"):
            presets.build(one)


@pytest.mark.parametrize("name", SMALL)
def test_the_table_describes_what_keras_builds(name):
    one = presets.get_preset(name)
    with model_files.constant_weights():
        model = presets._architecture(one, None)
    assert model.count_params() == one.parameters
    assert model.input_shape[1:3] in ((one.size, one.size), (None, None))
    layer = presets.target_layer(model, one)
    shape = next(step.output.shape for step in model.operations if step.name == layer)
    assert len(shape) == 4
    assert shape[1:3] != (1, 1)


def test_numbered_layers_are_found_in_each_model():
    one = presets.get_preset("mobilenetv3small")
    with model_files.constant_weights():
        models = [presets._architecture(one, None) for _ in range(2)]
    first, second = (presets.target_layer(model, one) for model in models)
    assert first != second
    assert all(name.startswith("activation_") for name in (first, second))
    pooled = [step for step in models[0].operations if "Pooling" in type(step).__name__][-1]
    assert pooled.input is models[0].get_layer(first).output


def test_a_layer_that_keras_no_longer_builds_is_told():
    with pytest.raises(ModelError, match="Name the target layer yourself"):
        presets.target_layer(
            efficientnet_lite0.efficientnet_lite0(weights=False), preset(layer="add*")
        )


def test_offline_tells_the_file_the_folder_and_the_ways_out(tmp_path, monkeypatch):
    from keras.src.utils import file_utils

    def fails(*_, **__):
        raise Exception("URL fetch failure on somewhere: None -- no network")

    monkeypatch.setattr(file_utils, "get_file", fails)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    with pytest.raises(WeightsError) as caught:
        presets.load("MobileNetV2")
    text = str(caught.value)
    assert "no network" in text
    assert "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224.h5" in text
    assert str(tmp_path / "models") in text
    assert "--weights FILE" in text
    assert "'efficientnet_lite0' comes with seewhy" in text


def test_other_failures_of_a_builder_are_not_relabelled(monkeypatch):
    import keras

    def fails(weights):
        raise RuntimeError("out of memory")

    monkeypatch.setattr(keras.applications, "MobileNetV2", fails)
    with pytest.raises(RuntimeError, match="out of memory"):
        presets.build(preset())


def test_a_file_in_the_cache_is_loaded(tmp_path, monkeypatch):
    import keras
    from keras.src.utils import file_utils

    one = presets.get_preset("mobilenetv2")
    with model_files.constant_weights():
        model = presets._architecture(one, None)
    model.weights[0].assign(np.full(model.weights[0].shape, 3.0))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    presets.cached_path(one).parent.mkdir()
    model.save(presets.cached_path(one))
    # the real one compares the file's hash, which belongs to ImageNet's weights
    monkeypatch.setattr(file_utils, "get_file", lambda *_, **__: str(presets.cached_path(one)))
    assert presets.status(one) == "cached"
    loaded, found = presets.load("mobilenetv2")
    assert found is one
    first = keras.ops.convert_to_numpy(loaded.weights[0])
    np.testing.assert_array_equal(first, 3.0)


@framework_free
def test_neither_preset_nor_file():
    with pytest.raises(ModelError, match=r"neither .* preset nor an existing file.* 'resnet50'"):
        presets.load("resnet5")


def test_what_is_no_model_at_all():
    with pytest.raises(ModelError, match="got 'int'"):
        presets.load(3)


def test_nasnet_mobile_needs_another_backend_than_torch():
    import keras

    if keras.backend.backend() != "torch":
        pytest.skip("only torch lacks it")
    with pytest.raises(SeewhyError, match="Set KERAS_BACKEND to tensorflow or jax"):
        presets.build(presets.get_preset("nasnetmobile"))
