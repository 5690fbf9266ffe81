"""HTML pages made of templates; whatever is put into them is escaped."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment


def html_page(template: str, **values: Any) -> str:
    """A page in one text. template: file name in `templates`. values: what the template names."""
    return _environment().get_template(template).render(**values)


def data_address(content: bytes, kind: str) -> str:
    """A picture as an address that holds it. kind: such as "image/png"."""
    return f"data:{kind};base64,{b64encode(content).decode('ascii')}"


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("seewhy.render"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
