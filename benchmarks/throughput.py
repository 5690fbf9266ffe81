"""How fast photos become maps, beside the compiled network and a peer in the same process.

    KERAS_BACKEND=jax python benchmarks/throughput.py --device cuda

Prints the processor or card, then a line for each measurement: ResNet50 with random weights at 224
from uint8 arrays to arrays on the host; other methods of one image; and JPEG files to maps of the
bundled network. On torch with torchvision and torchcam installed, torchcam's Grad-CAM of
torchvision's ResNet50 stands beside ours. Every time is the median of several runs after the first
ones, in which passes are compiled or recorded.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

SIDE = 224


def wishes() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 32, 256])
    parser.add_argument("--files", type=int, default=1024, help="JPEG files; 0 leaves them out")
    parser.add_argument("--parts", nargs="+", default=["batches", "methods", "classes", "files"])
    parser.add_argument("--compile", choices=("inductor",), help="on torch: see Explainer")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--minutes", type=float, default=4.0, help="after which nothing is begun")
    return parser.parse_args()


WISHES = wishes()
if WISHES.device == "cpu":  # before a framework looks for cards
    os.environ["CUDA_VISIBLE_DEVICES"] = ""

import keras  # noqa: E402
import numpy as np  # noqa: E402
from keras import ops  # noqa: E402
from PIL import Image  # noqa: E402

import seewhy  # noqa: E402
from seewhy.explainer.columns.read_photos import sample_reader  # noqa: E402

BEGUN = time.perf_counter()


def median(run: Callable[[], Any], before: int = 4) -> float:
    """Median seconds of a run, after some that are not counted."""
    for _ in range(before):
        run()
    times = []
    for _ in range(WISHES.runs):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
        if sum(times) > 20:
            break
    return statistics.median(times)


def tell(name: str, seconds: float, images: int = 1, more: str = "") -> float:
    rate = f"{images / seconds:9.0f} images/s" if images > 1 else " " * 18
    print(f"{name:52} {1e3 * seconds:9.2f} ms {rate} {more}", flush=True)
    return seconds


def due() -> bool:
    late = time.perf_counter() - BEGUN > 60 * WISHES.minutes
    if late:
        print("the time is over: the rest is left out", flush=True)
    return not late


def device() -> str:
    name = keras.backend.backend()
    if name == "torch":
        import torch

        return torch.cuda.get_device_name() if torch.cuda.is_available() else platform.processor()
    if name == "jax":
        import jax

        return str(jax.devices()[0].device_kind)
    return platform.processor()


def forward_pass(explainer: seewhy.Explainer, photos: np.ndarray) -> Callable[[], Any]:
    """The compiled network: uint8 photos to probabilities, both on the host."""
    wrapped = explainer.pipeline.wrapped
    compiled = explainer.pipeline.backend.compile(
        lambda pixels: wrapped.run(wrapped.network_tensor(pixels)), wrapped.variables
    )
    size = explainer.batch_size

    def run() -> list[np.ndarray]:
        parts = [photos[i : i + size] for i in range(0, len(photos), size)]
        return [ops.convert_to_numpy(compiled(part)) for part in parts]

    return run


def torchcam_pass(photos: np.ndarray) -> Callable[[], Any] | None:
    """torchcam's Grad-CAM of torchvision's ResNet50, from uint8 photos to arrays on the host."""
    try:
        import torch
        from torchcam.methods import GradCAM
        from torchvision.models import resnet50
    except ImportError:
        return None
    where = "cuda" if torch.cuda.is_available() else "cpu"
    model = resnet50(weights=None).eval().to(where)
    extractor = GradCAM(model, target_layer="layer4")
    mean, std = (torch.tensor(v, device=where)[:, None, None] for v in (_MEAN, _STD))

    def run() -> Any:
        pixels = torch.from_numpy(photos).to(where).permute(0, 3, 1, 2).float() / 255
        scores = model((pixels - mean) / std)
        maps = extractor(scores.argmax(dim=1).tolist(), scores)
        return maps[0].cpu().numpy(), scores.detach().cpu().numpy()

    return run


_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def of_batches(model: keras.Model) -> None:
    random = np.random.default_rng(0)
    for batch in WISHES.batches:
        if not due():
            return
        photos = random.integers(0, 256, (batch, SIDE, SIDE, 3), "uint8")
        explainer = seewhy.Explainer(
            model, preprocess="torch", batch_size=batch, compile=WISHES.compile
        )
        name = f"ResNet50, batch {batch}"
        own = tell(f"{name}: forward pass", median(forward_pass(explainer, photos)), batch)
        spent = median(lambda e=explainer, p=photos: e.maps(p))
        tell(f"{name}: maps", spent, batch, f"{own / spent:.2f} of the forward pass's rate")
        spent = median(lambda e=explainer, p=photos: e(p))
        tell(f"{name}: explanations", spent, batch)
        if batch == max(WISHES.batches) and batch > 32:
            many = np.concatenate([photos] * 6)
            whole = median(forward_pass(explainer, many), 1)
            tell(f"{name}, six behind each other: forward", whole, len(many))
            spent = median(lambda e=explainer, m=many: e.maps(m), 1)
            ratio = f"{whole / spent:.2f} of the forward pass's rate"
            tell(f"{name}, six behind each other: maps", spent, len(many), ratio)
        peer = torchcam_pass(photos) if keras.backend.backend() == "torch" else None
        if peer is not None:
            tell(f"{name}: torchcam", median(peer), batch)


def of_methods(model: keras.Model) -> None:
    photo = np.random.default_rng(1).integers(0, 256, (8, SIDE, SIDE, 3), "uint8")
    base = seewhy.Explainer(model, preprocess="torch")

    def one(explainer: seewhy.Explainer) -> Callable[[], Any]:
        return lambda: explainer.maps(photo[:1], target=3)

    kinds = {
        "Ablation-CAM, ResNet50": lambda: one(base.having(method="ablation_cam")),
        "integrated gradients, 50 steps, ResNet50": lambda: one(
            base.having(method="integrated_gradients")
        ),
        "RISE, 2,000 masks, ResNet50": lambda: one(base.having(method="rise")),
        "Score-CAM, VGG16": lambda: one(
            seewhy.Explainer(
                keras.applications.VGG16(weights=None), preprocess="caffe", method="score_cam"
            )
        ),
    }
    for name, make in kinds.items():
        if due():
            tell(name, median(make(), 3))


def of_classes(model: keras.Model) -> None:
    photo = np.random.default_rng(1).integers(0, 256, (8, SIDE, SIDE, 3), "uint8")
    base = seewhy.Explainer(model, preprocess="torch")
    if due():
        own = tell("forward pass of 8, ResNet50", median(forward_pass(base, photo)), 8)
        spent = median(lambda: base.all_classes(photo))
        tell("all 1000 classes of 8, ResNet50", spent, 8, f"{spent / own:.1f} forward passes")


def of_files(count: int) -> None:
    if not count or not due():
        return
    explainer = seewhy.Explainer("efficientnet-lite0", batch_size=64)
    photo = np.asarray(Image.open(Path(seewhy.__file__).parent / "data" / "chelsea.png"))
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for k in range(count):
            path = Path(folder, f"{k}.jpg")
            shifted = np.roll(photo[:, :, :3], 7 * k, axis=1)
            larger = Image.fromarray(shifted).resize((500, 375))
            larger.save(path, quality=90)
            paths.append(str(path))
        arrays = np.stack([np.asarray(Image.open(p).resize((SIDE, SIDE))) for p in paths[:256]])
        own = median(forward_pass(explainer, arrays), 2)
        tell("bundled network: forward pass on arrays", own, len(arrays))
        spent = median(lambda: explainer.maps(arrays), 2)
        tell("bundled network: arrays to maps", spent, len(arrays))
        read = sample_reader(explainer.pipeline, exact=True)
        several = ThreadPoolExecutor(min(os.cpu_count() or 1, 32))
        with several:
            spent = median(lambda: list(several.map(read, paths)), 1)
        tell("JPEG files (500 × 375) read, by all processors", spent, count)
        spent = median(lambda: explainer.maps(paths), 1)
        ratio = f"{own / len(arrays) * count / spent:.2f} of the forward pass's rate"
        tell("bundled network: JPEG files (500 × 375) to maps", spent, count, ratio)


def main() -> None:
    warnings.simplefilter("ignore")
    versions = f"keras {keras.__version__} on {keras.backend.backend()}"
    print(f"{device()}, {os.cpu_count()} cores, {versions}, Python {sys.version.split()[0]}")
    model = keras.applications.ResNet50(weights=None)
    if "batches" in WISHES.parts:
        of_batches(model)
    if "methods" in WISHES.parts:
        of_methods(model)
    if "classes" in WISHES.parts:
        of_classes(model)
    if "files" in WISHES.parts:
        of_files(WISHES.files)
    print(f"{time.perf_counter() - BEGUN:.0f} s in all")


if __name__ == "__main__":
    main()
