"""The page of the API, made of its OpenAPI document: calls first, then the shapes that they read and answer with."""

import json
import re
from collections.abc import Iterator
from html import escape
from shlex import quote
from typing import Any

from empower.http.docs_schema import fields, type_of, without_null

Document = dict[str, Any]

HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}: the API</title>
<link rel="stylesheet" href="/docs/style.css">
</head>
<body>
<header><h1>{title} <small>{version}</small></h1>
<p><a href="/openapi.json">openapi.json</a></p></header>
<main>
"""
FOOT = "</main>\n</body>\n</html>\n"


def page(document: Document, base: str) -> str:
    """The whole page; examples call `base`."""
    info = document["info"]
    parts = [HEAD.format(title=escape(info["title"]), version=escape(info["version"])), prose(info["description"])]
    parts.extend(_contents(document))
    for _tag, calls in _by_tag(document):
        parts.extend(_call(base, path, method, said) for path, method, said in calls)
    parts.append("<h2 id=shapes>Shapes</h2>\n")
    schemas = document["components"]["schemas"]
    parts.extend(_shape(name, schemas[name]) for name in sorted(schemas))
    return "".join([*parts, FOOT])


def prose(text: str) -> str:
    """Paragraphs, with what stands in backticks as code."""
    paragraphs = [re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(part.strip())) for part in text.split("\n\n")]
    return "".join(f"<p>{paragraph}</p>\n" for paragraph in paragraphs)


def _by_tag(document: Document) -> Iterator[tuple[dict[str, Any], list[tuple[str, str, dict[str, Any]]]]]:
    for tag in document["tags"]:
        yield (
            tag,
            [
                (path, method, said)
                for path, operations in document["paths"].items()
                for method, said in operations.items()
                if tag["name"] in said["tags"]
            ],
        )


def _contents(document: Document) -> Iterator[str]:
    yield "<nav><h2>Calls</h2>\n"
    for tag, calls in _by_tag(document):
        yield f"<h3>{escape(tag['description'])}</h3>\n<table>\n"
        for path, method, said in calls:
            link = f"<a href=#{said['operationId']}>{_called(method, path)}</a>"
            yield f"<tr><td>{link}</td><td>{escape(said['summary'])}</td></tr>\n"
        yield "</table>\n"
    yield "</nav>\n"


def _called(method: str, path: str) -> str:
    return f"<b class={method}>{method.upper()}</b> <code>{escape(path)}</code>"


def _call(base: str, path: str, method: str, said: dict[str, Any]) -> str:
    body = said.get("requestBody")
    parts = [
        f"<section id={said['operationId']}>\n<h2>{_called(method, path)}</h2>\n",
        f"<p class=summary>{escape(said['summary'])}</p>\n",
        prose(said.get("description", "")),
        _parameters(said.get("parameters", [])),
        "" if body is None else _body(body),
        _answers(said["responses"]),
        f"<h3>Try it</h3>\n<pre>{escape(curl(base, path, method, said))}</pre>\n</section>\n",
    ]
    return "".join(parts)


def _parameters(found: list[dict[str, Any]]) -> str:
    if not found:
        return ""
    rows = [
        f"<tr><td><code>{escape(one['name'])}</code></td><td>{one['in']}{', required' if one.get('required') else ''}"
        f"</td><td>{type_of(without_null(one['schema']))}</td><td>{_inline(one.get('description', ''))}</td></tr>\n"
        for one in found
    ]
    return f"<h3>Parameters</h3>\n<table>\n{''.join(rows)}</table>\n"


def _body(body: dict[str, Any]) -> str:
    needed = "" if body.get("required") else " (may be left out)"
    kinds = ", ".join(type_of(content["schema"]) for content in body["content"].values())
    return f"<h3>Body</h3>\n<p>{kinds}{needed}</p>\n"


def _answers(responses: dict[str, Any]) -> str:
    rows = []
    for status in sorted(responses):
        said = responses[status]
        kinds = ", ".join(
            type_of(content["schema"]) if "schema" in content else escape(kind)
            for kind, content in said.get("content", {}).items()
        )
        rows.append(f"<tr><td>{status}</td><td>{kinds}</td><td>{_inline(said['description'])}</td></tr>\n")
    return f"<h3>Answers</h3>\n<table>\n{''.join(rows)}</table>\n"


def _inline(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def curl(base: str, path: str, method: str, said: dict[str, Any]) -> str:
    """A call as one types it; a POSIX shell reads it as it stands."""
    parameters = said.get("parameters", [])
    asked = "&".join(
        f"{one['name']}={one['name'].upper()}" for one in parameters if one["in"] == "query" and one["required"]
    )
    lines = [f"curl {quote(base + path + ('?' + asked if asked else ''))}"]
    if said.get("security"):
        lines.append('-H "Authorization: Bearer $KEY"')
    needed = [one for one in parameters if one["in"] == "header" and one["required"]]
    lines += [f"-H {quote(one['name'] + ': ' + one['example'])}" for one in needed]
    body = said.get("requestBody")
    if body is not None:
        example = body["content"]["application/json"]["example"]
        lines += ["-H 'Content-Type: application/json'", f"-d {quote(json.dumps(example, ensure_ascii=False))}"]
    elif method == "post":
        lines.append("-X POST")
    return " \\\n  ".join(lines)


def _shape(name: str, schema: dict[str, Any]) -> str:
    rows = [
        f"<tr><td><code>{escape(field.name)}</code></td><td>{'required' if field.is_required else ''}</td>"
        f"<td>{field.kind}</td><td>{_inline(field.description)}</td></tr>\n"
        for field in fields(schema)
    ]
    table = f"<table>\n{''.join(rows)}</table>\n" if rows else ""
    return f"<section id=shape-{name}>\n<h3>{name}</h3>\n{prose(schema.get('description', ''))}{table}</section>\n"
