"""Models and weights from files: each format, and all that can be wrong with a file."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest

from seewhy.errors import ModelError, WeightsError
from seewhy.models import efficientnet_lite0, model_files, presets


def preset(**changes) -> presets.Preset:
    values = {"name": "own", "builder": "MobileNetV2", "size": 224, "preprocess": "tf"}
    values |= {"layer": "out_relu", "parameters": 1, "weights": "own.h5"}
    return presets.Preset(**(values | changes))


def small(classes: int = 3):
    """A network with all kinds of variables, random ones among them."""
    import keras
    from keras import layers

    images = keras.Input((8, 8, 3))
    x = layers.BatchNormalization(name="norm")(layers.Conv2D(4, 3, name="convolution")(images))
    x = layers.Dropout(0.1, name="dropout")(layers.GlobalAveragePooling2D(name="pool")(x))
    return keras.Model(images, layers.Dense(classes, name="dense")(x), name="small")


def values(model) -> list[np.ndarray]:
    from keras import ops

    return [ops.convert_to_numpy(weight) for weight in model.weights]


def save(model, path) -> None:
    """Save in the format of the suffix; "legacy.h5" is Keras 2's form of weights alone."""
    if path.name == "legacy.h5":
        import h5py
        from keras.src.legacy.saving import legacy_h5_format

        with h5py.File(path, "w") as file:
            legacy_h5_format.save_weights_to_hdf5_group(file, model)
    elif path.name.endswith(".weights.h5"):
        model.save_weights(path)
    else:
        model.save(path)


@pytest.fixture
def known_small(monkeypatch):
    """A preset whose architecture is the small network."""
    monkeypatch.setattr(presets, "_architecture", lambda preset, weights: small())
    return preset()


def test_blank_draws_nothing_and_is_undone():
    import keras

    with model_files.constant_weights():
        assert not np.any(values(small())[0])
        fixed = keras.initializers.RandomNormal(seed=1)((3,))
        assert np.any(keras.ops.convert_to_numpy(fixed))
    assert np.any(values(small())[0])


FORMATS = ("a.weights.h5", "a.h5", "a.keras", "legacy.h5")


@pytest.mark.parametrize("name", FORMATS)
def test_weights_come_back_from_each_format(tmp_path, known_small, name):
    model = small()
    for weight in model.weights:
        weight.assign(np.random.default_rng(1).uniform(1, 2, weight.shape))
    save(model, tmp_path / name)
    built = presets.build(known_small, tmp_path / name)
    for ours, theirs in zip(values(built), values(model), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("name", ["a.weights.h5", "a.h5", "a.keras"])
def test_the_state_of_an_optimizer_does_not_matter(tmp_path, known_small, name):
    model = small()
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)
    save(model, tmp_path / name)
    built = presets.build(known_small, str(tmp_path / name))
    np.testing.assert_array_equal(values(built)[0], values(model)[0])


def test_weights_of_the_bundled_architecture(tmp_path):
    save(efficientnet_lite0.efficientnet_lite0(), tmp_path / "a.weights.h5")
    one = presets.get_preset(efficientnet_lite0.NAME)
    model, found = presets.load("EfficientNet-Lite0", tmp_path / "a.weights.h5")
    assert found is one
    for ours, theirs in zip(values(model), values(presets.build(one)), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("other", ["classes", "network"])
def test_weights_of_another_network_are_refused(tmp_path, known_small, name, other):
    import keras

    model = small(5)
    if other == "network":
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name="else")])
    save(model, tmp_path / name)
    with pytest.raises(WeightsError, match=r"small with its 3 classes: .*--model FILE\.keras"):
        presets.build(known_small, tmp_path / name)


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_with_more_than_the_network_is_refused(tmp_path, known_small, name):
    import keras

    larger = small()
    larger = keras.Model(larger.input, keras.layers.Dense(3, name="more")(larger.output))
    save(larger, tmp_path / name)
    with pytest.raises(WeightsError, match=r"holds .* values|found 4 saved layers"):
        presets.build(known_small, tmp_path / name)


def test_what_keras_skips_without_a_word_is_noticed(tmp_path, known_small, monkeypatch):
    import keras

    save(small(), tmp_path / "a.weights.h5")
    monkeypatch.setattr(keras.Model, "load_weights", lambda self, path: None)
    with pytest.raises(WeightsError, match="8 of 8 variables get no value"):
        presets.build(known_small, tmp_path / "a.weights.h5")


