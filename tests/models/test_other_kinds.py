"""Models of other kinds are refused with ways that work: the examples in the messages run."""

from __future__ import annotations

import re
import types

import keras
import numpy as np
import pytest

import seewhy
from nets import tiny
from seewhy.errors import ModelError
from seewhy.models.refusals.other_kinds import of_another_kind

BACKEND = keras.backend.backend()


def example(message):
    """The lines of code in a message."""
    lines = [line for line in message.splitlines() if line.startswith("    ")]
    assert lines, message
    return "\n".join(line.removeprefix("    ") for line in lines)


def refused(model):
    with pytest.raises(ModelError) as caught:
        seewhy.explain(model, tiny.photos(1)[0])
    return str(caught.value)


def explained_by(message, **names):
    """The explanation that the message's example makes; of photos of 32 pixels and 20 masks."""
    code = example(message).replace('"rise"', '"rise:masks=20"')
    code = re.sub(r"^seewhy\.explain", "found = seewhy.explain", code, flags=re.MULTILINE)
    code = code.replace("224", "32")
    names |= {"np": np, "keras": keras, "seewhy": seewhy, "photo": tiny.photos(1)[0]}
    exec(code, names)
    return names["found"]


def of(package, name="Thing", **members):
    """An object as of a class in another package, which need not be installed."""
    return type(name, (), {"__module__": f"{package}.inside", **members})()


KINDS = {
    "torch": (of("torch.nn"), ("seewhy.Split(", "KERAS_BACKEND=torch", "permute")),
    "ONNX session": (of("onnxruntime.capi"), ("onnxruntime.InferenceSession", "seewhy.Split(")),
    "ONNX": (of("onnx"), ("onnxruntime.InferenceSession", 'model.save("model.keras")')),
    "sklearn": (of("sklearn.linear_model"), ("predict_proba", "seewhy.Split(")),
    "TFLite": (of("tensorflow.lite.python"), ("get_signature_runner", "seewhy.Split(")),
    "SavedModel": (of("tensorflow.python.saved_model"), ("TFSMLayer", 'method="rise"')),
    "tf_keras": (of("tf_keras.src"), ("tf.saved_model.save", "TFSMLayer")),
    "function": (lambda images: images, ("seewhy.Split(lambda images: images, predict)", "halves")),
}


@pytest.mark.parametrize("kind", KINDS)
def test_objects_of_other_kinds_are_told_the_ways(kind):
    model, ways = KINDS[kind]
    message = refused(model)
    assert type(model).__name__ in message
    for way in ways:
        assert way in message
    compile(example(message), kind, "exec")


FILES = {
    "model.onnx": "onnxruntime.InferenceSession",
    "model.TFLITE": "get_signature_runner",
    "weights.pth": "seewhy.Split(",
    "model.pt": "seewhy.Split(",
    "model.pkl": "predict_proba",
    "model.pb": "TFSMLayer",
    "model.xyz": 'model.save("model.keras")',
}


@pytest.mark.parametrize("name", FILES)
def test_files_of_other_kinds_are_told_the_ways(name, tmp_path):
    (tmp_path / name).write_bytes(b"bytes")
    message = refused(str(tmp_path / name))
    assert FILES[name] in message
    assert name in message


def test_what_is_no_model_of_any_kind_is_told():
    assert "got 'int'" in refused(3)
    assert "the class 'Sequential'" in refused(keras.Sequential)


@pytest.mark.skipif(BACKEND != "tensorflow", reason="SavedModels run on TensorFlow only")
@pytest.mark.parametrize("how", ["saved_model", "export"])
def test_the_example_for_saved_models_runs(how, tmp_path):
    import tensorflow as tf

    model, folder = tiny.plain(), str(tmp_path / "saved")
    if how == "export":
        model.export(folder, verbose=False)
    else:
        tf.saved_model.save(model, folder)
    message = refused(folder)
    if how == "export":
        message = message.replace("serving_default", "serve")
    found = explained_by(message)
    assert found.method == "rise"
    photo = tiny.photos(1)[0]
    own = seewhy.explain(
        model, photo, method="rise:masks=20", scores="probabilities", preprocess="unit"
    )
    assert found.predictions[0].index == own.predictions[0].index
    assert "TFSMLayer('FOLDER'" in of_another_kind(tf.saved_model.load(folder))


def scores(images):
    """Probabilities of three classes, in NumPy: how bright three thirds are."""
    images = np.asarray(images)
    assert images.shape[1:] == (32, 32, 3)
    thirds = np.stack([images[:, k : k + 10].mean((1, 2, 3)) for k in (0, 11, 22)], axis=1)
    return (np.exp(thirds) / np.exp(thirds).sum(1, keepdims=True)).astype("float32")


@pytest.mark.skipif(BACKEND != "torch", reason="the examples for NumPy's functions run eagerly")
def test_the_examples_for_functions_and_scikit_learn_run():
    found = explained_by(refused(scores), function=scores)
    assert found.map.shape == (32, 32)
    rows = types.SimpleNamespace(
        predict_proba=lambda rows: scores(np.reshape(rows, (-1, 32, 32, 3)))
    )
    same = explained_by(of_another_kind(KINDS["sklearn"][0]), model=rows)
    np.testing.assert_allclose(same.map, found.map, rtol=1e-5, atol=1e-7)


@pytest.mark.skipif(BACKEND != "torch", reason="modules of PyTorch run on PyTorch only")
def test_the_example_for_modules_of_torch_runs():
    import torch

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.features = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU())
            self.classifier = torch.nn.Linear(4, 3)

        def forward(self, images):
            return self.classifier(self.features(images).mean((2, 3)))

    module = Net().eval()
    found = explained_by(refused(module), module=module)
    assert found.method == "grad_cam"
    assert found.map.shape == (30, 30)
