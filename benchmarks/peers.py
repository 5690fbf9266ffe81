"""What peers cost beside us, on torch twins with the same weights, in one process.

    KERAS_BACKEND=torch python benchmarks/peers.py [--model NAME ...] [--method NAME ...]

Keeps what it finds in benchmarks/results/peers.json, for `benchmarks/methods.py --table`. A peer's
cost in forward passes is by its own network, the twin; ours by the Keras model on torch. Each is
warm; what takes long is run once.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import methods as ours
from nets import torch_twins, twins
from seewhy.explainer.explainer import Explainer

TARGET = 2
RESULTS = ours.RESULTS / "peers.json"
Peer = tuple[str, str, dict[str, Any]]
# our method → (package, its name, options)
PEERS: dict[str, list[Peer]] = {
    "grad_cam": [
        ("grad-cam", "GradCAM", {}),
        ("captum", "LayerGradCam", {}),
        ("torchcam", "GradCAM", {}),
    ],
    "layer_cam": [("grad-cam", "LayerCAM", {}), ("torchcam", "LayerCAM", {})],
    "eigen_cam": [("grad-cam", "EigenCAM", {})],
    "gradient": [("captum", "Saliency", {})],
    "integrated_gradients": [("captum", "IntegratedGradients", {"n_steps": 50})],
    "score_cam": [("grad-cam", "ScoreCAM", {}), ("torchcam", "ScoreCAM", {})],
    "ablation_cam": [("grad-cam", "AblationCAM", {})],
}


def grad_cam(twin: Any, module: Any, name: str, image: np.ndarray) -> Callable[[], Any]:
    package = twins.grad_cam_package()
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    def run() -> Any:
        # the weights of twins are plain tensors: without this no gradient would be recorded
        tensor = twins.channels_first(image).requires_grad_()
        with getattr(package, name)(twin, [module]) as peer:
            return peer(tensor, [ClassifierOutputTarget(TARGET)])

    return run


def captum(twin: Any, module: Any, name: str, image: np.ndarray, **options: Any) -> Any:
    import captum.attr

    kind = getattr(captum.attr, name)
    made = kind(twin, module) if name.startswith("Layer") else kind(twin)

    def run() -> Any:
        tensor = twins.channels_first(image).requires_grad_()
        return made.attribute(tensor, target=TARGET, **options).detach().numpy()

    return run


def torchcam(twin: Any, module: Any, name: str, image: np.ndarray) -> Callable[[], Any]:
    from torchcam import methods as package

    def run() -> Any:
        with getattr(package, name)(twin, module, input_shape=(3, 224, 224)) as peer:
            scores = twin(twins.channels_first(image).requires_grad_())
            return peer(TARGET, scores)[0].detach().numpy()

    return run


PACKAGES = {"grad-cam": grad_cam, "captum": captum, "torchcam": torchcam}


def measure(name: str, only: list[str]) -> list[dict[str, Any]]:
    model = ours.network(name)
    twin = torch_twins.Twin(model)
    layer = Explainer(model, preprocess="none").layer
    image = np.random.default_rng(1).normal(size=(1, 224, 224, 3)).astype("float32")
    chosen = [key for key in PEERS if not only or key in only]
    rows = list(ours.ours(name, chosen))

    def base() -> Any:
        with torch.no_grad():
            return twin(twins.channels_first(image)).numpy()

    base()
    for method in chosen:
        for package, kind, options in PEERS[method]:
            run = PACKAGES[package](twin, twin.layers[layer], kind, image, **options)
            took, passes = ours.compared(run, base)
            row = {"model": name, "package": package, "method": method, "kind": kind}
            rows.append(row | {"seconds": took, "passes": passes})
            print(rows[-1], flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", action="append", choices=ours.MODELS)
    parser.add_argument("--method", action="append", default=[], choices=PEERS)
    wanted = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.manual_seed(0)
    packages = ("torch", "keras", "grad-cam", "captum", "torchcam")
    about = {"machine": ours.machine(), "versions": {name: version(name) for name in packages}}
    kept = json.loads(RESULTS.read_text())["rows"] if RESULTS.exists() else []
    for name in wanted.model or ours.MODELS:
        rows = measure(name, wanted.method)
        new = {_key(row) for row in rows}
        kept = [row for row in kept if _key(row) not in new] + rows
        RESULTS.write_text(json.dumps(about | {"rows": kept}, indent=1) + "\n")


def _key(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["model"], row["method"], row.get("package")


if __name__ == "__main__":
    main()
