"""Pictures that a block of a gallery script ends with, as a notebook shows them."""

from __future__ import annotations

import ast
from typing import Any

from PIL import Image
from sphinx_gallery.scrapers import figure_rst


class PictureScraper:
    """Keeps the value of a block's last line, where that is a picture, as a PNG file."""

    def __repr__(self) -> str:
        return "PictureScraper"  # the same in every build, since Sphinx compares settings

    def __call__(self, block: Any, block_vars: dict[str, Any], gallery_conf: dict[str, Any]) -> str:
        """The lines of reStructuredText that show the picture; none where there is none.

        Sphinx-gallery leaves the value of the last expression as `___` among the script's names.
        """
        lines = ast.parse(block.content).body
        if not lines or not isinstance(lines[-1], ast.Expr):
            return ""  # the name may still have the value of an earlier block
        picture = block_vars["example_globals"].get("___")
        if not isinstance(picture, Image.Image):
            return ""
        path = next(block_vars["image_path_iterator"])
        picture.save(path)
        return figure_rst([path], gallery_conf["src_dir"])
