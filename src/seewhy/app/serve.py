"""The web app, served on this machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from seewhy.app.answers import Answers
from seewhy.app.app_options import AppOptions
from seewhy.app.explaining import Explaining
from seewhy.app.offered_models import offered_models
from seewhy.app.page_parts.build_page import beside_of, build_page
from seewhy.app.page_parts.gradio_parts import gradio
from seewhy.errors import OptionError

STYLE = Path(__file__).parent / "style.css"
_ENVIRONMENT = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
}
FONTS = ("system-ui", "sans-serif")
MONOSPACE = ("ui-monospace", "monospace")


@contextmanager
def served(options: AppOptions) -> Iterator[str]:
    """The address of the app, which runs until the block ends; its files are removed then.

    Raises SeewhyError for models, stores and audits that there are not, DependencyError without
    Gradio, OptionError where the port is taken.
    """
    models = offered_models(options.models)
    beside = beside_of(options)
    folder = Path(mkdtemp(prefix="seewhy-app-"))
    page = None
    try:
        with _environment(_ENVIRONMENT | {"GRADIO_TEMP_DIR": str(folder)}):
            gr = gradio()
            page = build_page(
                Answers(Explaining(models, options.settings), folder), options, beside
            )
            yield _launched(gr, page, options)
    finally:
        if page is not None:
            page.close(verbose=False)
        shutil.rmtree(folder, ignore_errors=True)


def _launched(gr: Any, page: Any, options: AppOptions) -> str:
    theme = gr.themes.Default(font=FONTS, font_mono=MONOSPACE)
    try:
        _, address, _ = page.launch(
            server_name=options.host,
            server_port=options.port,
            share=False,
            inbrowser=False,
            quiet=True,
            prevent_thread_lock=True,
            allowed_paths=[],
            max_file_size=f"{options.most_megabytes}mb",
            footer_links=["api"] if options.mcp else [],
            mcp_server=options.mcp,
            ssr_mode=False,
            pwa=False,
            enable_monitoring=False,
            theme=theme,
            css_paths=[STYLE],
        )
    except OSError as error:
        raise OptionError(
            f"the app cannot be served at {options.host}:{options.port} ({error}). Give another "
            f"port with --port."
        ) from error
    return str(address)


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
