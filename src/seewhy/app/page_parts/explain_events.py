"""What happens at the page's main part when somebody drops, clicks and chooses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seewhy.app.answers import Answers, place_on
from seewhy.app.asked import Asked, Choices
from seewhy.app.page_parts.explain_parts import (
    TOP,
    ClassParts,
    MapParts,
    PhotoParts,
    ResultParts,
    Session,
    SettingParts,
    cost_of,
)
from seewhy.app.page_parts.gradio_parts import MODEL, gradio, told
from seewhy.app.words import scale_html
from seewhy.errors import OptionError

NO_PHOTO = "there is no photo yet: drop one, or pick one of the folder."


@dataclass(frozen=True)
class ExplainPage:
    """The components of the main part, and who answers."""

    answers: Answers
    picked: Sequence[Path]
    """Photos of the folder."""
    session: Session
    photo: PhotoParts
    map: MapParts
    classes: ClassParts
    results: ResultParts
    settings: SettingParts

    def connect(self) -> None:
        """Tell Gradio what to do at each event."""
        self._connect_photos()
        self._connect_classes()
        self._connect_spots()
        self._connect_settings()
        self._connect_results()

    def _on(self, event: Any, work: Callable[..., Any], inputs: Any, outputs: Any) -> Any:
        """At an event, do some work of the model, and show what is asked then."""
        done = event(told(work), inputs, outputs, api_visibility="private", **MODEL)
        shown = [self.map.map, self.map.about, self.classes.listed, self.session.indices]
        shown += [self.results.command, self.results.verdict, self.results.png, self.results.json]
        question = [*self.session.question, self.session.colormap]
        return done.success(told(self._show), question, shown, api_visibility="private", **MODEL)

    def _show(self, photo: str | None, choices: Choices, asked: Asked, colormap: str) -> Any:
        gr = gradio()
        hidden = gr.DownloadButton(visible=False)
        if photo is None:
            return None, "", None, (), "", "", hidden, hidden
        shown = self.answers.explained(photo, choices, asked, colormap)
        found = (shown.picture, shown.about, shown.classes, shown.indices, shown.command)
        return (*found, "", hidden, hidden)

    def _connect_photos(self) -> None:
        outputs = [self.session.photo, self.session.asked, self.photo.shown, self.classes.target]
        outputs.append(self.classes.there)

        def taken(path: str | None) -> Any:
            if path is None:
                return None, Asked(), None, -1, no_spot()
            return path, Asked(), self.answers.photo(path), -1, no_spot()

        def picked(number: int | None) -> Any:
            return taken(None if number is None else str(self.picked[int(number)]))

        self._on(self.photo.file.change, taken, [self.photo.file], outputs)
        self._on(self.photo.pick.input, picked, [self.photo.pick], outputs)

    def _connect_classes(self) -> None:
        gr, session, parts = gradio(), self.session, self.classes

        def listed(indices: Sequence[int], event: Any) -> Any:
            place = event.index
            index = int(indices[place]) if place is not None and place < len(indices) else -1
            return Asked(None if index < 0 else index), index

        # Gradio reads from the annotation that the event is wanted
        listed.__annotations__["event"] = gr.SelectData
        outputs = [session.asked, parts.target]
        self._on(parts.listed.select, listed, [session.indices], outputs)
        self._on(parts.target.input, _asked_class, [parts.target], [session.asked])

        def there(index: int | None) -> Any:
            return Asked(index), -1 if index is None else index

        self._on(parts.there.input, there, [parts.there], outputs)

        def why(photo: str | None, index: int, other: int | None) -> Asked:
            if photo is None:
                raise OptionError(NO_PHOTO)
            if other is None or other == index:
                raise OptionError("choose another class behind 'rather than'.")
            return Asked(None if index < 0 else index, other)

        inputs = [session.photo, parts.why, parts.rather]
        self._on(parts.ask_why.click, why, inputs, [session.asked])

    def _connect_spots(self) -> None:
        gr, parts, question = gradio(), self.classes, self.session.question

        def seen(
            photo: str | None, choices: Choices, asked: Asked, place: tuple[float, float]
        ) -> Any:
            if photo is None:
                raise OptionError(NO_PHOTO)
            found = self.answers.seen_at(photo, choices, asked, place)
            x, y = place
            label = f"Classes seen {x:.0%} from the left, {y:.0%} from the top"
            return gr.Radio(choices=found, value=None, visible=True, label=label)

        def pointed(picture: Any, photo: Any, choices: Any, asked: Any, event: Any) -> Any:
            return seen(photo, choices, asked, place_on(picture, event.index))

        pointed.__annotations__["event"] = gr.SelectData

        def written(across: float | None, down: float | None, *rest: Any) -> Any:
            if across is None or down is None:
                raise OptionError("give both numbers, in per cent.")
            photo, choices, asked = rest
            return seen(photo, choices, asked, (across / 100, down / 100))

        how = {"api_visibility": "private", "trigger_mode": "always_last", **MODEL}
        for picture in (self.photo.shown, self.map.map):
            picture.select(told(pointed), [picture, *question], parts.there, **how)
        inputs = [parts.across, parts.down, *question]
        parts.ask_spot.click(told(written), inputs, parts.there, **how)

    def _connect_settings(self) -> None:
        gr, session, parts = gradio(), self.session, self.settings
        explaining = self.answers.explaining

        # at once, and not with the button: the classes to choose from are of this model
        def model(name: str, choices: Choices) -> Any:
            classes = explaining.classes(name)
            layers = [("the default", ""), *explaining.layers(name)]
            with_top = gr.Dropdown(choices=[TOP, *classes], value=-1)
            rather = gr.Dropdown(choices=classes, value=None)
            layer = gr.Dropdown(choices=layers, value="")
            changed = choices.changed(model=name, layer=None)
            return layer, with_top, with_top, rather, no_spot(), Asked(), changed

        chosen = self.classes
        outputs = [parts.layer, chosen.target, chosen.why, chosen.rather, chosen.there]
        outputs += [session.asked, session.choices]
        self._on(parts.model.input, model, [parts.model, session.choices], outputs)

        def method(name: str) -> Any:
            return cost_of(explaining, name), {}

        outputs = [parts.cost, session.options]
        parts.method.change(method, parts.method, outputs, api_visibility="private")

        def choices(name: str, layer: str, method: str, scores: str, *rest: Any) -> Choices:
            size, options = rest
            asked = Choices(name, layer or None, method, (), scores, int(size) if size else None)
            return explaining.with_options(asked, options)

        inputs = [parts.model, parts.layer, parts.method, parts.scores, parts.size]
        self._on(parts.explain.click, choices, [*inputs, session.options], [session.choices])
        self._on(session.colormap.input, scale_html, [session.colormap], [self.map.scale])

    def _connect_results(self) -> None:
        gr, session, parts = gradio(), self.session, self.results
        how = {"api_visibility": "private", **MODEL}

        def trust(photo: str | None, choices: Choices, asked: Asked) -> str:
            if photo is None:
                raise OptionError(NO_PHOTO)
            return self.answers.trusted(photo, choices, asked)

        parts.trust.click(told(trust), session.question, parts.verdict, **how)

        def files(photo: str | None, choices: Choices, asked: Asked, colormap: str) -> Any:
            if photo is None:
                raise OptionError(NO_PHOTO)
            made = self.answers.files(photo, choices, asked, colormap)
            return [gr.DownloadButton(value=path, visible=True) for path in made]

        inputs, outputs = [*session.question, session.colormap], [parts.png, parts.json]
        parts.prepare.click(told(files), inputs, outputs, **how)


def no_spot() -> Any:
    """Nothing was pointed at."""
    return gradio().Radio(choices=[], value=None, visible=False)


def _asked_class(index: int) -> Asked:
    return Asked(None if index is None or index < 0 else index)
