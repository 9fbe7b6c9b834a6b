# SPDX-License-Identifier: Apache-2.0
"""What the API takes and gives: as OpenAPI, and as a page."""

from __future__ import annotations

import html
from typing import Any

from asking import Limits

FOLDING = [("case", "fold: upper and lower case are the same"), ("space", "fold: white space is, however much"),
           ("form", "fold: typographic variants are"), ("word", "yes: whole words"),
           ("where", "FIELD:VALUE, documents that count; may be given several times")]
SHAPE = [("order", "random"), ("seed", "the same, the same order"), ("context", "bytes of text on either side")]
PAGE = [("first", "rows to pass over"), ("n", "rows at most, 100 otherwise")]
FORMAT = [("format", "json, ndjson, csv or text; or by Accept")]
QUERY = [("q", "the query, as any text is written in a URL")]

# Path, methods, what it is, parameters, what is in the body.
ENDPOINTS: list[tuple[str, str, str, list[tuple[str, str]], str]] = [
    ("/", "post", "As the API of infini-gram mini: index, query_type and query", [],
     '{"index": "INDEX", "query_type": "count", "query": "of the"}'),
    ("/api/indexes", "get", "The indexes, in figures", [], ""),
    ("/api/{index}/count", "get post", "How often each query occurs", QUERY + FOLDING + FORMAT, '{"queries": ["of", "the"], "case": "fold"}'),
    ("/api/{index}/df", "get post", "In how many documents each does", QUERY + FOLDING + FORMAT, '{"queries": ["of", "the"]}'),
    ("/api/{index}/find", "get post", "Counts, and intervals of the suffix arrays", QUERY + FOLDING + FORMAT, '{"queries": ["of", "the"]}'),
    ("/api/{index}/docs", "get", "Documents that hold it", QUERY + FOLDING + PAGE + FORMAT, ""),
    ("/api/{index}/kwic", "get", "Occurrences, with the text around", QUERY + FOLDING + SHAPE + PAGE + FORMAT, ""),
    ("/api/{index}/matches", "get", "Occurrences, with metadata", QUERY + FOLDING + SHAPE + PAGE + FORMAT, ""),
    ("/api/{index}/lines", "get", "Lines that hold it", QUERY + FOLDING + PAGE + FORMAT, ""),
    ("/api/{index}/grep", "get", "Lines that a regular expression matches", QUERY + PAGE + FORMAT, ""),
    ("/api/{index}/next", "get", "Characters that follow; prev: that precede", QUERY + FOLDING + PAGE + FORMAT, ""),
    ("/api/{index}/prev", "get", "Characters that precede", QUERY + FOLDING + PAGE + FORMAT, ""),
    ("/api/{index}/nextword", "get", "Words that follow", QUERY + FOLDING + PAGE + FORMAT, ""),
    ("/api/{index}/prevword", "get", "Words that precede", QUERY + FOLDING + PAGE + FORMAT, ""),
    ("/api/{index}/facet/{field}", "get", "By the values of a field of the metadata; without q all documents",
     QUERY + FOLDING + PAGE + FORMAT, ""),
    ("/api/{index}/trace", "post", "The stretches of a text that occur: the body is text, or JSON", FOLDING[:4] + [
        ("min", "bytes of a stretch, at least"), ("atleast", "times that it occurs"), ("max", "and at most"),
        ("docs", "documents of each"), ("context", "bytes of text around it there")] + FORMAT,
     '{"text": "..."}'),
    ("/api/{index}/doc/{number}", "get", "A document's text", [("first", "bytes to pass over"), ("n", "bytes at most")], ""),
    ("/api/{index}/meta/{number}", "get", "A document's metadata", [], ""),
    ("/api/{index}/stats", "get", "The index in figures", [], ""),
]


def describe(indexes: list[str], limits: Limits) -> dict[str, Any]:
    """The description, in OpenAPI 3.0."""
    paths: dict[str, Any] = {}
    for path, methods, what, parameters, body in ENDPOINTS:
        there = [{"name": name, "in": "path", "required": True, "schema": {"type": "string", **({"enum": indexes} if name == "index" else {})}}
                 for name in ("index", "field", "number") if f"{{{name}}}" in path]
        for method in methods.split():
            behind = [{"name": name, "in": "query", "description": said, "schema": {"type": "string"}}
                      for name, said in parameters if method == "get" or name != "q"]
            operation = {"summary": what, "parameters": there + behind, "responses": {
                "200": {"description": "the answer", "content": {"application/json": {}}},
                "default": {"description": "an error", "content": {"application/json": {"schema": {
                    "type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}}}}}}
            if method == "post":
                operation["requestBody"] = {"required": True, "content": {"application/json": {
                    "schema": {"type": "object"}, "example": body}}}
            paths.setdefault(path, {})[method] = operation
    return {"openapi": "3.0.3", "info": {"title": "A text index", "version": "1", "description": said_limits(limits)}, "paths": paths}


def said_limits(limits: Limits) -> str:
    return (f"A query has {limits.query_bytes:,} bytes at most, a request {limits.queries:,} queries, a body "
            f"{limits.body_bytes:,} bytes, a page {limits.rows:,} rows, an answer {limits.answer_bytes:,} bytes. "
            "Whatever takes too long is given up (504), and whoever asks too often waits (429). An error is JSON: "
            '{"error": "..."}.')


STYLE = """:root { color-scheme: light dark; } body { margin: 0 auto; max-width: 60rem; padding: 1rem;
font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; } code, pre { font-size: .9rem; } pre { white-space: pre-wrap; }
h2 { margin: 1.5rem 0 .25rem; font-size: 1.1rem; } dl { display: grid; grid-template-columns: minmax(5rem, auto) 1fr; gap: 0 1rem; margin: 0; }
dd { margin: 0; }"""


def page(indexes: list[str], limits: Limits) -> str:
    """The same, to be read."""
    parts = []
    for path, methods, what, parameters, body in ENDPOINTS:
        names = "".join(f"<dt><code>{name}</code></dt><dd>{html.escape(said)}</dd>" for name, said in parameters)
        example = f"<pre>{html.escape(body)}</pre>" if body else ""
        parts.append(f"<h2><code>{methods.upper().replace(' ', ', ')} {html.escape(path)}</code></h2><p>{html.escape(what)}.</p>"
                     f"{example}<dl>{names}</dl>\n")
    return ('<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>A text index: its API</title>\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<style>{STYLE}</style></head><body>\n<h1>A text index: its API</h1>\n"
            f"<p>Indexes: {', '.join(f'<code>{html.escape(name)}</code>' for name in indexes)}. "
            f'For programs: <a href="openapi.json">openapi.json</a>. {html.escape(said_limits(limits))}</p>\n'
            f"{''.join(parts)}</body></html>\n")
