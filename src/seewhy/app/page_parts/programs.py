"""What programs may ask of a running app, by HTTP or as a tool of an MCP client."""

from __future__ import annotations

from typing import Any

from seewhy.app.answers import Answers
from seewhy.app.asked import Asked, Choices
from seewhy.app.page_parts.gradio_parts import MODEL, gradio, told
from seewhy.errors import OptionError
from seewhy.targets.labels import Label


def offer_to_programs(answers: Answers) -> None:
    """The endpoint `explain`: a photo and a question in, a picture and a record out."""
    gr = gradio()
    explaining = answers.explaining
    first = next(iter(explaining.models))

    def explain(
        photo: str | None, target: str, model: str, method: str, layer: str
    ) -> tuple[Any, dict[str, Any]]:
        """Explain which parts of a photo made a network decide as it did.

        Args:
            photo: The photo, a file.
            target: Index or name of a class; "top" for the class that the network decides for.
            model: Name of a model that the app offers; empty for its first.
            method: Name of a method, such as grad_cam; empty for that.
            layer: Path of the target layer; empty for the default.

        Returns:
            The photo under its map, and what was found: classes, score, warnings, the map itself.
        """
        if not photo:
            raise OptionError("give a photo.")
        choices = Choices(model or first, layer or None, method or "grad_cam")
        asked = _asked(answers, choices, target)
        explanation = explaining.explanation(photo, choices, asked)
        shown = answers.explained(photo, choices, asked, "clear")
        return shown.picture, explanation.as_dict() | {"command": shown.command}

    inputs = [
        gr.File(visible=False, label="photo"),
        gr.Textbox("top", visible=False, label="target"),
        gr.Textbox("", visible=False, label="model"),
        gr.Textbox("", visible=False, label="method"),
        gr.Textbox("", visible=False, label="layer"),
    ]
    outputs = [gr.Image(visible=False, format="png"), gr.JSON(visible=False)]
    ask = gr.Button(visible=False)
    ask.click(told(explain), inputs, outputs, api_name="explain", **MODEL)


def _asked(answers: Answers, choices: Choices, target: str) -> Asked:
    wanted = target.strip()
    if wanted.lower() in ("", "top"):
        return Asked()
    found = answers.explaining.model(choices.model).labels.find(wanted)
    if not isinstance(found, Label):
        raise OptionError(f"{wanted!r} are several classes: give the name or index of one.")
    return Asked(found.index)
