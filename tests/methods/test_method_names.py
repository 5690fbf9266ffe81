"""Methods are found by the names that people know them by, and what is not here is told."""

from __future__ import annotations

import pytest

from seewhy.errors import MethodError
from seewhy.methods.reading.aliases import ABSENT, ALIASES
from seewhy.methods.reading.names import find_name, key_of, method_names

pytestmark = pytest.mark.framework_free

NAMES = method_names()
PEERS = {
    # pytorch-grad-cam and torchcam
    "GradCAM": "grad_cam",
    "HiResCAM": "hires_cam",
    "GradCAMElementWise": "grad_cam_elementwise",
    "GradCAMPlusPlus": "grad_cam_plus_plus",
    "GradCAMpp": "grad_cam_plus_plus",
    "SmoothGradCAMpp": "smooth_grad_cam_plus_plus",
    "XGradCAM": "xgrad_cam",
    "AblationCAM": "ablation_cam",
    "ScoreCAM": "score_cam",
    "SSCAM": "ss_cam",
    "ISCAM": "is_cam",
    "EigenCAM": "eigen_cam",
    "EigenGradCAM": "eigen_grad_cam",
    "KPCA_CAM": "kpca_cam",
    "LayerCAM": "layer_cam",
    "FullGrad": "full_grad",
    "FEM": "fem",
    "ShapleyCAM": "shapley_cam",
    "FinerCAM": "finer_cam",
    "RandomCAM": "random_cam",
    "CAM": "cam",
    # captum
    "IntegratedGradients": "integrated_gradients",
    "Saliency": "gradient",
    "InputXGradient": "gradient_input",
    "GuidedBackprop": "guided_backprop",
    "Deconvolution": "deconvnet",
    "GuidedGradCam": "guided_grad_cam",
    "LayerGradCam": "grad_cam",
    "Occlusion": "occlusion",
    "GradientShap": "expected_gradients",
    # tf-keras-vis, tf-explain and xplique
    "Gradcam": "grad_cam",
    "GradcamPlusPlus": "grad_cam_plus_plus",
    "Scorecam": "score_cam",
    "Layercam": "layer_cam",
    "OcclusionSensitivity": "occlusion",
    "VanillaGradients": "gradient",
    "GradientsInputs": "gradient_input",
    "GradCAMPP": "grad_cam_plus_plus",
    "DeconvNet": "deconvnet",
    "GradientInput": "gradient_input",
    "SmoothGrad": "smooth_grad",
    "SquareGrad": "square_grad",
    "VarGrad": "var_grad",
    "Rise": "rise",
    # as people write
    "grad-cam-pp": "grad_cam_plus_plus",
    "gradcam++": "grad_cam_plus_plus",
    "GradCAM++": "grad_cam_plus_plus",
    "Grad-CAM ++": "grad_cam_plus_plus",
    "scorecam": "score_cam",
    "ig": "integrated_gradients",
    "saliency": "gradient",
    "guided-gradcam": "guided_grad_cam",
    "input × gradient": "gradient_input",
}


@pytest.mark.parametrize("name", PEERS)
def test_names_of_peers_find_their_method(name):
    assert find_name(name, NAMES) == PEERS[name]


def test_no_name_means_two_things():
    keys = [key_of(name) for name in NAMES]
    keys += [key for names in ALIASES.values() for key in {key_of(each) for each in names}]
    keys += [key for absent in ABSENT for key in {key_of(each) for each in absent.names}]
    assert len(keys) == len(set(keys)), [key for key in keys if keys.count(key) > 1]
    assert set(ALIASES) <= set(NAMES)
    assert {name for absent in ABSENT for name in absent.nearest} <= set(NAMES)


@pytest.mark.parametrize("name", [name for absent in ABSENT for name in absent.names])
def test_what_is_absent_is_told_with_what_comes_nearest(name):
    with pytest.raises(MethodError, match=f"seewhy has no method '{name}'") as caught:
        find_name(name, NAMES)
    said = str(caught.value)
    assert "Nearest" in said or "seewhy concepts" in said
    assert len(said) > 100


@pytest.mark.parametrize("name", ["lime", "SHAP", "kernel shap", "DeepLift", "anchors", "LRP"])
def test_the_famous_ones_are_told_by_name(name):
    with pytest.raises(MethodError, match=r"Nearest (is|are) .*(rise|gradient|perturbation)"):
        find_name(name, NAMES)


@pytest.mark.parametrize(
    ("name", "meant"),
    [("gradcan", "grad_cam"), ("intergrated-gradients", "integrated_gradients"), ("riise", "rise")],
)
def test_a_misspelled_name_lists_the_five_nearest(name, meant):
    with pytest.raises(MethodError) as caught:
        find_name(name, NAMES)
    said = str(caught.value)
    assert f"Did you mean '{meant}'?" in said
    assert "`seewhy methods` lists all 41" in said
    listed = said.split("spelling are ")[1].split(";")[0].replace(" and ", ", ").split(", ")
    assert len(listed) == 5
    assert listed[0] == meant
    assert set(listed) <= set(NAMES)


@pytest.mark.parametrize("name", ["", "magic", "1234", "\x1b[31m"])
def test_a_name_unlike_any_is_not_guessed(name):
    with pytest.raises(MethodError) as caught:
        find_name(name, NAMES)
    assert "Did you mean" not in str(caught.value)
    assert "seewhy methods" in str(caught.value)
