"""The settings of the reading site, for Sphinx. What it needs beside is in tools/reading_site."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools.reading_site import course

project = "Publish and subscribe in Python"
copyright = "The pubsub_lib authors"
author = "The pubsub_lib authors"
release = course.version()
language = "en"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "tools.reading_site.extension",
]
root_doc = "index"
exclude_patterns = ["conf.py"]
suppress_warnings = [
    "mystnb.unknown_mime_type",  # verdicts are data beside their table
    "ref.python",  # an attribute of two classes is named in the text of a third
]

# Notebooks: as they are saved, and with the anchors that JupyterLab gives to headings.
nb_execution_mode = "off"
nb_ipywidgets_js: dict[str, str] = {}  # they would come from another host
nb_render_markdown_format = "myst"
nb_merge_streams = True
myst_heading_anchors = 6
myst_heading_anchors_html_ids = True
myst_heading_slug_func = "tools.reading_site.anchors.anchor"
myst_enable_extensions = ["attrs_block"]

# The reference.
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_use_legacy_class_based = False
python_use_unqualified_type_names = True
default_role = "literal"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
toc_object_entries_show_parents = "hide"

# The page.
html_theme = "sphinx_book_theme"
html_title = project
html_favicon = "static/icon.svg"
html_context = {"default_mode": "auto"}
html_static_path = ["static"]
html_css_files = ["site.css", "icons.css"]  # icons.css is written by tools/reading_site/mends.py
html_js_files = [("site.js", {"defer": "defer"})]
html_extra_path = ["beside"]
html_copy_source = False
html_show_search_summary = False  # each result would load its page
html_show_sourcelink = False
html_theme_options = {
    "repository_url": course.repository(),
    "use_repository_button": True,
    "use_download_button": False,
    "show_navbar_depth": 1,
    "navbar_persistent": [],
}