@pytest.mark.parametrize("name", FORMATS)
def test_broken_files(tmp_path, known_small, name):
    (tmp_path / name).write_bytes(b"no weights at all")
    with pytest.raises(WeightsError, match="broken or no weights file"):
        presets.build(known_small, tmp_path / name)


@pytest.mark.framework_free
def test_missing_and_unknown_weights_files(tmp_path):
    with pytest.raises(WeightsError, match="there is no weights file"):
        presets.build(preset(), tmp_path / "a.h5")
    with pytest.raises(WeightsError, match=r"from \.weights\.h5, .* not from"):
        presets.build(preset(), tmp_path / "a.pt")


@pytest.mark.parametrize("name", ["a.keras", "a.h5"])
@pytest.mark.parametrize("kind", [str, lambda path: path])
def test_models_come_from_files(tmp_path, name, kind):
    model = small()
    save(model, tmp_path / name)
    loaded, found = presets.load(kind(tmp_path / name))
    assert found is None
    for ours, theirs in zip(values(loaded), values(model), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_model_is_taken_as_it_is():
    model = small()
    assert presets.load(model) == (model, None)
    with pytest.raises(WeightsError, match="go with the name of a preset"):
        presets.load(model, "a.h5")


def test_files_that_hold_no_model(tmp_path):
    (tmp_path / "junk.keras").write_bytes(b"junk")
    (tmp_path / "junk.h5").write_bytes(b"junk")
    with zipfile.ZipFile(tmp_path / "zip.keras", "w") as file:
        file.writestr("a", "b")
    save(small(), tmp_path / "legacy.h5")
    for name, reason in {
        "junk.keras": "not a zip archive",
        "junk.h5": "broken or was made by",
        "zip.keras": "config.json",
        "legacy.h5": "--model NAME --weights FILE",
        "a.weights.h5": "--model NAME --weights FILE",
        "missing.keras": "there is no model file",
        ".": "is a folder",
    }.items():
        with pytest.raises(ModelError, match=reason) as caught:
            presets.load(tmp_path / name)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["a.keras", "a.h5"])
def test_models_with_unknown_layers_and_with_code(tmp_path, name):
    import keras

    class Strange(keras.layers.Layer):
        def call(self, x):
            return x * 2

    for layer, mend in (
        (Strange(), r"'Strange'.* pass it as model="),
        (keras.layers.Lambda(lambda x: x * 2), "safe_mode=False"),
    ):
        save(keras.Sequential([keras.Input((4,)), layer]), tmp_path / name)
        with pytest.raises(ModelError, match=mend):
            presets.load(tmp_path / name)


def legacy(path, edit):
    """A file as Keras 2 wrote it, with another config."""
    import h5py
    import keras

    save(
        keras.Sequential(
            [
                keras.Input((8, 8, 3)),
                keras.layers.DepthwiseConv2D(3, name="depthwise"),
                keras.layers.Flatten(),
                keras.layers.Dense(2, name="dense"),
            ]
        ),
        path,
    )
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        edit({each["config"]["name"]: each for each in config["config"]["layers"]})
        file.attrs["model_config"] = json.dumps(config).encode()
        file.attrs["keras_version"] = b"2.12.0"
    return path


@pytest.mark.parametrize(
    ("name", "changes", "told"),
    [
        ("depthwise", {"groups": 1}, r"DepthwiseConv2D: \{'groups': 1\}.*'DepthwiseConv2D': …"),
        ("dense", {"implementation": 2}, r"'implementation': 2.*tf_keras"),
        ("dense", {"activation": "own"}, r"activation.*own.*custom_objects=\{'own': own\}"),
        ("dense", {"units": -1}, "(?i)units"),
        ("dense", {"kernel_initializer": {"class_name": "Own", "config": {}}}, "Own"),
    ],
)
def test_files_of_keras_2_tell_what_keras_3_does_not_know(tmp_path, name, changes, told):
    path = legacy(tmp_path / "old.h5", lambda layers: layers[name]["config"].update(changes))
    with pytest.raises(ModelError, match=told) as caught:
        presets.load(path)
    assert "Keras 2.12.0 made it" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 900


def test_operations_of_tensorflow_between_layers(tmp_path):
    def edit(layers):
        layers["depthwise"]["class_name"] = "TFOpLambda"

    with pytest.raises(ModelError, match=r"TFOpLambda.*tf_keras"):
        presets.load(legacy(tmp_path / "old.h5", edit))
