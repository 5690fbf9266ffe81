"""Types that help: a type checker finds misspelled words and names in a user's script."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

import seewhy
from seewhy import checks
from seewhy.explainer.arguments import types
from seewhy.explainer.explainer import Explainer
from seewhy.explainer.options import FIELDS, FIXED

pytestmark = pytest.mark.framework_free

SOURCE = Path(seewhy.__file__).parents[1]

RIGHT = """
from pathlib import Path
from typing import Any

import numpy as np

import seewhy

def half(activations: Any, gradients: Any) -> Any:
    return activations[..., 0]

photo = np.zeros((8, 8, 3), "uint8")
explainer = seewhy.Explainer(
    "vgg16", layer="block5_conv3", method="rise:masks=300", options={"masks": 300}, fuse="max",
    enhance=["flips"], upsampling="guided", grid=(7, 7), output=0, scores="probabilities",
    size=(224, 224), sharpen=1, fit="letterbox", labels=["cat", "dog"], preprocess="caffe",
    range=(0, 4095), prepared=False, weights=Path("w.h5"), top=3, batch_size=8, bands=[0, 1, 2],
)
explainer.having(method=half, layer=[-1, -2], top=5)
explanation = seewhy.explain("vgg16", photo, method=("rise", {"masks": 300}), range="data")
seewhy.explain("vgg16", "photo.jpg", targets="cat", fit="squash", labels="names.txt")
seewhy.explain("vgg16", photo, target=3, sizes=(224, 384), fuse="geometric", preprocess=half)
seewhy.compare(explainer, "photo.jpg", methods=["rise:masks=3", ("rise", {})], fit="crop")
seewhy.debug("vgg16", "photo.jpg", "cat", trust=False, layer="block5_conv3")
seewhy.diff("a.keras", "b.keras", ["photo.jpg"], scores="logits")
seewhy.evaluate("vgg16", "photos", "boxes.json", method="grad-cam", upsampling="linear")
seewhy.benchmark(["vgg16"], "photos", methods=["grad-cam"], size=224)
seewhy.concepts("vgg16", ["photo.jpg"], count=3, top=2, layer="block5_conv3")
seewhy.trust(explanation.map, "vgg16", "photo.jpg", method="grad-cam", layer=-1)
settings: dict[str, Any] = {"fit": "crop", "top": 2}
seewhy.explain("vgg16", "photo.jpg", **settings)
explainer(photo)
explainer(["a.jpg"], target="cat")
explainer("a.jpg", targets=["cat"])
explainer.scorer([photo], scores="logits")
"""
WRONG = """
import seewhy
explainer = seewhy.Explainer("vgg16", fit="sqash")
seewhy.Explainer("vgg16", layr="x")
explainer.having(fuse="sum")
explainer.having(size=3)
seewhy.explain("vgg16", "photo.jpg", fit="sqash")
seewhy.explain("vgg16", "photo.jpg", layr="x")
seewhy.explain("vgg16", "photo.jpg", scores="odds")
seewhy.explain("vgg16", "photo.jpg", upsampling="cubic")
seewhy.explain("vgg16", "photo.jpg", top="three")
seewhy.explain("vgg16", "photo.jpg", method=3)
seewhy.explain("vgg16", "photo.jpg", range="all")
seewhy.compare("vgg16", "photo.jpg", layr="x")
seewhy.debug("vgg16", "photo.jpg", 3, fit="sqash")
seewhy.diff("a", "b", "photos", fit="sqash")
seewhy.evaluate("vgg16", "photos", "boxes", layr="x")
seewhy.benchmark("vgg16", "photos", fuse="sum")
seewhy.trust([[1]], "vgg16", "photo.jpg", layr="x")
seewhy.concepts("vgg16", "photo.jpg", fit="sqash")
explainer.scorer(["photo.jpg"], scores="odds")
explainer("photo.jpg", tagret="cat")
explainer(["photo.jpg"])[0].overlay(blend="ad")
"""


@pytest.fixture(scope="module")
def complaints(tmp_path_factory):
    """Lines of two scripts that `mypy --strict` complains about, by script."""
    folder = tmp_path_factory.mktemp("scripts")
    (folder / "right.py").write_text(RIGHT)
    (folder / "wrong.py").write_text(WRONG)
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent"]
    command += ["--no-error-summary", "--cache-dir", str(folder), "right.py", "wrong.py"]
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | {"MYPYPATH": str(SOURCE)},
        capture_output=True,
        text=True,
    )
    assert not done.stderr, done.stderr
    found = re.findall(r"^(\w+)\.py:(\d+): error: (.*)", done.stdout, re.MULTILINE)
    return {
        name: {int(line): text for script, line, text in found if script == name}
        for name in ("right", "wrong")
    }


def test_right_calls_are_accepted(complaints):
    assert complaints["right"] == {}


def test_each_wrong_call_is_found(complaints):
    lines = WRONG.splitlines()
    calls = {k for k, line in enumerate(lines, 1) if line.startswith(("seewhy.", "explainer"))}
    assert set(complaints["wrong"]) == calls, [lines[k - 1] for k in calls - {*complaints["wrong"]}]


def annotations(kind):
    return {name: about.__forward_arg__ for name, about in kind.__annotations__.items()}


def test_the_types_are_those_of_the_fields():
    fields = {each.name: each.type for each in FIELDS}
    assert annotations(types.ExplainerArguments) == fields
    left_out = {
        types.ChangedArguments: set(FIXED),
        types.TrustArguments: {"method"},
        types.ConceptArguments: {"top"},
    }
    for kind, names in left_out.items():
        assert annotations(kind) == {k: v for k, v in fields.items() if k not in names}
        assert not kind.__total__


def test_the_words_are_those_of_the_types():
    words = {each.name: each.metadata["words"] for each in FIELDS if each.metadata["words"]}
    assert words == {
        "fit": get_args(checks.Fit),
        "fuse": get_args(checks.Fusion),
        "scores": get_args(checks.Scores),
        "upsampling": get_args(checks.Upsampling),
    }


FUNCTIONS = (
    *(seewhy.explain, seewhy.trust, seewhy.concepts, seewhy.compare, seewhy.debug),
    *(seewhy.diff, seewhy.evaluate, seewhy.benchmark, seewhy.Explainer, Explainer.having),
)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_signatures_name_every_argument(function):
    parameters = inspect.signature(function).parameters
    assert "options" not in parameters or parameters["options"].kind.name == "KEYWORD_ONLY"
    assert all(each.kind is not each.VAR_KEYWORD for each in parameters.values())
    assert {"fit", "fuse", "scores", "enhance"} <= set(parameters)


@pytest.mark.parametrize("name", ["explain", "trust", "concepts", "compare", "debug", "Explainer"])
def test_help_explains_every_argument(name):
    function = getattr(seewhy, name)
    own = {"compare", "debug"}  # these point to Explainer for the others
    listed = inspect.signature(function).parameters
    fields = {each.name for each in FIELDS} if name in own else set()
    told = inspect.getdoc(function)
    for parameter in set(listed) - fields:
        assert re.search(rf"\b{parameter}(:|, \w+:)", told), parameter
