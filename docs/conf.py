"""How Sphinx makes the site of these pages: `make docs`."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tools")]
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from site_parts import every_method, plain_docstrings  # noqa: E402
from site_parts.picture_scraper import PictureScraper  # noqa: E402

import seewhy  # noqa: E402

project = "seewhy"
copyright = "the authors of seewhy, Apache-2.0"
version = release = seewhy.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = [
    *("_build", "templates", "gallery_scripts", "skill", "every_method/rows.md", "site_parts"),
    *("gallery/*.ipynb", "gallery/*.py"),
]
default_role = "code"
suppress_warnings = [
    "config.cache",  # the gallery's settings hold objects, which makes builds start afresh
]

myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence"]

autosummary_generate = True
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # they stand in the signatures
autodoc_default_options = {"members": True}
python_use_unqualified_type_names = True

sphinx_gallery_conf = {
    "examples_dirs": "gallery_scripts",
    "gallery_dirs": "gallery",
    "filename_pattern": "/plot_",
    "image_scrapers": (PictureScraper(), "matplotlib"),
    "capture_repr": ("_repr_html_",),
    "within_subsection_order": "FileNameSortKey",
    "reset_modules": (),
    "abort_on_example_error": False,
    "only_warn_on_example_error": False,
    "download_all_examples": False,
    "show_memory": False,
    "write_computation_times": False,  # that page would load scripts from elsewhere
    "thumbnail_size": (400, 280),
    "show_signature": False,
    "remove_config_comments": True,
    "nested_sections": False,
}

html_theme = "pydata_sphinx_theme"
html_title = "seewhy"
templates_path = ["templates"]
html_sidebars = {"**": ["all-pages"]}
html_static_path = ["static"]
html_css_files = ["site.css"]
html_extra_path = ["llms.txt", "skill"]
html_show_sourcelink = False
html_copy_source = True  # llms.txt names the pages as they are written
html_sourcelink_suffix = ""
html_theme_options = {
    "navigation_with_keys": False,
    "search_bar_text": "Search",
    "show_nav_level": 1,
    "navbar_center": [],  # the sidebar has all pages
    "secondary_sidebar_items": ["page-toc"],
    "footer_end": [],
    "search_as_you_type": False,
}

warnings.filterwarnings("ignore", category=seewhy.errors.SeewhyWarning)


def setup(app):
    """Docstrings are plain sentences: what Sphinx would read as markup is marked as text."""
    app.connect("autodoc-process-docstring", plain_docstrings.process)
    app.connect("builder-inited", every_method.write)
