# SPDX-License-Identifier: Apache-2.0
"""What examples/api answers, beside what the text says.

api.py answers ADDRESS DIRECTORY    of an index of the texts in DIRECTORY, in several shards
api.py requests ADDRESS             requests that are odd, too large or wrong
api.py slow SOCKET                  questions that take too long
api.py nginx ADDRESS                two indexes, behind nginx
"""

import csv
import glob
import http.client
import io
import json
import os
import re
import socket
import sys
import urllib.parse

QUERIES = ["the", "a/b", "100%", "%41", ".", "..", " ", "x\ny", "\n", "tab\t", "\0", "中文", "ï", "😀", "nonesuch", "rare",
           ".gitignore", "+", "&q=", "alpha beta", '"', "\\"]


class Client:
    def __init__(self, address):
        self.connection = http.client.HTTPConnection(urllib.parse.urlsplit(address).netloc, timeout=120)

    def ask(self, path, body=None, method=None, **headers):
        """Status, headers and content."""
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            headers.setdefault("Content_Type", "application/json")
        self.connection.request(method or ("GET" if body is None else "POST"), path, body.encode() if isinstance(body, str) else body,
                                {name.replace("_", "-"): value for name, value in headers.items()})
        answer = self.connection.getresponse()
        return answer.status, answer.headers, answer.read()

    def json(self, path, body=None, want=200, **headers):
        status, headers, content = self.ask(path, body, **headers)
        assert status == want, (path, body, status, content[:300])
        assert headers.get_content_type() == "application/json", (path, headers)
        answer = json.loads(content)
        assert want == 200 or list(answer) == ["error"], answer
        return answer

    def infini(self, kind, query, want=200, **fields):
        answer = self.json("/", {"index": "corpus", "query_type": kind, "query": query, **fields}, want)
        assert "error" in answer or answer.pop("latency") >= 0, answer
        return answer


def quote(text):
    return urllib.parse.quote(text, safe="")


class Naive:
    def __init__(self, directory):
        self.texts = [open(path, "rb").read() for path in sorted(glob.glob(os.path.join(directory, "*.txt")))]
        assert len(self.texts) == 2500

    def places(self, query):
        found = re.compile(b"(?=" + re.escape(query.encode()) + b")")
        return [(d, m.start()) for d, text in enumerate(self.texts) for m in found.finditer(text)]

    def followers(self, query):
        counts = {}
        for d, at in self.places(query):
            after = self.texts[d][at + len(query.encode()):].decode("utf-8", "ignore")[:1]
            after = after or "$END"
            counts[after] = counts.get(after, 0) + 1
        return counts


def check_infini(client, naive):
    """As a client of infini-gram mini asks."""
    for query in QUERIES:
        places = naive.places(query)
        assert client.infini("count", query) == {"count": len(places), "approx": False}, query
        found = client.infini("find", query)
        segments = found["segment_by_shard"]
        assert found["cnt"] == len(places) == sum(high - low for low, high in segments) and len(segments) > 2, found
        shown = set()
        for shard, (low, high) in enumerate(segments):
            for rank in {*range(low, min(low + 3, high)), *range(max(low, high - 1), high)}:
                for context in (0, 7, 1000):
                    got = client.infini("get_doc_by_rank", query, s=shard, rank=rank, max_ctx_len=context)
                    check_document(naive, query, got, context)
                shown.add((got["doc_ix"], rank))
        assert len({rank for _, rank in shown}) >= min(len(places), 3)
    # All ranks lead to all places.
    segments = client.infini("find", "rare")["segment_by_shard"]
    got = [client.infini("get_doc_by_rank", "rare", s=s, rank=rank, max_ctx_len=5)
           for s, (low, high) in enumerate(segments) for rank in range(low, high)]
    assert sorted(document["doc_ix"] for document in got) == [d for d, _ in naive.places("rare")] and len(got) == 5
    assert client.infini("count", "") == {"count": sum(map(len, naive.texts)), "approx": False}
    assert "error" in client.infini("find", "")
    low, high = segments[0]
    for s, rank in ((0, high), (len(segments), low), (-1, low), ("0", low), (0, True), (0, None), (0, -1)):
        assert "error" in client.infini("get_doc_by_rank", "rare", s=s, rank=rank, max_ctx_len=5), (s, rank)
    assert "error" in client.infini("get_doc_by_rank", "rare", s=0, rank=low, max_ctx_len=10001)
    for kind in ("count", "find"):
        assert client.infini(kind, 7) == {"error": "query must be a string!"}


