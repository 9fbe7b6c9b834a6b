# SPDX-License-Identifier: Apache-2.0
"""The indexes that are served, what may be asked of them at once, and what an error is to a client."""

from __future__ import annotations

import errno
import os
import sys
from typing import Any, NamedTuple

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "python"))

from ngramfs import Mount  # noqa: E402

# What a request may set, and how many values of it. scan=all is nothing for strangers.
SETTINGS = {"case": 1, "space": 1, "form": 1, "word": 1, "order": 1, "seed": 1, "context": 1,
            "min": 1, "max": 1, "atleast": 1, "docs": 1, "where": 8}

STATUS = {errno.ENOENT: 404, errno.ENOTDIR: 404, errno.EINVAL: 400, errno.ENAMETOOLONG: 414, errno.EOVERFLOW: 422,
          errno.E2BIG: 422, errno.EFBIG: 422, errno.EOPNOTSUPP: 422}
MEANING = {errno.ENOENT: "there is no such thing, or no such setting", errno.EINVAL: "the mount takes no such question",
           errno.ENAMETOOLONG: "the query is too long for this", errno.EOVERFLOW: "too many spellings, or too much to look at",
           errno.E2BIG: "too many spellings", errno.EFBIG: "too many values"}


class Limits(NamedTuple):
    """What one request may ask for."""
    query_bytes: int = 16 << 10
    queries: int = 10000
    body_bytes: int = 1 << 20
    rows: int = 1000
    first: int = 100000
    context: int = 10000
    answer_bytes: int = 4 << 20


class Problem(Exception):
    """An answer that is an error: a status of HTTP and what to say."""

    def __init__(self, status: int, what: str):
        super().__init__(what)
        self.status = status


def problem(error: Exception) -> Problem:
    """What an error of the mount is to a client: nothing of the server's paths."""
    if isinstance(error, OSError):
        code = error.errno or 0
        return Problem(STATUS.get(code, 500), MEANING.get(code, os.strerror(code) if code else "no answer"))
    if isinstance(error, ValueError):
        text = str(error)
        return Problem(422 if "too many spellings" in text else 400, text.partition(": b'")[0])
    return Problem(500, "no answer")


def indexes_of(mount: str) -> dict[str, Mount]:
    """The indexes of a mount by their names: those in it, or itself. A single one is named by the index that
    is mounted there."""
    if os.path.exists(os.path.join(mount, "stats")):
        return {_source(mount): Mount(mount)}
    names = sorted(name for name in os.listdir(mount) if os.path.exists(os.path.join(mount, name, "stats")))
    if not names:
        raise FileNotFoundError(errno.ENOENT, "no mount of an index", mount)
    return {name: Mount(os.path.join(mount, name)) for name in names}


def _source(mount: str) -> str:
    """The name of what is mounted at a directory, without .ngram; the directory's if that isn't known."""
    path = os.path.realpath(mount)
    found = os.path.basename(path)
    with open("/proc/self/mounts", encoding="utf-8", errors="surrogateescape") as mounts:
        for line in mounts:
            source, where, kind, *_ = line.split(" ")
            if kind == "fuse.ngramfs" and _plain(where) == path:
                found = os.path.basename(_plain(source).rstrip("/")).removesuffix(".ngram") or found
    return found


def _plain(text: str) -> str:
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(code, character)
    return text


def checked_query(query: Any, limits: Limits) -> bytes:
    if not isinstance(query, str):
        raise Problem(400, "a query is a string")
    try:
        data = query.encode()
    except UnicodeEncodeError:
        raise Problem(400, "half of a surrogate pair") from None
    if not data:
        raise Problem(400, "the query is empty")
    if len(data) > limits.query_bytes:
        raise Problem(413, f"a query has {limits.query_bytes:,} bytes at most")
    return data


def checked_queries(queries: list[Any], limits: Limits) -> list[bytes]:
    """The same of many, looked at one by one only if one of them is wrong."""
    try:
        data = [query.encode() for query in queries]
        if not data or 0 < min(map(len, data)) <= max(map(len, data)) <= limits.query_bytes:
            return data
    except (AttributeError, UnicodeEncodeError):
        pass
    return [checked_query(query, limits) for query in queries]


def texts_of(key: str, value: Any) -> list[str]:
    """What JSON has for a setting, as it stands in a URL."""
    values = value if isinstance(value, list) else [value]
    if not values or not all(isinstance(one, (str, int)) for one in values):
        raise Problem(400, f"{key} is a string, a whole number, true or false")
    return [("yes" if one else "no") if isinstance(one, bool) else str(one) for one in values]


def checked_settings(given: dict[str, list[str]]) -> dict[str, Any]:
    """The settings of a request, as ngramfs.py takes them; what is another parameter is refused."""
    settings: dict[str, Any] = {}
    for key, values in given.items():
        if key not in SETTINGS:
            raise Problem(400, f"no such parameter: {key}")
        if len(values) > SETTINGS[key]:
            raise Problem(400, f"{key} is given too often")
        settings[key] = values if SETTINGS[key] > 1 else values[0]
    return settings
