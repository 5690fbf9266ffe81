"""The tab where two explanations of a photo stand side by side."""

from __future__ import annotations

from typing import Any

from seewhy.app.answers import Answers
from seewhy.app.asked import Asked, Choices
from seewhy.app.page_parts.explain_events import NO_PHOTO
from seewhy.app.page_parts.explain_parts import Session
from seewhy.app.page_parts.gradio_parts import MODEL, gradio, picture_part, told
from seewhy.errors import OptionError

KINDS = ("classes", "methods", "layers")


def draw_compare(answers: Answers, session: Session, first: Choices) -> None:
    """Two classes, methods or layers of the photo that is open in the first tab."""
    gr = gradio()
    gr.Markdown("Two maps of the photo that is open under *Explain*, all else as chosen there.")
    with gr.Row():
        kind = gr.Radio(list(KINDS), value="methods", label="Compare two", elem_id="kind")
        choices = _offered(answers, "methods", first)
        one = gr.Dropdown(choices, value=choices[0][1], label="the first", elem_id="one")
        two = gr.Dropdown(choices, value=choices[1][1], label="the second", elem_id="two")
    compare = gr.Button("Compare", variant="primary", elem_id="compare")
    with gr.Row():
        sides = [_side(gr, side) for side in ("first", "second")]

    def offer(kind: str, choices: Choices) -> Any:
        offered = _offered(answers, kind, choices)
        return [
            gr.Dropdown(choices=offered, value=offered[min(place, len(offered) - 1)][1])
            for place in (0, 1)
        ]

    how = {"api_visibility": "private", **MODEL}
    # another model has other classes and layers
    for event in (kind.input, session.choices.change):
        event(told(offer), [kind, session.choices], [one, two], **how)

    def work(photo: str | None, choices: Choices, asked: Asked, colormap: str, *rest: Any) -> Any:
        if photo is None:
            raise OptionError(NO_PHOTO)
        kind, *both = rest
        pairs = [_pair(kind, each, choices, asked) for each in both]
        found = answers.compared(photo, pairs, colormap)
        return [part for picture in found for part in picture]

    inputs = [*session.question, session.colormap, kind, one, two]
    outputs = [part for side in sides for part in side]
    compare.click(told(work), inputs, outputs, **how)


def _side(gr: Any, side: str) -> tuple[Any, Any]:
    with gr.Column(min_width=280):
        name, alt = f"{side}-map", f"the photo under its map, {side}"
        picture = picture_part(f"Map of the {side}", name, alt)
        return picture, gr.Textbox(show_label=False, lines=1, elem_id=f"{side}-words")


def _offered(answers: Answers, kind: str, choices: Choices) -> list[tuple[str, Any]]:
    """What can be compared, (as it is shown, value)."""
    explaining = answers.explaining
    if kind == "methods":
        return [(name, name) for name in explaining.methods]
    if kind == "layers":
        # the last layers are the ones that are usually asked
        return [*explaining.layers(choices.model)][::-1]
    return [("top class", -1), *explaining.classes(choices.model)]


def _pair(kind: str, value: Any, choices: Choices, asked: Asked) -> tuple[Choices, Asked]:
    if kind == "methods":
        return choices.changed(method=value), asked
    if kind == "layers":
        return choices.changed(layer=value), asked
    return choices, Asked(None if value is None or value < 0 else int(value))
