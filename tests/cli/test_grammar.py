"""How lists, methods and classes are written: the same in every command."""

from __future__ import annotations

import inspect

import pytest
import typer

from seewhy.cli import app
from seewhy.cli.arguments import grammar
from seewhy.errors import MethodError, OptionError, TargetError
from seewhy.targets.labels import Label, Labels

pytestmark = pytest.mark.framework_free

COMMANDS = {each.callback.__name__: each.callback for each in app.app.registered_commands}
WITHOUT_MODELS = {"models", "methods", "layers", "gallery", "card", "reproduce", "app"}
WITH_MODELS = sorted(set(COMMANDS) - WITHOUT_MODELS)
LABELS = Labels(
    tuple(Label(k, None, name) for k, name in enumerate(["crane", "crane, bird", 'a "b"', "c\\d"]))
)


@pytest.mark.parametrize(
    ("texts", "parts"),
    [
        (None, []),
        (["a,b", "c"], ["a", "b", "c"]),
        ([" a , b ,"], ["a", "b"]),
        (['"crane, bird",c'], ["crane, bird", "c"]),
        (["crane\\, bird,c"], ["crane, bird", "c"]),
        (["jack-o'-lantern,St. Bernard"], ["jack-o'-lantern", "St. Bernard"]),
        (["", " "], []),
    ],
)
def test_lists(texts, parts):
    assert grammar.split_list(texts) == parts


def test_a_class_torn_at_its_comma_is_told():
    with pytest.raises(TargetError, match="'crane, bird' has a comma in its name"):
        grammar.target_list(["crane, bird,crane"], LABELS)
    assert grammar.target_list(['"crane, bird",crane'], LABELS) == ["crane, bird", "crane"]
    assert grammar.target_list(["crane,0"], LABELS) == ["crane", "0"]


def test_classes_with_commas():
    assert grammar.target_list(["crane, bird"], LABELS) == ["crane, bird"]
    assert grammar.target_list(["crane,top"], LABELS) == ["crane", "top"]
    assert grammar.target_list(['"crane, bird",crane', "0"], LABELS) == [
        "crane, bird",
        "crane",
        "0",
    ]
    assert grammar.target_list(['a "b"', "c\\d"], LABELS) == ['a "b"', "c\\d"]
    assert grammar.one_target([], LABELS) == "top"
    assert grammar.one_target(["crane, bird"], LABELS) == "crane, bird"
    with pytest.raises(OptionError, match="got 2: crane, top"):
        grammar.one_target(["crane,top"], LABELS)


def test_one_method_with_its_options():
    assert grammar.method_with_options([], []) == ("grad_cam", {})
    written = grammar.method_with_options(["RISE:masks=30"], ["seed=2"])
    assert written == ("rise", {"masks": 30, "seed": 2})
    with pytest.raises(OptionError, match=r"one method; got 2: rise, cam.*compare"):
        grammar.method_with_options(["rise", "cam"], [])
    with pytest.raises(MethodError):
        grammar.method_with_options(["rise:steps=3"], [])


def test_layers_by_name_and_index():
    assert grammar.layer_list(["conv1,-1", "0"]) == ["conv1", -1, 0]


@pytest.mark.parametrize("name", WITH_MODELS)
def test_every_command_has_the_flags_that_it_can_use(name):
    parameters = inspect.signature(COMMANDS[name]).parameters
    flags = {"backend", "json", "batch_size"}
    if name != "demo":
        flags |= {"fit", "size", "labels"}
    if name != "evaluate":  # its only result is what it prints
        flags |= {"output", "quiet"}
    if name in ("explain", "compare", "debug", "diff"):
        flags |= {"look", "cells"}
    assert flags <= set(parameters)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_old_flags_are_never_shown(name):
    old = {"--sheet", "--methods", "--layers", "--targets", "--models", "--metrics"}
    for parameter in typer.main.get_command(app.app).commands[name].params:
        assert parameter.hidden or not old & set(parameter.opts)
        assert not any(",".join(parameter.opts).count(word) > 1 for word in ("target", "layer"))
