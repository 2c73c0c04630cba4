"""The page's own script, and the policy that lets it run and nothing else."""

import base64
import hashlib

from motifmine.reporting.html import elements

FILES = ("data.js", "motion.js", "lanes.js", "drawing.js", "timeline.js", "panel.js", "main.js")
"""The script's parts in `templates/`, in order; one strict function holds them all."""


def page_script() -> str:
    """Return the script as it stands in the page."""
    parts = "\n".join(elements.source(file) for file in FILES)
    return f'(() => {{\n"use strict";\n{parts}}})();\n'


def security_policy(script: str, *, with_media: bool) -> str:
    """Return a content security policy: this script, pictures in the page, no request.

    Parameters
    ----------
    script : str
        The text of the one script that may run, told by its SHA-256.
    with_media : bool
        Let the page play video files from the disk, or from the server that it comes from.
    """
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    media = "; media-src 'self' file:" if with_media else ""
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; img-src data:{media}; "
        "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    )
