"""Models of other kinds than Keras's, and the ways that work for them today."""

from __future__ import annotations

from pathlib import Path
from typing import Any

FROM_OUTSIDE = """Explain it from outside, as a function of photos \
(with KERAS_BACKEND=numpy or torch):
{lines}
    split = seewhy.Split(lambda images: images, predict)
    seewhy.explain(split, photo, method="rise", size={size}, preprocess="unit")  # as in training
"""
ONNX = (
    "ONNX models are no Keras models. "
    + FROM_OUTSIDE.format(
        size=224,
        lines="""\
    session = onnxruntime.InferenceSession("model.onnx")
    name = session.get_inputs()[0].name
    def predict(images):  # channels first, as most ONNX models take them
        return session.run(None, {name: np.moveaxis(np.asarray(images), -1, 1)})[0]""",
    )
    + 'Or build the network in Keras, load its weights, and model.save("model.keras").'
)
TFLITE = (
    "TFLite models are no Keras models, and have no gradients. "
    + FROM_OUTSIDE.format(
        size=224,
        lines="""\
    run = tf.lite.Interpreter("model.tflite").get_signature_runner()
    (name,) = run.get_input_details()
    def predict(images):
        images = np.asarray(images)
        return np.concatenate([[*run(**{name: one[None]}).values()][0] for one in images])""",
    )
    + "Or give the Keras model that it was converted from."
)
SAVED_MODEL = """Keras 3 runs a SavedModel as one layer without a grid, which methods at the \
input explain (with KERAS_BACKEND=tensorflow):
    inputs = keras.Input((224, 224, 3))
    layer = keras.layers.TFSMLayer({folder!r}, call_endpoint="serving_default")  # or "serve"
    model = keras.Model(inputs, layer(inputs))
    seewhy.explain(model, photo, method="rise", preprocess="unit")  # as in training
Or, for methods at a layer, save it as model.save("model.keras") where it was made."""
TORCH = """Give a module of PyTorch as two functions that meet at the target layer, with channels \
last (with KERAS_BACKEND=torch):
    split = seewhy.Split(
        lambda images: module.features(images.permute(0, 3, 1, 2)).permute(0, 2, 3, 1),
        lambda activations: module.classifier(activations.mean((1, 2))),
    )
    seewhy.explain(split, photo, size=224, preprocess="torch")
Here features and classifier are parts of the module; call module.eval() before."""
TORCH_FILE = f"Load PyTorch's files in Python. {TORCH}"
SKLEARN = "Models of scikit-learn have no layers. " + FROM_OUTSIDE.format(
    size=32,
    lines="""\
    def predict(images):  # as it was trained, on rows of pixels
        return model.predict_proba(np.reshape(images, (len(images), -1)))""",
)
FUNCTION = (
    "A function has no layers. "
    + FROM_OUTSIDE.format(
        size=224,
        lines="""\
    def predict(images):  # (batch, height, width, 3) → scores (batch, classes)
        return function(np.asarray(images))""",
    )
    + "Or give its halves, seewhy.Split(head, tail), for methods at what lies between them."
)
OF_SUFFIX = {
    **dict.fromkeys((".onnx",), ONNX),
    **dict.fromkeys((".tflite", ".lite"), TFLITE),
    **dict.fromkeys((".pt", ".pth", ".ckpt", ".safetensors", ".bin"), TORCH_FILE),
    **dict.fromkeys((".pkl", ".pickle", ".joblib"), SKLEARN),
}
OF_PACKAGE = {
    "torch": TORCH,
    "torchvision": TORCH,
    "timm": TORCH,
    "onnx": ONNX,
    "onnxruntime": ONNX,
    "sklearn": SKLEARN,
    "tflite_runtime": TFLITE,
    "ai_edge_litert": TFLITE,
}


def of_another_kind(model: Any) -> str:
    """What came, and the ways that work for it, for what is no model of Keras 3.

    model: an object, or the path of a file or folder.
    """
    if isinstance(model, Path):
        return _file_of_another_kind(model)
    kind = type(model)
    expected = "model is the name of a preset, a .keras or .h5 file, a keras.Model or a Split; got"
    if isinstance(model, type):
        return f"{expected} the class {model.__name__!r}: make a model of it."
    packages = [f"{each.__module__}." for each in kind.__mro__]
    came = f"{expected} {kind.__name__!r}"
    if any(name.startswith("tensorflow.lite.") for name in packages):
        return f"{came}. {TFLITE}"
    if any(".saved_model." in name for name in packages):
        return f"{came}. {SAVED_MODEL.format(folder='FOLDER')}"
    if any(name.startswith(("tf_keras.", "tensorflow.")) for name in packages):
        return (
            f"{came} of TensorFlow's own Keras. Save it with tf.saved_model.save(model, FOLDER). "
            f"{SAVED_MODEL.format(folder='FOLDER')}"
        )
    known = [
        OF_PACKAGE[name] for name in OF_PACKAGE for each in packages if each.startswith(f"{name}.")
    ]
    if known:
        return f"{came}. {known[0]}"
    return f"{came}. {FUNCTION}" if callable(model) else f"{came}."


def _file_of_another_kind(path: Path) -> str:
    start = f"{str(path)!r} is {{}}, so Keras 3 cannot load a model from it."
    if (path / "saved_model.pb").is_file():
        return f"{start.format('a SavedModel')} {SAVED_MODEL.format(folder=str(path))}"
    if path.suffix.lower() == ".pb":
        folder = str(path.parent)
        return f"{start.format('part of a SavedModel')} {SAVED_MODEL.format(folder=folder)}"
    what = start.format("a folder" if path.is_dir() else "no .keras or .h5 file")
    known = OF_SUFFIX.get(path.suffix.lower())
    return f"{what} {known or SAVE_IT}"


SAVE_IT = 'Save the model with model.save("model.keras") where it was made.'
