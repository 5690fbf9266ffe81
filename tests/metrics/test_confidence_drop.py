"""Average drop, increase, win, coherency, complexity, ADCC; rationales; infidelity; sensitivity."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from nets import twins
from seewhy import errors
from seewhy.metrics import faithfulness, robustness
from seewhy.metrics.faithfulness import confidence_drop, eraser

pytestmark = pytest.mark.framework_free
RANDOM = np.random.default_rng(5)
IMAGES = RANDOM.normal(size=(4, 9, 8, 3)).astype("float32")
MAPS = RANDOM.random((4, 9, 8))
MAPS -= MAPS.min(axis=(1, 2), keepdims=True)
MAPS /= MAPS.max(axis=(1, 2), keepdims=True)
WEIGHTS = RANDOM.normal(size=(9, 8, 3))


def linear(images):
    return (np.asarray(images, "float64") * WEIGHTS).sum(axis=(1, 2, 3))


def scorer(images):
    return 1 / (1 + np.exp(-linear(images) / 8))


def explain(images):
    return (images * WEIGHTS).sum(axis=-1) ** 2


def torch_model():
    import torch

    class Model(torch.nn.Module):
        def forward(self, images):
            weights = torch.tensor(WEIGHTS).movedim(-1, 0)
            return torch.sigmoid((images.double() * weights).sum(dim=(1, 2, 3)) / 8)[:, None]

    return Model()


def test_drop_and_increase_equal_grad_cams():
    import torch

    twins.grad_cam_package()
    from pytorch_grad_cam.metrics import cam_mult_image as package

    asked = [lambda output: output[0]] * 4
    given = torch.tensor(IMAGES).movedim(-1, 1), MAPS, asked, torch_model()
    # grad-cam's drop is not divided by the score, as the paper's is
    drop = confidence_drop.average_drop(IMAGES, MAPS, scorer) * scorer(IMAGES)
    np.testing.assert_allclose(drop, package.DropInConfidence()(*given), atol=1e-5)
    rise = confidence_drop.average_increase(IMAGES, MAPS, scorer)
    np.testing.assert_array_equal(rise, package.IncreaseInConfidence()(*given))
    assert set(rise) == {0, 1}


def test_drop_by_hand():
    """Equation (i) of the paper: the whole score is lost where the map shows nothing of it."""
    image = np.full((1, 2, 2, 1), 3.0)
    map = np.array([[[0, 0.5], [1, 2]]])
    total = lambda images: images.sum(axis=(1, 2, 3))  # noqa: E731
    # 12 becomes 3 · (0 + 0.25 + 0.5 + 1)
    np.testing.assert_allclose(confidence_drop.average_drop(image, map, total), 1 - 5.25 / 12)
    np.testing.assert_allclose(confidence_drop.average_drop(image, 0 * map, total), 1)
    np.testing.assert_allclose(confidence_drop.average_drop(image, 0 * map + 1, total), 0)
    assert np.isnan(confidence_drop.average_drop(-image, map, total))
    np.testing.assert_allclose(
        confidence_drop.average_drop(image, 0 * map, total, baseline="mean"), 0
    )


def test_a_map_wins_against_one_that_drops_more():
    wins = confidence_drop.win(IMAGES, MAPS, 1 - MAPS, scorer)
    drops = [confidence_drop.average_drop(IMAGES, maps, scorer) for maps in (MAPS, 1 - MAPS)]
    np.testing.assert_array_equal(wins, drops[0] < drops[1])
    np.testing.assert_array_equal(confidence_drop.win(IMAGES, MAPS, MAPS, scorer), 0)


def test_adcc_is_the_papers():
    found = confidence_drop.adcc(IMAGES, MAPS, scorer, explain)
    for n in range(4):
        left = IMAGES[n] * MAPS[n][..., None]
        again = explain(left[None])[0]
        coherency = (stats.pearsonr(MAPS[n].ravel(), again.ravel())[0] + 1) / 2
        complexity = np.abs(MAPS[n]).sum() / MAPS[n].size
        whole = scorer(IMAGES[n : n + 1])[0]
        drop = max(0.0, whole - scorer(left[None])[0]) / whole
        slow = 3 / (1 / coherency + 1 / (1 - complexity) + 1 / (1 - drop))
        np.testing.assert_allclose(found[n], slow, atol=1e-4)
        one = confidence_drop.coherency(IMAGES, MAPS, explain)[n]
        np.testing.assert_allclose(one, coherency, atol=1e-4)
        np.testing.assert_allclose(confidence_drop.complexity(MAPS)[n], complexity, atol=1e-4)


def test_coherency_and_complexity_equal_grad_cams():
    import torch

    twins.grad_cam_package()
    from pytorch_grad_cam.metrics import arcc

    def theirs(input_tensor, targets):
        return explain(input_tensor.movedim(1, -1).numpy())

    pixels = torch.tensor(IMAGES.astype("float64")).movedim(-1, 1)
    found = arcc.Coherency()(pixels, MAPS, None, None, theirs)
    np.testing.assert_allclose(confidence_drop.coherency(IMAGES, MAPS, explain), found, atol=1e-4)
    np.testing.assert_allclose(confidence_drop.complexity(MAPS), arcc.Complexity()(MAPS), atol=1e-6)


def test_adcc_where_a_part_is_nothing_or_undefined():
    full = np.ones(MAPS.shape)
    assert np.isnan(confidence_drop.coherency(IMAGES, full, explain)).all()
    assert np.isnan(confidence_drop.adcc(IMAGES, full, scorer, explain)).all()
    identical = confidence_drop.coherency(IMAGES, MAPS, lambda images, which: MAPS[which])
    np.testing.assert_allclose(identical, 1)
    opposite = confidence_drop.coherency(IMAGES, MAPS, lambda images, which: -MAPS[which])
    np.testing.assert_allclose(opposite, 0, atol=1e-12)
    nothing = confidence_drop.adcc(IMAGES, MAPS, scorer, lambda images, which: -MAPS[which])
    np.testing.assert_allclose(nothing, 0, atol=1e-6)


def slow_rationale(image, map, share, *, keeps):
    """ERASER: the score less that without (or of nothing but) the first pixels."""
    count = int(np.ceil(round(share * map.size, 9)))
    chosen = np.argsort(-map.ravel(), kind="stable")[:count]
    inside = np.zeros(map.size, bool)
    inside[chosen] = True
    kept = inside if keeps else ~inside
    return scorer(image[None])[0] - scorer((image * kept.reshape(*map.shape, 1))[None])[0]


@pytest.mark.parametrize("keeps", [True, False])
def test_rationales_are_erasers(keeps):
    measure = eraser.sufficiency if keeps else eraser.comprehensiveness
    bins = (0, 0.01, 0.05, 0.1, 0.2, 0.5)
    for n, found in enumerate(measure(IMAGES, MAPS, scorer)):
        slow = [slow_rationale(IMAGES[n], MAPS[n], share, keeps=keeps) for share in bins]
        np.testing.assert_allclose(found, sum(slow) / (5 + 1), atol=1e-6)
    single = measure(IMAGES, MAPS, scorer, shares=[0.2])[0]
    expected = slow_rationale(IMAGES[0], MAPS[0], 0.2, keeps=keeps)
    np.testing.assert_allclose(single, expected, atol=1e-6)


def test_what_is_comprehensive_for_a_map_suffices_for_its_negative():
    """Of a linear model: the best half is lost, or it is all that is left."""
    parts = (IMAGES * WEIGHTS).sum(axis=-1)
    lost = eraser.comprehensiveness(IMAGES, parts, linear, shares=[0.5])
    left = eraser.sufficiency(IMAGES, parts, linear, shares=[0.5])
    np.testing.assert_allclose(lost + left, linear(IMAGES), atol=1e-5)
    worst = eraser.comprehensiveness(IMAGES, -parts, linear, shares=[0.5])
    assert (worst < lost).all()


@pytest.mark.parametrize("scaled", [True, False])
def test_infidelity_equals_captums(scaled):
    import torch
    from captum.metrics import infidelity

    changes = RANDOM.normal(0, 0.3, (20, 9, 8, 3)).astype("float32")
    maps = RANDOM.normal(size=IMAGES.shape)
    drawn = torch.tensor(changes).movedim(-1, 1).double()

    def perturb(inputs):
        change = drawn.repeat(len(IMAGES), 1, 1, 1)
        return change, inputs - change

    theirs = infidelity(
        lambda images: torch_model()(images)[:, 0],
        perturb,
        torch.tensor(IMAGES).movedim(-1, 1).double(),
        torch.tensor(maps).movedim(-1, 1).double(),
        n_perturb_samples=20,
        normalize=scaled,
    )
    ours = faithfulness.infidelity(IMAGES, maps, scorer, how=changes, scaled=scaled)
    np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-4)


@pytest.mark.parametrize("how", ["noise", "squares"])
def test_the_gradient_of_a_linear_model_has_no_infidelity(how):
    exact = np.broadcast_to(WEIGHTS, IMAGES.shape)
    true = faithfulness.infidelity(IMAGES, exact, linear, how=how, samples=10, side=4)
    np.testing.assert_allclose(true, 0, atol=1e-6)
    wrong = faithfulness.infidelity(IMAGES, 2 * exact, linear, how=how, samples=10, side=4)
    assert (wrong > 1e-3).all()
    scaled = faithfulness.infidelity(
        IMAGES, 2 * exact, linear, how=how, samples=10, side=4, scaled=True
    )
    np.testing.assert_allclose(scaled, 0, atol=1e-6)


def test_sensitivity_equals_captums():
    import torch
    from captum.metrics import sensitivity_max

    seen = []

    def spy(images):
        seen.append(images.copy())
        return explain(images)

    ours = robustness.max_sensitivity(IMAGES, spy, 0.3, samples=6)
    drawn = torch.tensor(seen[1]).movedim(-1, 1)

    def perturb(inputs):
        return drawn.double()

    def function(inputs):
        tensor = inputs[0] if isinstance(inputs, tuple) else inputs
        return (torch.tensor(explain(tensor.movedim(1, -1).numpy())),)

    given = torch.tensor(IMAGES).movedim(-1, 1).double()
    theirs = sensitivity_max(function, given, perturb, n_perturb_samples=6)
    np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-4)
    assert np.abs(seen[1] - IMAGES.repeat(6, axis=0)).max() <= 0.3 + 1e-6
    mean = robustness.average_sensitivity(IMAGES, explain, 0.3, samples=6)
    assert (mean < ours).all()


def test_maps_that_do_not_move_are_not_sensitive():
    still = robustness.max_sensitivity(IMAGES, lambda images, which: MAPS[which], 0.5)
    np.testing.assert_array_equal(still, 0)
    assert (robustness.max_sensitivity(IMAGES, explain, 0.5) > 0).all()
    nothing = robustness.max_sensitivity(IMAGES, lambda images: 0 * images[..., 0], 0.5)
    assert np.isnan(nothing).all()
    shift = robustness.sensitivities(IMAGES, lambda x: x[..., 0], 0.5, samples=3, relative=False)
    assert (shift <= 0.5 * np.sqrt(72)).all()


def test_flips_of_what_sees_no_sides():
    values = lambda images: images.sum(axis=-1)  # noqa: E731
    for axis in ("width", "height"):
        np.testing.assert_allclose(robustness.flip_consistency(IMAGES, values, axis=axis), 1)
    one_sided = robustness.flip_consistency(IMAGES, explain)
    assert (one_sided < 0.9).all()


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: faithfulness.infidelity(IMAGES, MAPS[:2], scorer), "the images' shape"),
        (lambda: faithfulness.infidelity(IMAGES, MAPS, scorer, how="dots"), "how is one of"),
        (
            lambda: faithfulness.infidelity(IMAGES, MAPS, scorer, how=MAPS),
            "changes have shape",
        ),
        (lambda: robustness.max_sensitivity(IMAGES, explain, -1), "radius"),
        (lambda: robustness.max_sensitivity(IMAGES, scorer, 1), "one map for each image"),
        (lambda: robustness.flip_consistency(IMAGES, explain, axis="depth"), "axis is one of"),
        (lambda: eraser.sufficiency(IMAGES, MAPS, scorer, shares=[2]), "in 0..1"),
    ],
)
def test_wrong_arguments_are_told(call, error):
    with pytest.raises(errors.OptionError, match=error):
        call()