def check_document(naive, query, got, context):
    data = query.encode()
    text, shown = naive.texts[got["doc_ix"]], got["text"].encode()
    at = got["needle_offset"]
    assert got["doc_len"] == len(text) and got["disp_len"] == len(shown), got
    assert shown[at:at + len(data)] == data and at <= context and len(shown) - at - len(data) <= context, got
    # Cut between characters, so up to 3 bytes less.
    places = [p for d, p in naive.places(query) if d == got["doc_ix"] and text[p - at:p - at + len(shown)] == shown]
    assert any((at > context - 4 or at == p) and (len(shown) - at - len(data) > context - 4 or p - at + len(shown) == len(text))
               for p in places), (query, got)
    assert "".join(piece for piece, _ in got["spans"]) == got["text"]
    assert [piece for piece, label in got["spans"] if label == "0"] == [query] * got["text"].count(query)
    assert json.loads(got["metadata"])["metadata"]["id"] == got["doc_ix"]


def check_infini_gram(client, naive):
    """What infini-gram has and its mini hasn't."""
    for query in ("alpha", "中文", "rare", "nonesuch"):
        places = naive.places(query)
        got = client.infini("search_docs", query, maxnum=3, max_disp_len=40)
        assert got["cnt"] == len(places) and len(got["documents"]) == len(got["idxs"]) == min(3, len(places))
        for document in got["documents"]:
            check_document(naive, query, document, (40 - len(query.encode())) // 2)
        followers = naive.followers(query)
        if places:
            got = client.infini("ntd", query)
            assert {c: f["cont_cnt"] for c, f in got["result_by_token_id"].items()} == followers, got
            assert (got["prompt_cnt"], got["approx"]) == (len(places), False)
        before = len(naive.places(query[:-1]))
        got = client.infini("prob", query)
        assert (got["prompt_cnt"], got["cont_cnt"]) == (before, len(places))
        assert got["prob"] == (len(places) / before if before else -1.0)
    longest = next(" lang"[i:] for i in range(6) if naive.places(" lang"[i:]))
    got = client.infini("infgram_ntd", "zzz lang")
    assert (got["longest_suffix"], got["suffix_len"], got["prompt_cnt"]) == (longest, len(longest), len(naive.places(longest)))
    got = client.infini("infgram_prob", "qqq alpha")
    assert got["longest_suffix"] == " alph" and got["prompt_cnt"] == len(naive.places(" alph")), got
    assert got["cont_cnt"] == len(naive.places(" alpha"))
    assert "error" in client.infini("search_docs", "a", maxnum=11) and "error" in client.infini("ntd", "a", max_support=0)


def check_rest(client, naive):
    places = {query: naive.places(query) for query in QUERIES}
    counts = [len(places[query]) for query in QUERIES]
    df = [len({d for d, _ in places[query]}) for query in QUERIES]
    base = "/api/corpus"
    behind = "&".join(f"q={quote(query)}" for query in QUERIES)
    for kind, name, want in (("count", "counts", counts), ("df", "df", df)):
        assert client.json(f"{base}/{kind}?{behind}")[name] == want
        assert client.json(f"{base}/{kind}", {"queries": QUERIES})[name] == want
    assert [found["cnt"] for found in client.json(f"{base}/find", {"queries": QUERIES})["find"]] == counts
    lines = [query for query in QUERIES if "\n" not in query]
    got = client.json(f"{base}/count", "\n".join(lines) + "\n", Content_Type="text/plain; charset=utf-8")
    assert got["counts"] == [len(places[query]) for query in lines]
    assert client.json(f"{base}/count", {"queries": []})["counts"] == []
    assert client.json(f"{base}/count", {"queries": ["ALPHA", "the"], "case": "fold"})["counts"] == [
        sum(len(re.findall(b"alpha", text.lower())) for text in naive.texts), counts[0]]
    many = [f"{n}" for n in range(10000)]
    got = client.json(f"{base}/count", {"queries": many})["counts"]
    assert len(got) == 10000 and got[100] == len(naive.places("100"))
    # Formats.
    status, headers, content = client.ask(f"{base}/count?{behind}&format=csv")
    assert headers.get_content_type() == "text/csv"
    assert [(row["query"], int(row["count"])) for row in csv.DictReader(io.StringIO(content.decode(), newline=""))] == list(zip(QUERIES, counts))
    status, headers, content = client.ask(f"{base}/count", {"queries": QUERIES}, Accept="application/x-ndjson")
    assert [tuple(json.loads(line).values()) for line in content.splitlines()] == list(zip(QUERIES, counts))
    status, headers, content = client.ask(f"{base}/count?q={quote('x' + chr(10) + 'y')}&q=the&format=text")
    assert content.decode() == f"{len(places['x' + chr(10) + 'y'])}\tx\\ny\n{counts[0]}\tthe\n", content
    # Pages: all rows once, and each says where the next are.
    for kind, query, want in (("kwic", "beta", sorted(naive.places("beta"))), ("matches", "rare", sorted(naive.places("rare"))),
                              ("docs", "gamma", sorted({d for d, _ in naive.places("gamma")})),
                              ("lines", "rare", sorted(naive.places("rare"))), ("grep", "r[a]re$", sorted(naive.places("rare")))):
        rows, url, pages = [], f"{base}/{kind}?q={quote(query)}&n=400", 0
        if kind != "docs" and len(want) < 100:
            url = f"{base}/{kind}?q={quote(query)}&n=2"
        while url:
            status, headers, content = client.ask(url)
            got = json.loads(content)
            assert status == 200 and (f'<{got["next"]}>; rel="next"' == headers["Link"] if got["next"] else "Link" not in headers)
            rows += got["rows"]
            url, pages = got["next"], pages + 1
        assert pages > 2, (kind, pages, len(rows))
        if kind in ("lines", "grep"):
            assert sorted(int(row["path"][4:-4]) for row in rows) == [d for d, _ in want] and "rare" in rows[0]["text"], rows
        else:
            assert sorted((row["document"], row["offset"]) if kind != "docs" else row["document"] for row in rows) == want, kind
    assert client.ask(f"{base}/kwic?q=beta&n=3&format=text")[2].splitlines()[3].startswith(b"# next: /api/corpus/kwic?q=beta&n=3")
    assert list(json.loads(client.ask(f"{base}/kwic?q=beta&n=3&format=ndjson")[2].splitlines()[3])) == ["next"]
    got = client.json(f"{base}/next?q=alpha&n=500")["rows"]
    assert {row["character"]: row["count"] for row in got} == naive.followers("alpha")
    got = client.json(f"{base}/facet/note?q=alpha")["rows"]
    assert got == [{"value": 'q"ü', "occurrences": len(naive.places("alpha")), "documents": len({d for d, _ in naive.places("alpha")})}], got
    # Texts and traces.
    text = naive.texts[1234]
    assert client.ask(f"{base}/doc/1234")[2] == text
    status, headers, content = client.ask(f"{base}/doc/1234?first=100&n=50")
    assert content == text[100:150] and headers["Link"] == '<1234?first=150&n=50>; rel="next"'
    assert client.json(f"{base}/meta/1234")["metadata"]["id"] == 1234
    piece = text[:900].decode("utf-8", "ignore")
    for body, headers in (({"text": "zzzz" + piece + "zzzz"}, {}), ("zzzz" + piece + "zzzz", {"Content_Type": "text/plain"})):
        rows = client.json(f"{base}/trace?min=200", body, **headers)["rows"]
        assert [(row["begin"], row["end"]) for row in rows] == [(4, 4 + len(piece.encode()))], rows
    rows = client.json(f"{base}/trace?min=100&case=fold&docs=1&context=9", {"text": "zzzz" + piece.upper()})["rows"]
    assert all(len(row["documents"]) == 1 and {"bytes", "before", "after"} < set(row["documents"][0]) for row in rows) and rows, rows
    got, = client.json("/api/indexes")
    assert (got["name"], got["documents"]) == ("corpus", 2500) and client.json("/") == ["corpus"]
    check_description(client)


def check_description(client):
    """Every path of the description is there."""
    described = client.json("/api/openapi.json")
    assert described["openapi"].startswith("3.") and len(described["paths"]) > 15
    for path, operations in described["paths"].items():
        there = path.format(index="corpus", field="note", number=3)
        for method, operation in operations.items():
            names = {parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "query"}
            if method == "get":
                status, _, content = client.ask(f"{there}?q=alpha" if "q" in names else there)
            else:
                example = operation["requestBody"]["content"]["application/json"]["example"]
                status, _, content = client.ask(there, json.loads(example.replace("INDEX", "corpus")))
            assert status == 200, (path, method, content)
    status, headers, content = client.ask("/api/")
    assert headers.get_content_type() == "text/html" and all(path.encode() in content for path in described["paths"])


def check_requests(address):
    client = Client(address)
    base = "/api/corpus"
    for path, body, want in (
            ("/", "{", 400), ("/", "[]", 400), ("/", {}, 400), ("/", {"index": "corpus", "query_type": "count"}, 400),
            ("/", {"index": "none", "query_type": "count", "query": "a"}, 400), ("/", {"index": [], "query_type": "count", "query": "a"}, 400),
            ("/", {"index": "corpus", "query_type": "answer", "query": "a"}, 400),
            ("/", {"index": "corpus", "query_type": "count", "query": "a", "nonsense": 1}, 400),
            ("/", {"index": "corpus", "query_type": "get_doc_by_rank", "query": "a"}, 400),
            ("/", {"index": "corpus", "query_type": "count", "query_ids": [1]}, 400), ("/", "[" * 100000, 400),
            ("/", {"index": "corpus", "query_type": "count", "query": "\ud800"}, 400), ("/nowhere", None, 404),
            (f"{base}/count", None, 400), (f"{base}/count?q=", None, 400), (f"{base}/count", {"queries": [""]}, 400),
            (f"{base}/count", {"queries": "a"}, 400), (f"{base}/count", {"queries": [7]}, 400), (f"{base}/count", {"queries": ["a"], "scan": "all"}, 400),
            *((f"{base}/count", {"queries": ["a"], "case": value}, 400) for value in ([], None, {}, 1.5, ["fold", "fold"], [["fold"]])),
            (f"{base}/count", {"queries": ["a"], "where": [{}]}, 400), (f"{base}/count", {"queries": ["a"], "word": "true"}, 404),
            (f"{base}/count", {"queries": ["a"], "where": "id:\ud800"}, 400), (f"{base}/trace", b"", 400), (f"{base}/trace", {"text": ""}, 400),
            (f"{base}/count", {"queries": ["a"] * 10001}, 413), (f"{base}/count", {"queries": ["a", "b" * 16385]}, 413),
            (f"{base}/count?q=a&q=b", {"queries": []}, 400), (f"{base}/count?q=%ff", None, 400), (f"{base}/count?q=a&case=loud", None, 404),
            (f"{base}/count?q=a&case=fold&case=fold", None, 400), (f"{base}/count?q=a&format=xml", None, 400),
            (f"{base}/kwic?q=a&n=0", None, 400), (f"{base}/kwic?q=a&n=501", None, 400), (f"{base}/kwic?q=a&first=100001", None, 400),
            (f"{base}/kwic?q=a&n=x", None, 400), (f"{base}/kwic", None, 400), (f"{base}/kwic?q=a", {}, 405), (f"{base}/trace", None, 405),
            (f"{base}/trace", b"\xff", 400), (f"{base}/trace", {"text": 1}, 400), (f"{base}/grep?q=(", None, 400),
            (f"{base}/kwic?q={'a' * 5000}", None, 414), (f"{base}/doc/2500", None, 404), (f"{base}/doc/..%2Fstats", None, 404),
            (f"{base}/doc/", None, 404), (f"{base}/doc/1/2", None, 404), (f"{base}/facet/none?q=a", None, 404), (f"{base}/facet", None, 404),
            (f"{base}/facet/..%2F..%2Fstats?q=a", None, 404), ("/api/..%2Fcorpus/count?q=a", None, 404), ("/api/%2e%2e/count?q=a", None, 404),
            ("/api/corpus", None, 404), ("/api/corpus/batch/count", None, 404), ("/api/corpus/with/x/count?q=a", None, 404)):
        answer = client.json(path, body, want)
        assert "mnt" not in answer["error"] and os.getcwd() not in answer["error"], answer
    assert "regular expression" in client.json(f"{base}/grep?q=(", None, 400)["error"]
    assert "give q" in client.json(f"{base}/df", None, 400)["error"]
    for value in (True, "yes", ["yes"]):
        got = client.json(f"{base}/count", {"queries": ["the"], "word": value, "context": 12})["counts"]
        assert got == client.json(f"{base}/count?q=the&word=yes")["counts"], (value, got)
    status, headers, content = client.ask("/", method="OPTIONS")
    assert (status, content) == (204, b"") and "Content-Length" not in headers and "Content-Type" not in headers
    assert client.infini("count", "x" * 20000)["error"].startswith("a query has 16,384 bytes at most")
    assert client.ask(f"{base}/count?q=a", method="PUT")[0] == 405
    status, headers, content = client.ask(f"{base}/count?q=a", method="HEAD")
    assert (status, content) == (200, b"") and int(headers["Content-Length"]) > 10
    check_bytes(urllib.parse.urlsplit(address))


def check_bytes(address):
    """Requests as bytes: what is no HTTP is refused, and the next one answered."""
    ask = b"GET /api/corpus/count?q=the HTTP/1.1\r\nHost: x\r\n\r\n"
    for sent, want in ((ask + ask + ask, [b"200"] * 3), (b"nonsense\r\n\r\n", [b"400"]), (b"GET / HTTP/2\r\n\r\n", [b"400"]),
                       (b"GET / HTTP/1.1\r\nbad\r\n\r\n", [b"400"]), (b"GET / HTTP/1.1\r\nA : b\r\n\r\n", [b"400"]),
                       (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", [b"400"]),
                       (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", [b"400"]),
                       (b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", [b"413"]),
                       (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", [b"411"]),
                       (b"GET / HTTP/1.1\r\nA: " + b"b" * 40000 + b"\r\n\r\n", [b"431"]), (ask[:20], []), (b"", [])):
        with socket.create_connection((address.hostname, address.port), timeout=120) as client:
            client.sendall(sent)
            client.shutdown(socket.SHUT_WR)
            got = b""
            try:
                while more := client.recv(1 << 16):
                    got += more
            except ConnectionResetError:
                pass  # it didn't read the rest of what was refused
            assert re.findall(rb"HTTP/1.1 (\d+)", got) == want, (sent[:80], got[:300])


def check_slow(path):
    """Of two questions that take too long each is given up, and a quick one is answered after them."""
    for target, want in ((b"/api/corpus/kwic?q=%20&first=30000", b"504"),) * 2:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path)
            client.sendall(b"GET " + target + b" HTTP/1.1\r\nConnection: close\r\n\r\n")
            got = b""
            while more := client.recv(1 << 16):
                got += more
            assert got.startswith(b"HTTP/1.1 " + want), got[:300]
    # Half a request keeps a process only as long.
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
        client.sendall(b"POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\nhalf")
        assert client.recv(100).startswith(b"HTTP/1.1 408")


def check_nginx(address):
    client = Client(address)
    assert [index["name"] for index in client.json("/api/indexes")] == ["corpus", "other"]
    count = client.infini("count", "the")["count"]
    assert count > 1000 and client.json("/", {"index": "other", "query_type": "count", "query": "document"})["count"] == 1
    # The same as by the files.
    assert int(client.ask("/corpus/count/the")[2]) == count
    assert client.json("/api/corpus/count", {"queries": ["the", "a/b", ".."]})["counts"] == [
        int(client.ask(f"/corpus/count/?q={quote(query)}")[2]) for query in ("the", "a/b", "..")]
    assert client.json("/api/corpus/count?q=..&q=%00&q=a%2F..%2Fb")["counts"][2] == 0
    assert client.json("/api/other/trace?min=5", "this is another index, too", Content_Type="text/plain")["rows"][0]["begin"] == 8
    status, headers, content = client.ask("/api/")
    assert status == 200 and headers.get_all("Content-Security-Policy") == ["default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"]
    assert b"infini-gram" in content, content[:300]
    assert client.ask("/")[2].lower().startswith(b"<!doctype html>")
    for path, body, method, want in (("/corpus/count/a", b"x", "POST", 405), ("/", b"x" * 2000000, "POST", 413),
                                     ("/corpus/batch/count", b"x", "POST", 405), ("/api/nowhere/count?q=a", None, "GET", 404),
                                     ("/api/corpus/count?q=a", None, "DELETE", 405), ("/at/0/count/a", None, "GET", 404)):
        assert client.ask(path, body, method)[0] == want, (path, client.ask(path, body, method))
        client.connection.close()


if sys.argv[1] == "answers":
    client, naive = Client(sys.argv[2]), Naive(sys.argv[3])
    check_infini(client, naive)
    check_infini_gram(client, naive)
    check_rest(client, naive)
elif sys.argv[1] == "requests":
    check_requests(sys.argv[2])
elif sys.argv[1] == "slow":
    check_slow(sys.argv[2])
else:
    check_nginx(sys.argv[2])
