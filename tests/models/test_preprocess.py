"""The modes against Keras's own preprocess_input, and what may be asked for."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
from keras import ops

from seewhy.errors import PreprocessError
from seewhy.models import preprocess

MODULES = {
    "caffe": ("vgg16", "vgg19", "resnet"),
    "tf": (
        *("resnet_v2", "inception_v3", "inception_resnet_v2", "xception"),
        *("mobilenet", "mobilenet_v2", "nasnet"),
    ),
    "torch": ("densenet",),
    "none": ("mobilenet_v3", "efficientnet", "efficientnet_v2", "convnext"),
}


def pixels() -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 255, (2, 4, 5, 3)).astype("float32")


@pytest.mark.parametrize(
    ("mode", "module"), [(mode, name) for mode, names in MODULES.items() for name in names]
)
def test_modes_do_what_keras_does(mode, module):
    theirs = importlib.import_module(f"keras.applications.{module}").preprocess_input
    wanted = theirs(pixels(), data_format="channels_last")
    np.testing.assert_allclose(preprocess.MODES[mode](pixels()), wanted, rtol=0, atol=1e-4)


@pytest.mark.framework_free
@pytest.mark.parametrize(
    ("mode", "black", "white"),
    [("none", 0, 255), ("unit", 0, 1), ("tf", -1, 1), ("lite", -127 / 128, 1)],
)
def test_ends_of_the_range(mode, black, white):
    ends = np.array([0, 255], "float32").reshape(2, 1, 1, 1) * np.ones((1, 1, 1, 3), "float32")
    result = preprocess.MODES[mode](ends)
    np.testing.assert_allclose(result[:, 0, 0, 0], [black, white], rtol=0, atol=1e-6)


@pytest.mark.framework_free
@pytest.mark.parametrize("mode", preprocess.MODES)
def test_modes_give_new_float32_and_leave_their_input(mode):
    given = pixels()
    result = preprocess.MODES[mode](given)
    assert result.dtype == np.float32
    assert result.shape == given.shape
    result *= 0
    np.testing.assert_array_equal(given, pixels())


@pytest.mark.framework_free
def test_get_by_mode_preset_and_function():
    assert preprocess.get_preprocessing("TF") is preprocess.tf
    assert preprocess.get_preprocessing("vgg-16") is preprocess.caffe
    assert preprocess.get_preprocessing("EfficientNetB0") is preprocess.none
    assert preprocess.get_preprocessing(np.negative) is np.negative


@pytest.mark.framework_free
@pytest.mark.parametrize("wanted", ["cafe", 3])
def test_unknown_lists_what_there_is(wanted):
    with pytest.raises(PreprocessError) as caught:
        preprocess.get_preprocessing(wanted)
    assert all(f'"{mode}": ' in str(caught.value) for mode in preprocess.MODES)
    assert wanted != "cafe" or "Did you mean 'caffe'?" in str(caught.value)


@pytest.mark.parametrize("mode", preprocess.MODES)
def test_modes_on_the_device_give_the_same(mode):
    given = np.random.default_rng(0).integers(0, 256, (2, 40, 50, 3)).astype("float32")
    on_device = preprocess.on_device(preprocess.MODES[mode])
    result = ops.convert_to_numpy(on_device(ops.convert_to_tensor(given)))
    wanted = preprocess.MODES[mode](given)
    np.testing.assert_allclose(result, wanted, rtol=0, atol=1e-6 * np.abs(wanted).max())


@pytest.mark.framework_free
def test_a_function_of_the_users_stays_on_the_host():
    assert preprocess.on_device(lambda pixels: pixels / 255) is None
