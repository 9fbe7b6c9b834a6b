# SPDX-License-Identifier: Apache-2.0
"""The REST API: what is below /api/. openapi.py describes it."""

from __future__ import annotations

import csv
import errno
import io
import itertools
import json
import time
import urllib.parse
from collections.abc import Iterable, Iterator
from typing import Any

import openapi
from asking import Limits, Problem, checked_queries, checked_query, checked_settings, texts_of
from ngramfs import Mount, Query
from serving import Answer, Request

BATCHES = ("count", "df", "find")
LISTS = ("docs", "kwic", "lines", "grep", "next", "prev", "nextword", "prevword", "facet", "matches")
FORMATS = {"json": "application/json", "ndjson": "application/x-ndjson", "csv": "text/csv", "text": "text/plain"}

Row = dict[str, Any]


def plain(value: Any) -> Any:
    """A value as JSON has it; what isn't UTF-8 is shown as U+FFFD."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return value


def row(answer: Any) -> Row:
    fields = answer if isinstance(answer, dict) else answer._asdict()
    return {key: plain(value) for key, value in fields.items()}


def dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


class Parameters:
    """What stands behind the ?, each taken once; what nobody took is a setting of the mount."""

    def __init__(self, query: str):
        try:
            self.given = urllib.parse.parse_qs(query, keep_blank_values=True, errors="strict", max_num_fields=20000)
        except ValueError as error:
            raise Problem(400, f"the parameters can't be read: {error}") from None

    def all(self, name: str) -> list[str]:
        return self.given.pop(name, [])

    def one(self, name: str, otherwise: str = "") -> str:
        values = self.all(name) or [otherwise]
        if len(values) > 1:
            raise Problem(400, f"{name} is given more than once")
        return values[0]

    def number(self, name: str, otherwise: int, most: int, least: int = 0) -> int:
        text = self.one(name, str(otherwise))
        if not (text.isascii() and text.isdigit() and len(text) < 19 and least <= int(text) <= most):
            raise Problem(400, f"{name} is a number from {least} to {most}")
        return int(text)


class Rest:
    def __init__(self, indexes: dict[str, Mount], limits: Limits):
        self.indexes = indexes
        self.limits = limits
        self.description = dump(openapi.describe(list(indexes), limits)).encode()
        self.page = openapi.page(list(indexes), limits).encode()

    def answer(self, request: Request) -> Answer:
        parts = request.path.split("/")[2:]
        if parts == [""]:
            return Answer(200, self.page, "text/html")
        if parts == ["openapi.json"]:
            return Answer(200, self.description)
        if parts == ["indexes"]:
            return Answer(200, dump([{"name": name, **mount.stats()} for name, mount in self.indexes.items()]).encode())
        try:
            name, kind, *rest = [urllib.parse.unquote(part, errors="strict") for part in parts]
            mount = self.indexes[name]
        except (KeyError, ValueError):
            raise Problem(404, "there is no such index, or nothing of it is named; see /api/") from None
        parameters = Parameters(request.query)
        if kind in BATCHES and not rest:
            return self.batch(mount, kind, request, parameters)
        if kind == "trace" and not rest:
            return self.trace(mount, request, parameters)
        if request.method == "POST":
            raise Problem(405, f"{kind} is asked by GET")
        if kind == "stats" and not rest:
            return Answer(200, dump(mount.stats()).encode())
        if kind in LISTS and len(rest) == (kind == "facet"):
            return self.listed(mount, kind, rest, request, parameters)
        if kind in ("doc", "meta") and len(rest) == 1:
            return self.document(mount, kind, rest[0], parameters)
        raise Problem(404, "there is no such thing; see /api/")

    # ---- lists of queries ----

    def batch(self, mount: Mount, kind: str, request: Request, parameters: Parameters) -> Answer:
        form = self.form_of(request, parameters)
        asked, settings = self.queries(request, parameters)
        begun = time.perf_counter()
        answers = [answer for _, answer in mount.batch(asked, kind, **settings)]
        took = (time.perf_counter() - begun) * 1000
        if form == "json":
            name = "counts" if kind == "count" else kind
            return Answer(200, f'{{"{name}": {dump(answers)}, "latency": {took:.3f}}}'.encode())
        if form == "text":
            lines = (f"{answer if kind != 'find' else dump(answer)}\t{escaped(query)}\n" for query, answer in zip(asked, answers))
            return Answer(200, "".join(lines).encode(), FORMATS[form])
        return self.written(form, ({"query": plain(query), kind: answer} for query, answer in zip(asked, answers)))

    def queries(self, request: Request, parameters: Parameters) -> tuple[list[bytes], dict[str, Any]]:
        """The queries of a request, and its settings: q=, once or several times, or a body of JSON, or of
        text, a query a line."""
        texts: Any = parameters.all("q")
        settings = checked_settings(parameters.given)
        if request.method == "POST":
            if texts:
                raise Problem(400, "queries are in the body, or q, and not both")
            if request.headers.get("content-type", "").partition(";")[0].strip() == "text/plain":
                texts = decoded(request.body).split("\n")
                if texts[-1] == "":
                    texts.pop()
            else:
                given = body_of(request)
                texts = given.pop("queries", None)
                if not isinstance(texts, list):
                    raise Problem(400, "queries is a list of strings")
                settings.update(checked_settings({key: texts_of(key, value) for key, value in given.items()}))
        elif not texts:
            raise Problem(400, "give q, once or several times, or a list in the body of a POST")
        if len(texts) > self.limits.queries:
            raise Problem(413, f"a request has {self.limits.queries:,} queries at most")
        return checked_queries(texts, self.limits), settings

    # ---- long answers, a page at a time ----

    def listed(self, mount: Mount, kind: str, rest: list[str], request: Request, parameters: Parameters) -> Answer:
        form = self.form_of(request, parameters)
        first = parameters.number("first", 0, self.limits.first)
        n = parameters.number("n", 100, self.limits.rows, 1)
        text = parameters.one("q")
        settings = checked_settings(parameters.given)
        query: Query | None = checked_query(text, self.limits) if text or kind != "facet" else None
        begun = time.perf_counter()
        answers: Iterable[Any]
        if kind == "facet":
            answers = mount.facet(rest[0], query, **settings)
        elif kind == "matches":
            answers = mount.matches(query or b"", first, **settings)
        elif kind == "docs":
            answers = ({"document": found.id} for found in mount.docs(query or b"", **settings))
        else:
            answers = getattr(mount, kind)(query, **settings)
        passed = 0 if kind == "matches" else first
        try:
            rows = [row(answer) for answer in itertools.islice(answers, passed, passed + n + 1)]
        except OSError as error:
            if kind == "grep" and error.errno == errno.EINVAL:
                raise Problem(400, "that is no regular expression") from None
            raise
        took = (time.perf_counter() - begun) * 1000
        following = None
        if len(rows) > n:
            rows.pop()
            if first + n <= self.limits.first:
                following = self.following(request, first + n)
        return self.written(form, rows, following, {"first": first, "latency": round(took, 3)})

    @staticmethod
    def following(request: Request, first: int) -> str:
        kept = [part for part in request.query.split("&") if part and not part.startswith("first=")]
        return f"{request.path}?{'&'.join([*kept, f'first={first}'])}"

    def written(self, form: str, rows: Iterable[Row], following: str | None = None, about: Row | None = None) -> Answer:
        """Rows in the format that was asked for. Where there are more than those, it says so, and where
        they are: but for CSV in the body, too."""
        headers = (("Link", f'<{following}>; rel="next"'),) if following else ()
        rows = list(rows)
        if form == "json":
            text = dump({"rows": rows, "next": following, **(about or {})})
        elif form == "ndjson":
            text = "".join(f"{dump(found)}\n" for found in rows) + (f"{dump({'next': following})}\n" if following else "")
        elif form == "csv":
            out = io.StringIO()
            writer = csv.writer(out)
            if rows:
                writer.writerow(rows[0])
            writer.writerows([value if not isinstance(value, (dict, list)) else dump(value) for value in found.values()]
                             for found in rows)
            text = out.getvalue()
        else:
            text = "".join("\t".join(map(escaped, found.values())) + "\n" for found in rows)
            text += f"# next: {following}\n" if following else ""
        content = text.encode()
        if len(content) > self.limits.answer_bytes:
            raise Problem(413, f"the answer has more than {self.limits.answer_bytes:,} bytes: ask for fewer rows, by n")
        return Answer(200, content, FORMATS[form], headers)

    @staticmethod
    def form_of(request: Request, parameters: Parameters) -> str:
        wanted = parameters.one("format")
        if wanted and wanted not in FORMATS:
            raise Problem(400, f"format is one of {', '.join(FORMATS)}")
        accept = request.headers.get("accept", "")
        return wanted or next((form for form, kind in FORMATS.items() if kind in accept), "json")

    # ---- a text's stretches, documents ----

    def trace(self, mount: Mount, request: Request, parameters: Parameters) -> Answer:
        form = self.form_of(request, parameters)
        settings = checked_settings(parameters.given)
        if request.method != "POST":
            raise Problem(405, "trace takes a text, by POST")
        text = request.body
        if request.headers.get("content-type", "").partition(";")[0].strip() == "application/json":
            given = body_of(request)
            found = given.pop("text", None)
            if not isinstance(found, str) or given:
                raise Problem(400, "text is a string, and there is nothing else")
            text = found.encode("utf-8", "surrogatepass")
        if not decoded(text):
            raise Problem(400, "the text is empty")
        begun = time.perf_counter()
        rows = [row(stretch) for stretch in itertools.islice(mount.trace(text, **settings), self.limits.rows + 1)]
        took = (time.perf_counter() - begun) * 1000
        if len(rows) > self.limits.rows:
            raise Problem(413, f"there are more than {self.limits.rows:,} stretches: ask for longer ones, by min, or a part of the text")
        return self.written(form, rows, None, {"latency": round(took, 3)})

    def document(self, mount: Mount, kind: str, text: str, parameters: Parameters) -> Answer:
        if not (text.isascii() and text.isdigit() and len(text) < 19):
            raise Problem(404, "a document has a number")
        if kind == "meta":
            if parameters.given:
                raise Problem(400, "meta takes no parameters")
            return Answer(200, dump(mount.meta(int(text))).encode())
        first = parameters.number("first", 0, 1 << 50)
        n = parameters.number("n", self.limits.answer_bytes, self.limits.answer_bytes, 1)
        if parameters.given:
            raise Problem(400, "doc takes first and n, in bytes")
        content = mount.text(int(text), first, n + 1)
        headers = ()
        if len(content) > n:
            content = content[:n]
            headers = (("Link", f'<{text}?first={first + n}&n={n}>; rel="next"'),)
        return Answer(200, content, FORMATS["text"], headers)


def body_of(request: Request) -> dict[str, Any]:
    try:
        given = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise Problem(400, f"this is not JSON: {error}") from None
    if not isinstance(given, dict):
        raise Problem(400, "the body is an object")
    return given


def decoded(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise Problem(400, f"this is not UTF-8: {error}") from None


def escaped(value: Any) -> str:
    """A value as a field of a line."""
    text = plain(value) if isinstance(value, (str, bytes)) else "" if value is None else dump(value)
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
