"""The components of the page's main part: a photo, its classes, its map, and how it is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from seewhy.app.app_options import COLORMAPS
from seewhy.app.asked import Asked, Choices
from seewhy.app.explaining import Explaining
from seewhy.app.page_parts.gradio_parts import gradio, picture_part
from seewhy.app.words import scale_html

TOP = ("top class", -1)


@dataclass(frozen=True)
class Session:
    """What the page remembers of one visitor."""

    photo: Any
    """Path of the photo; None before there is one."""
    choices: Any
    """`Choices`."""
    asked: Any
    """`Asked`."""
    indices: Any
    """Of the classes that are listed."""
    options: Any
    """Of the method, by name, as they are written in its form."""
    colormap: Any

    @property
    def question(self) -> list[Any]:
        """What every answer depends on."""
        return [self.photo, self.choices, self.asked]


@dataclass(frozen=True)
class PhotoParts:
    """A photo, and where it comes from."""

    file: Any
    pick: Any
    shown: Any


@dataclass(frozen=True)
class MapParts:
    """The photo under its map."""

    map: Any
    scale: Any
    about: Any


@dataclass(frozen=True)
class ClassParts:
    """What is asked about a photo."""

    listed: Any
    target: Any
    there: Any
    across: Any
    down: Any
    ask_spot: Any
    why: Any
    rather: Any
    ask_why: Any


@dataclass(frozen=True)
class ResultParts:
    """What one can do with an explanation."""

    trust: Any
    verdict: Any
    prepare: Any
    png: Any
    json: Any
    command: Any


@dataclass(frozen=True)
class SettingParts:
    """How photos are explained."""

    model: Any
    layer: Any
    method: Any
    cost: Any
    scores: Any
    size: Any
    explain: Any


def draw_session(first: Choices, colormap: str) -> Session:
    """What is remembered, and the choice of colours, which stands above all tabs."""
    gr = gradio()
    names = list(dict.fromkeys((*COLORMAPS, colormap)))
    return Session(
        photo=gr.State(None),
        choices=gr.State(first),
        asked=gr.State(Asked()),
        indices=gr.State(()),
        options=gr.State({}),
        colormap=gr.Dropdown(names, value=colormap, label="Colours", elem_id="colormap", scale=0),
    )


def draw_photo(names: Sequence[str]) -> PhotoParts:
    """The photo, and where it comes from. names: photos that can be picked."""
    gr = gradio()
    file = gr.File(label="Drop a photo here, or click", height=110, elem_id="drop")
    pick = gr.Dropdown(
        [(name, k) for k, name in enumerate(names)],
        value=None,
        label="or pick one of the folder",
        visible=bool(names),
        elem_id="pick",
    )
    shown = gr.Image(
        label="Photo: point at a spot to see its classes",
        interactive=False,
        format="jpeg",
        buttons=[],
        elem_id="photo",
        alt_text="the photo",
    )
    return PhotoParts(file, pick, shown)


def draw_map(colormap: str) -> MapParts:
    """The photo under its map, and what it shows."""
    gr = gradio()
    map = picture_part("Map", "map", "the photo under its map")
    return MapParts(map, gr.HTML(scale_html(colormap)), gr.HTML(elem_id="about"))


def draw_classes(classes: Sequence[tuple[str, int]]) -> ClassParts:
    """classes: of the model, (as they are shown, index)."""
    gr = gradio()
    listed = gr.Label(label="Classes: click one for its map", elem_id="classes")
    target = gr.Dropdown([TOP, *classes], value=-1, label="Map of", elem_id="target")
    there = gr.Radio([], label="Classes seen at the spot", elem_id="there", visible=False)
    with gr.Accordion("A spot without a mouse", open=False):
        with gr.Row():
            across = gr.Number(50, label="from the left, %", minimum=0, maximum=100)
            down = gr.Number(50, label="from the top, %", minimum=0, maximum=100)
        ask_spot = gr.Button("What is seen there?", size="sm")
    with gr.Accordion("Why one class rather than another?", open=False):
        why = gr.Dropdown([TOP, *classes], value=-1, label="Why", elem_id="why")
        rather = gr.Dropdown(classes, value=None, label="rather than", elem_id="rather")
        ask_why = gr.Button("Show what speaks for the first, not the second", size="sm")
    return ClassParts(listed, target, there, across, down, ask_spot, why, rather, ask_why)


def draw_results() -> ResultParts:
    """Trust, files and the command."""
    gr = gradio()
    with gr.Row():
        trust = gr.Button("Can the map be trusted?", size="sm", elem_id="ask-trust")
        prepare = gr.Button("Files to download", size="sm", elem_id="prepare")
    verdict = gr.HTML(elem_id="trust")
    with gr.Row():
        png = gr.DownloadButton("Picture (PNG)", visible=False, size="sm", elem_id="png")
        json = gr.DownloadButton("Record (JSON)", visible=False, size="sm", elem_id="json")
    command = gr.Textbox(
        label="The command that makes the same",
        interactive=False,
        buttons=["copy"],
        lines=1,
        max_lines=4,
        elem_id="command",
    )
    return ResultParts(trust, verdict, prepare, png, json, command)


def draw_settings(explaining: Explaining, first: Choices, session: Session) -> SettingParts:
    """Model, layer, method with its options, scores and size."""
    gr = gradio()
    with gr.Accordion("Model, layer and method", open=False, elem_id="settings"):
        with gr.Row():
            model = gr.Dropdown(
                list(explaining.models), value=first.model, label="Model", elem_id="model"
            )
            layers = explaining.layers(first.model)
            layer = gr.Dropdown([("the default", ""), *layers], value="", label="Layer")
            method = gr.Dropdown(
                [(f"{name}: {each.use}", name) for name, each in explaining.methods.items()],
                value=first.method,
                label="Method",
                elem_id="method",
            )
        cost = gr.Textbox(cost_of(explaining, first.method), label="What it does", lines=1)
        _draw_options(explaining, method, session)
        with gr.Row():
            scores = gr.Radio(
                ["logits", "probabilities"], value="logits", label="What is differentiated"
            )
            size = gr.Number(
                0, label="Side of the network's input; 0: its own", precision=0, minimum=0
            )
        explain = gr.Button("Explain", variant="primary", elem_id="explain")
    return SettingParts(model, layer, method, cost, scores, size, explain)


def cost_of(explaining: Explaining, method: str) -> str:
    """What a method does, and what it costs."""
    found = explaining.methods[method]
    return f"{found.summary} Cost in forward passes: {found.cost}."


def _draw_options(explaining: Explaining, method: Any, session: Session) -> None:
    """A form of the method's options, drawn anew for each method."""
    gr = gradio()

    def form(name: str) -> None:
        with gr.Row():
            for option, default in explaining.methods[name].options.items():
                _draw_option(option, default, session)

    gr.render(inputs=[method])(form)


def _draw_option(name: str, default: Any, session: Session) -> None:
    gr = gradio()
    if isinstance(default, bool):
        field = gr.Checkbox(default, label=name, interactive=True, elem_id=f"option-{name}")
    else:
        text = "" if default is None else str(default)
        field = gr.Textbox(
            text, label=name, max_lines=1, interactive=True, elem_id=f"option-{name}"
        )

    def changed(value: Any, options: dict[str, Any]) -> dict[str, Any]:
        return {**options, name: value}

    field.change(
        changed,
        [field, session.options],
        session.options,
        show_progress="hidden",
        api_visibility="private",
    )
