# SPDX-License-Identifier: Apache-2.0
"""POST / as the API of infini-gram mini answers it: count, find and get_doc_by_rank, and beside these
search_docs, prob, ntd, infgram_prob and infgram_ntd of infini-gram's, with characters for tokens.

    {"index": "pile", "query_type": "count", "query": "natural language processing"}
    {"count": 76, "approx": false, "latency": 0.21}

Of an error there is a field "error", which their clients look at first; its status is 400 for a request
that cannot be understood, and 200 for a value that is out of range, as there."""

from __future__ import annotations

import itertools
import json
import random
import time
from typing import Any

from asking import Limits, Problem, checked_query
from ngramfs import Mount

Result = dict[str, Any]

# Fields that say nothing here, and that their clients send.
PASSED_OVER = ("source", "timestamp", "engine")

MAXNUM = 10
SUPPORT = 1000


class Wrong(Exception):
    """A value that is out of range: {"error": ...}, with status 200."""


def integer(value: Any, name: str, low: int, high: int) -> int:
    if type(value) is not int or not low <= value <= high:
        raise Wrong(f"{name} must be an integer in [{low}, {high}]!")
    return value


class Answers:
    """The kinds of queries, a method each."""

    def __init__(self, limits: Limits):
        self.limits = limits
        self.dice = random.SystemRandom()
        self.kinds = {"count": self.count, "find": self.find, "get_doc_by_rank": self.get_doc_by_rank,
                      "search_docs": self.search_docs, "prob": self.prob, "ntd": self.ntd,
                      "infgram_prob": self.infgram_prob, "infgram_ntd": self.infgram_ntd}

    def answer(self, indexes: dict[str, Mount], body: bytes) -> tuple[int, Result]:
        """The status and the answer to a body of a request."""
        try:
            given = json.loads(body)
            if not isinstance(given, dict):
                raise ValueError("it must be an object")
        except (ValueError, RecursionError) as error:
            return 400, {"error": f"This is not JSON: {error}"}
        if "corpus" in given:
            given.setdefault("index", given.pop("corpus"))
        if "query_ids" in given:
            return 400, {"error": "There are no tokens here: give query, a string"}
        for name in ("query_type", "index", "query"):
            if name not in given:
                return 400, {"error": f"Missing required field: '{name}'"}
        kind, name, query = given.pop("query_type"), given.pop("index"), given.pop("query")
        if not isinstance(name, str) or name not in indexes:
            return 400, {"error": f"Invalid index: {name}"}
        if not isinstance(kind, str) or kind not in self.kinds:
            return 400, {"error": f"Invalid query_type: {kind}"}
        fields = {key: value for key, value in given.items() if key not in PASSED_OVER}
        if not isinstance(query, str):
            return 200, {"error": "query must be a string!"}
        begun = time.perf_counter()
        try:
            data = checked_query(query, self.limits) if query else b""
            result = self.kinds[kind](indexes[name], data, **fields)
        except Wrong as error:
            return 200, {"error": str(error)}
        except Problem as error:
            return 200 if error.status in (413, 414, 422) else error.status, {"error": str(error)}
        except TypeError:
            return 400, {"error": f"Fields that are missing or unknown for {kind}: {', '.join(fields) or 'none is given'}"}
        result["latency"] = (time.perf_counter() - begun) * 1000
        return 200, result

    # ---- infini-gram mini ----

    def count(self, mount: Mount, query: bytes, max_clause_freq: Any = None, max_diff_tokens: Any = None) -> Result:
        del max_clause_freq, max_diff_tokens  # they bound an estimate; this is none
        return {"count": mount.count(query) if query else mount.stats()["text_bytes"], "approx": False}

    def find(self, mount: Mount, query: bytes) -> Result:
        return mount.find(self._some(query))

    def get_doc_by_rank(self, mount: Mount, query: bytes, s: Any, rank: Any, max_ctx_len: Any = 1000) -> Result:
        context = integer(max_ctx_len, "max_ctx_len", 0, self.limits.context)
        segments = mount.find(self._some(query))["segment_by_shard"]
        shard = integer(s, "s", 0, len(segments) - 1)
        low, high = segments[shard]
        if low == high:
            raise Wrong(f"There is no occurrence in shard {shard}!")
        integer(rank, "rank", low, high - 1)
        number = sum(high - low for low, high in segments[:shard]) + rank - low
        return self._document(mount, query, number, context)

    def _document(self, mount: Mount, query: bytes, number: int, context: int) -> Result:
        """The document of an occurrence, by its number in the order of the index, and the text around it."""
        match = next(iter(mount.matches(query, first=number)))
        offset = match["offset"]
        begin = max(0, offset - context)
        text = mount.text(match["document"], begin, offset - begin + len(query) + context)
        # It is cut between characters.
        whole = text
        while begin and text[:1] and 0x80 <= text[0] < 0xc0 and len(whole) - len(text) < 3:
            text = text[1:]
        begin += len(whole) - len(text)
        decoded = text.decode("utf-8", "ignore" if begin + len(text) < match["doc_len"] else "replace")
        return {"doc_ix": match["document"], "doc_len": match["doc_len"], "disp_len": len(decoded.encode()),
                "needle_offset": offset - begin, "metadata": json.dumps(match["metadata"], ensure_ascii=False),
                "text": decoded, "spans": spans(decoded, query.decode())}

    @staticmethod
    def _some(query: bytes) -> bytes:
        if not query:
            raise Wrong("Please provide a non-empty query!")
        return query

    # ---- infini-gram ----

    def search_docs(self, mount: Mount, query: bytes, maxnum: Any = 1, max_disp_len: Any = 1000) -> Result:
        most = integer(maxnum, "maxnum", 1, MAXNUM)
        length = integer(max_disp_len, "max_disp_len", 1, self.limits.context)
        n = mount.count(self._some(query))
        numbers = sorted(self.dice.sample(range(n), min(n, most)))
        documents = [self._document(mount, query, number, max(0, length - len(query)) // 2) for number in numbers]
        said = f"{n} occurrences found. Displaying the documents of occurrences #{numbers}" if n else "0 occurrences found"
        return {"cnt": n, "approx": False, "idxs": numbers, "documents": documents, "message": said}

    def prob(self, mount: Mount, query: bytes) -> Result:
        """Of the last character after those before it."""
        text = self._some(query).decode()
        prompt, together = self._count(mount, text[:-1]), mount.count(query)
        return {"prompt_cnt": prompt, "cont_cnt": together, "prob": together / prompt if prompt else -1.0}

    def ntd(self, mount: Mount, query: bytes, max_support: Any = SUPPORT) -> Result:
        """What follows, character by character; never approximate."""
        integer(max_support, "max_support", 1, SUPPORT)
        followers = {c.character: {"token": c.character, "prob": c.probability, "cont_cnt": c.count}
                     for c in mount.next(self._some(query))}
        return {"prompt_cnt": mount.count(query), "result_by_token_id": followers, "approx": False}

    def infgram_prob(self, mount: Mount, query: bytes) -> Result:
        text = self._some(query).decode()
        suffix = self._suffix(mount, text[:-1])
        return {**self.prob(mount, (suffix + text[-1]).encode()), "suffix_len": len(suffix), "longest_suffix": suffix}

    def infgram_ntd(self, mount: Mount, query: bytes, max_support: Any = SUPPORT) -> Result:
        suffix = self._suffix(mount, self._some(query).decode())
        if not suffix:
            raise Wrong("Not even the last character of the query occurs!")
        return {**self.ntd(mount, suffix.encode(), max_support), "suffix_len": len(suffix), "longest_suffix": suffix}

    @staticmethod
    def _count(mount: Mount, text: str) -> int:
        return mount.count(text) if text else mount.stats()["text_bytes"]

    @staticmethod
    def _suffix(mount: Mount, text: str) -> str:
        """The longest suffix that occurs: by bisection, since a suffix of what occurs does."""
        good, bad = 0, len(text) + 1
        while bad - good > 1:
            middle = (good + bad) // 2
            if mount.count(text[-middle:]):
                good = middle
            else:
                bad = middle
        return text[len(text) - good:]


def spans(text: str, query: str) -> list[tuple[str, str | None]]:
    """The text in pieces, in order: what is the query, with "0", and what isn't, with nothing."""
    between = [(piece, None) for piece in text.split(query)]
    marked = itertools.chain.from_iterable((piece, (query, "0")) for piece in between)
    return [piece for piece in list(marked)[:-1] if piece[0]]
