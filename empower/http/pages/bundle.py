"""The style, the script and the icon of the pages: our own, and nothing from elsewhere."""

import hashlib
from importlib.resources import files

KINDS = {
    "app.css": "text/css; charset=utf-8",
    "app.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
FILES = {name: files("empower.http.pages").joinpath(name).read_bytes() for name in KINDS}
VERSION = hashlib.sha256(b"".join(FILES.values())).hexdigest()[:12]
"""Part of their addresses, so that a browser may keep them for ever."""
