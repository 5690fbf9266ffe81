"""What else methods are called, in papers and in other packages, and what is not here."""

from __future__ import annotations

from dataclasses import dataclass

# The classes are those of pytorch-grad-cam, torchcam, captum, tf-keras-vis, tf-explain, xplique,
# saliency and innvestigate where they are spelled otherwise than here.
ALIASES = {
    "grad_cam": (
        *("LayerGradCam", "grad-cam-original", "gradient-weighted-cam"),
        *("gradient-weighted-class-activation-map", "gradient-weighted-class-activation-mapping"),
    ),
    "cam": ("class-activation-map", "class-activation-maps", "class-activation-mapping"),
    "hires_cam": ("high-resolution-cam",),
    "grad_cam_plus_plus": ("grad-cam-pp", "cam++", "cam-pp"),
    "smooth_grad_cam_plus_plus": ("SmoothGradCAMpp", "smooth-grad-cam", "smooth-cam-pp"),
    "xgrad_cam": ("axiom-based-grad-cam",),
    "kpca_cam": ("kernel-pca-cam",),
    "fem": ("feature-explanation-method",),
    "score_cam": ("score-weighted-cam",),
    "ss_cam": ("smoothed-score-cam", "smooth-score-cam"),
    "is_cam": ("integrated-score-cam",),
    "recipro_cam": ("reciprocal-cam",),
    "random_cam": ("random",),
    "occlusion": (
        *("OcclusionSensitivity", "occlusion-map", "occlusion-maps"),
        *("sliding-window", "sliding-window-occlusion"),
    ),
    "rise": (
        *("randomized-input-sampling", "randomised-input-sampling"),
        "randomized-input-sampling-for-explanation",
    ),
    "meaningful_perturbation": ("meaningful-perturbations", "interpretable-explanations"),
    "extremal_perturbation": ("extremal-perturbations",),
    "gradient": (
        *("saliency", "saliency-map", "saliency-maps", "GradientSaliency", "gradients", "grad"),
        *("vanilla", "vanilla-gradient", "VanillaGradients", "vanilla-grad", "vanilla-backprop"),
        *("backprop", "backpropagation", "simple-gradient", "sensitivity-map", "input-gradient"),
        "input-gradients",
    ),
    "gradient_input": (
        *("InputXGradient", "gradient-x-input", "GradientsInput", "GradientsInputs"),
        *("gradient-times-input", "input-times-gradient", "input_t_gradient", "grad-input"),
        *("grad-times-input", "grad-x-input", "input-x-grad"),
    ),
    "smooth_grad": ("smooth-gradient", "smooth-gradients"),
    "square_grad": ("smooth-grad-squared", "smoothgrad-sq", "smooth-grad-square"),
    "integrated_gradients": (
        *("ig", "int-grad", "int-grads", "integrated-gradient", "integrated-grad"),
        *("integrated-grads", "path-integrated-gradients"),
    ),
    "expected_gradients": ("eg", "expected-gradient", "GradientShap", "grad-shap"),
    "blur_ig": ("blur-integrated-gradients", "blur-integrated-gradient"),
    "guided_backprop": (
        *("guided-backpropagation", "gbp", "guided-bp", "guided-gradient", "guided-gradients"),
        *("guided-saliency", "GuidedBackpropReLUModel"),
    ),
    "deconvnet": ("deconvolution", "deconv", "deconvolutional-network"),
    "guided_grad_cam": ("ggcam", "guided-gradient-cam"),
    "full_grad": ("full-gradient", "full-gradients"),
    "attention_rollout": ("rollout", "attn-rollout", "vit-rollout"),
    "transformer_attribution": ("generic-attention", "transformer-explainability", "chefer"),
}
"""Other names by method; in any spelling, as methods themselves."""


@dataclass(frozen=True)
class Absent:
    """Methods that people look for and that are not here."""

    names: tuple[str, ...]
    nearest: tuple[str, ...]
    """Methods that are here; none where something else than a method does it."""
    why: str
    """What makes them near."""


ABSENT = (
    Absent(
        ("lime", "lime-image", "LimeImageExplainer", "superpixels"),
        ("rise", "occlusion"),
        "they, too, ask the model about copies of the photo with parts hidden, and need no "
        "gradients",
    ),
    Absent(
        (
            *("shap", "kernel-shap", "KernelExplainer", "shapley", "shapley-values"),
            *("ShapleyValueSampling", "PartitionExplainer", "partition-shap"),
        ),
        ("expected_gradients", "rise"),
        "the first estimates Shapley values of pixels by gradients, as SHAP's GradientExplainer, "
        "and the second hides random parts of the photo, as kernel SHAP",
    ),
    Absent(
        ("GradientExplainer", "gradient-explainer"),
        ("expected_gradients",),
        "it is what SHAP's GradientExplainer estimates, from noise around the photo's mean "
        "instead of other photos",
    ),
    Absent(
        (
            *("deeplift", "deep-lift-shap", "deep-shap", "DeepExplainer", "RescaleRule"),
            *("layer-deep-lift", "neuron-deep-lift"),
        ),
        ("integrated_gradients",),
        "its contributions, too, add up to the difference of the score to a baseline's",
    ),
    Absent(
        (
            *("lrp", "lrp-z", "lrp-epsilon", "epsilon-lrp", "lrp-alpha-beta", "layer-lrp"),
            *("layer-wise-relevance-propagation", "relevance-propagation", "deep-taylor"),
            *("deep-taylor-decomposition", "excitation-backprop", "zennit"),
        ),
        ("gradient_input", "hires_cam"),
        "gradient times input is what LRP gives with its plain rule in a network of ReLUs without "
        "biases, and HiResCAM is the same at a layer",
    ),
    Absent(
        ("anchors", "anchor", "AnchorImage"),
        ("extremal_perturbation",),
        "it finds the region of a given area that is enough for the decision",
    ),
    Absent(
        ("sobol", "SobolAttributionMethod", "hsic", "HsicAttributionMethod"),
        ("rise",),
        "it, too, hides parts of the photo at random and asks the model",
    ),
    Absent(
        ("FeatureAblation", "FeaturePermutation", "window-ablation"),
        ("occlusion",),
        "it replaces one window of the photo after the other",
    ),
    Absent(
        ("guided-ig", "guided-integrated-gradients", "xrai", "LayerIntegratedGradients"),
        ("integrated_gradients", "blur_ig"),
        "they, too, sum gradients on a path to the photo",
    ),
    Absent(
        ("fast-cam", "FasterScoreCAM", "faster-score-cam", "fast-score-cam"),
        ("group_cam", "score_cam"),
        "Group-CAM asks as Score-CAM does, of 32 groups of units instead of each",
    ),
    Absent(
        ("noise-tunnel",),
        ("smooth_grad", "var_grad"),
        "these are the tunnel around gradients; enhance='noise' puts it around any method",
    ),
    Absent(
        ("activation-maximization", "activation-maximisation", "feature-visualization"),
        (),
        "It draws what a unit would like to see, and the methods here explain photos: `seewhy "
        "concepts PHOTOS` shows what a layer sees in them",
    ),
    Absent(
        (
            *("dff", "DeepFeatureFactorization", "deep-feature-factorisation", "tcav", "craft"),
            *("concepts", "concept-activation-vectors"),
        ),
        (),
        "Concepts are a question of their own: `seewhy concepts PHOTOS`, or seewhy.concepts",
    ),
)
