"""Configuration of the documentation: Sphinx, pages in Markdown."""

from motifmine.version import __version__

project = "motifmine"
author = "the motifmine developers"
copyright = author
release = version = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_click",
]
exclude_patterns = ["_build", "notebooks", "plugins"]
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence", "deflist"]

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
napoleon_google_docstring = False
# sections such as "Parameters" name types in words of the field ("float64 array (K,)")
napoleon_preprocess_types = False

html_theme = "furo"
html_title = f"motifmine {version}"
