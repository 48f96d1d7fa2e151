r"""The words of a TOML text: patterns that match a key, a value, and what stands between them.

They are meant for text that `tomllib` accepts, with `\n` as line end, and check nothing.
"""

import re
import tomllib

BASIC = r'"(?:[^"\\\n]|\\.)*"'
LITERAL = r"'[^'\n]*'"
MANY_BASIC = r'"""(?:\\.|[^\\])*?"""(?:"{0,2})'
MANY_LITERAL = r"'''.*?'''(?:'{0,2})"
STRINGS = rf"{MANY_BASIC}|{MANY_LITERAL}|{BASIC}|{LITERAL}"

space = re.compile(r"[ \t]*").match
blank = re.compile(r"(?:[ \t\n]|\#[^\n]*)*").match
comment = re.compile(r"\#[^\n]*").match
key = re.compile(rf"[A-Za-z0-9_-]+|{BASIC}|{LITERAL}").match
scalar = re.compile(rf"{STRINGS}|[^,\]}}\#\n]+", re.DOTALL).match
silent = re.compile(rf"{STRINGS}|\#[^\n]*", re.DOTALL).sub
bare = re.compile(r"[A-Za-z0-9_-]+").fullmatch


def spelled(written: str) -> str:
    """The key that is meant by a bare or a quoted one; raises `ValueError` for a bad escape."""
    if written[0] not in "\"'":
        return written
    if "\\" not in written:
        return written[1:-1]
    return str(tomllib.loads(f"key = {written}")["key"])
