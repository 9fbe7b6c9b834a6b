#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What nginx answers over a mount, beside what the same mount holds, and what it refuses.

    api.py [--alone] ADDRESS MOUNT

--alone: of a server that has a single index and 20 requests a second.
"""

import http.client
import json
import os
import re
import sys
import time
import urllib.parse

failures = 0


def expect(good, what):
    global failures
    if not good:
        print(f"FAILED: {what}", file=sys.stderr)
        failures += 1


def spell(query):
    """Bytes as a name in the mount."""
    return re.sub(rb"[%/\0.-]", lambda found: b"%%%02x" % found[0][0], query)


class Server:
    def __init__(self, address):
        self.host = urllib.parse.urlsplit(address).netloc
        self.connection = http.client.HTTPConnection(self.host, timeout=120)

    def ask(self, path, *args, **headers):
        """Status, headers and body, asked again while it is too often."""
        while (answer := self.ask_once(path, *args, **headers))[0] == 429:
            time.sleep(0.2)
        return answer

    def ask_once(self, path, method="GET", body=None, **headers):
        """path is what stands in the request, byte for byte."""
        self.connection.putrequest(method, path, skip_host="Host" in headers, skip_accept_encoding=True)
        if body is not None:
            headers["Content-Length"] = str(len(body))
        for name, value in headers.items():
            self.connection.putheader(name.replace("_", "-"), value)
        self.connection.endheaders(body)
        response = self.connection.getresponse()
        content = response.read()
        return response.status, response.headers, content

    def status(self, path, *args, **headers):
        status = self.ask(path, *args, **headers)[0]
        self.connection.close()
        return status


QUERIES = [query.encode() for query in (
    "alpha", "a/b", "100%", ".", "..", "...", " ", "the ", "中文", "x\ny", "\n\n", "\t", '"quoted"', "it's", "<script>",
    "nowhere", "%41", "%zz", "../..", "//", "?q=1&r=2#end", "\0", "😀", "naïve", "count", "a" * 300, "中" * 300,
    ".gitignore", "a+b")] + [b"\xff", b"\xb8\xad"]


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def check_answers(server, base, mount):
    for query in QUERIES:
        name = spell(query)
        once = urllib.parse.quote(query, safe="")
        # In a path nginx takes no NUL.
        check_query(server, mount, query, name, lambda node, rest="": f"{base}/{node}/{rest}?q={once}")
        # Of what stream.py answers there are 20 a second, so one kind of it is enough.
        if query != b"\0":
            check_query(server, mount, query, name, lambda node, rest="": f"{base}/{node}/{once}{rest}", ("count", "find", "next"))
    names = sorted(os.listdir(f"{mount}/docs/the /more"))
    expect(len(names) > 10, "a second page")
    for path in ("docs/the%20/more/", "docs//more/?q=the%20"):
        expect(server.ask(f"{base}/{path}")[2].decode().split() == names, path)
    for path in (f"docs/the%20/more/{names[0]}", f"docs//more/{names[0]}?q=the%20"):
        expect(server.ask(f"{base}/{path}")[2] == read(f"{mount}/doc/{names[0]}"), path)
    status, headers, body = server.ask(f"{base}/doc/1234.txt", Range="bytes=100-199")
    text = read(f"{mount}/doc/1234.txt")
    expect((status, body) == (206, text[100:200]), f"a range: {status}")
    expect(headers["Content-Range"] == f"bytes 100-199/{len(text)}", "Content-Range")
    status, headers, body = server.ask(f"{base}/doc/1234.txt", "HEAD")
    expect((status, headers["Content-Length"], body) == (200, str(len(text)), b""), "HEAD")
    for path, kind in (("doc/0.txt", "text/plain"), ("doc/0.json", "application/json"), ("stats", "application/json"),
                       ("count/x.html", "text/plain"), ("find/x.html", "application/json"), ("next/x.js", "text/plain"),
                       ("docs/alpha/0.txt", "text/plain"), ("meta/alpha/0.json", "application/json"),
                       ("match/alpha/0.json", "application/json")):
        expect(server.ask(f"{base}/{path}")[1].get_content_type() == kind, f"type of {path}")


def check_query(server, mount, query, name, url, nodes=("count", "find", "df", "next", "prev", "kwic")):
    """One query at url(NODE, REST), as it is at NAME in the mount."""
    for node in nodes:
        status, headers, body = server.ask(url(node))
        want = read(os.path.join(os.fsencode(mount), node.encode(), name))
        if "Ngramfs-Cut" in headers:
            body, last = body[:-1].rsplit(b"\n", 1)
            body += b"\n"
            want = want[:len(body)]
            said = b"[cut here; ?first=%d goes on]" % body.count(b"\n")
            expect(last == said and len(body) > 100000, f"{node} {query}: where it is cut: {last}")
        expect((status, body) == (200, want), f"{node} {query}: {status} {body[:80]}, not {want[:80]}")
    want = read(os.path.join(os.fsencode(mount), b"match", name, b"0.json"))
    status, headers, body = server.ask(url("match", "/0.json"))
    expect((status, body) == ((200, want) if want else (404, body)), f"match {query}: {status}")
    status, headers, body = server.ask(url("docs", "/" if "kwic" in nodes else ""))
    if want:
        names = os.listdir(os.path.join(os.fsencode(mount), b"docs", name))
        expect(body == b"".join(sorted(n + b"\n" for n in names)), f"docs {query}")
    else:
        expect(status == 404, f"docs {query}: {status}")


def check_settings(server, base, mount):
    """Files under settings, lines of files, fields and traces, beside the mount's."""
    for settings, path in (("case=fold", "count/ALPHA"), ("case=fold,word=yes", "next/alpha"), ("space=fold,form=fold", "find/the%20"),
                           ("order=random,seed=4", "match/alpha/0.json"), ("case=fold,context=5", "kwic/rare"),
                           ("where=id:1234", "count/alpha"), ("where=id:1234,case=fold", "count/ALPHA"), ("where=id:1234", "df/alpha"),
                           ("where=note:q%22%C3%BC", "count/rare"), ("where=id:%2A", "count/rare"), ("where=id:*", "count/rare")):
        status, _, body = server.ask(f"{base}/with/{settings}/{path}")
        expect((status, body) == (200, read(f"{mount}/with/{settings}/{path}")), f"{settings}/{path}: {status} {body[:80]}")
    for path in ("with/page=2/count/a", "with/case=fold,/count/a", "with/escape=none/count/a", "with/scan=all/grep/a", "with/context=5000/kwic/a",
                 "with/case=fold/with/word=yes/count/a", "with/where=id:1/next/a", "with/where=id:1/docs/alpha/1.txt", "with/where=..%2F..%2F:1/find/a"):
        expect(server.status(f"{base}/{path}") == 404, f"{path}: {server.status(f'{base}/{path}')}")
    lines = read(f"{mount}/kwic/rare").splitlines(True)
    for first, n in ((0, 2), (1, 1), (1, 3), (4, 9), (9, 9)):
        for path in (f"kwic/rare?first={first}&n={n}", f"kwic/?q=rare&first={first}&n={n}"):
            expect(server.ask(f"{base}/{path}")[2] == b"".join(lines[first:first + n]), path)
    expect(server.ask(f"{base}/kwic/rare?n=1")[2] == lines[0] and server.ask(f"{base}/kwic/rare?first=3")[2] == b"".join(lines[3:]), "one of two")
    for path in ("count/a?n=1", "kwic/a?n=1&first=1", "kwic/a?n=-1", "kwic/a?n=", "kwic/?n=1", "doc/0.txt?n=1", "match/alpha/0.json?n=1",
                 "facet/note/a?q=b", "facet/../count/a"):
        expect(server.status(f"{base}/{path}") == 400 or path.startswith("doc/"), f"{path}: {server.status(f'{base}/{path}')}")
    for path, held in (("facet/note/rare", "facet/note/rare"), ("facet/note/", "facet/note/%"), ("lines/rare", "lines/rare"),
                       ("grep/r.re", "grep/r.re"), ("nextword/alpha", "nextword/alpha")):
        expect(server.ask(f"{base}/{path}")[2] == read(f"{mount}/{held}"), path)
    expect(server.ask(f"{base}/facet/")[2].decode().split() == sorted(os.listdir(f"{mount}/facet")), "the fields")
    expect(server.status(f"{base}/grep/%28") == 400, "an expression that is none")
    text = read(f"{mount}/doc/3.txt")
    status, _, body = server.ask(f"{base}/with/min=4/trace", "POST", b"~~~~~" + text)
    found = json.loads(body.splitlines()[0])
    expect((status, found["begin"], found["end"]) == (200, 5, 5 + len(text)), f"trace: {status} {body[:80]}")
    expect({"document": 3, "offset": 0} in found["documents"], "where a text comes from")
    expect(server.status(f"{base}/trace", "POST", b"x" * 70000) == 413, "a long text to trace isn't refused")
    folded = server.ask(f"{base}/with/min=4,case=fold/trace", "POST", b"~~~~~" + text.upper())[2]
    expect(json.loads(folded.splitlines()[0])["begin"] == 5, f"trace under case=fold: {folded[:80]}")
    expect(server.status(f"{base}/with/where=note:x/trace", "POST", b"abc") == 405, "trace under what it isn't there for")


# Ways to leave the mount, by a server that takes escapes away once too often, or not at all.
OUTSIDE = ("..%2f..%2fnginx.conf", "%2e%2e%2f%2e%2e%2fnginx.conf", "..%2F..%2F..%2F..%2Fetc%2Fpasswd", "%2Fetc%2Fpasswd",
           "..%252f..%252fnginx.conf", "%252e%252e%252fnginx.conf", "..%5c..%5cnginx.conf", "..;%2fnginx.conf",
           "%c0%ae%c0%ae%2fnginx.conf", "..%c0%afnginx.conf", "....%2f%2fnginx.conf", ".%2e%2fnginx.conf", "..", ".", "%2e%2e",
           "%2e", "..%2f", "%2e%2e%2f", "..%2f..", "%252e%252e", "nginx.conf%2f..", "%2fproc%2fself%2fenviron", "at%2f0", "..%3f",
           "..%23", "a%2f..%2f..%2f..%2fnginx.conf")


def check_outside(server, base, mount):
    for query in OUTSIDE:
        want = urllib.parse.unquote_to_bytes(query)
        for node in ("count", "find"):
            answer = read(os.path.join(os.fsencode(f"{mount}/{node}"), spell(want)))
            for path in (f"{base}/{node}/{query}", f"{base}/{node}/?q={query}"):
                status, _, body = server.ask(path)
                good = (status, body) == (200, answer) or (status == 400 and "?q=" not in path)
                expect(good, f"{path}: {status} {body[:80]}")
    for start in ("", base, f"{base}/docs/alpha", f"{base}/doc", f"{base}/match/alpha", f"{base}/count/a"):
        for query in OUTSIDE:
            for path in (f"{start}/{query}", f"{start}/{query}/nginx.conf", f"{start}/{query}/count/alpha",
                         f"{start}/../{query}", f"{start}//{query}", f"{start}/?q={query}", f"/{query}{start}"):
                status, _, body = server.ask(path)
                expect(status in (200, 400, 404), f"{path}: {status}")
                expect(b"worker_processes" not in body and b"root:" not in body and b"HOME=" not in body,
                       f"{path}: a file from outside")


def check_refusals(server, base):
    for path in ("batch/count", "batch/", "batch", "trace", "with/x/batch/count", "batch?q=a"):
        expect(server.status(f"{base}/{path}") == 403, f"{path} isn't refused")
    for path in ("/nowhere", f"{base}/with/page=2/count/a", "/stream.py", "/nginx.conf", f"{base}/doc/0.txt/",
                 f"{base}/doc/nginx.conf", "/mnt/odd/count/a", "/at/0/count/a", "/count", "/txt", "/page/index.html",
                 f"{base}//count/a", f"/{base}/count/a", f"/.{base}/count/a", f"{base.upper()}/count/a"):
        expect(server.status(path) == 404, f"{path}: {server.status(path)}")
    # One query would be taken for another.
    for path in ("count/", "count", "docs/", "docs", "count/a/b", "count/a/", "count/a?b", "count/a?q=b", "count/?q=", "count?q=a",
                 "count/?q=a+b", "count/?q=a&q=b", "count/?x=1&q=a", "count/?q=a/b", "count/?q=a?b", "count/?q=%zz", "count/?q=%",
                 "count/?q=a#b", "kwic/a/../../../nginx.conf", "match/a/", "match/0.json?q=a", "docs/a/more", "count/a%"):
        expect(server.status(f"{base}/{path}") == 400, f"{path}: {server.status(f'{base}/{path}')}")
    for path, want in ((f"{base}/count/%00", 400), ("/../nginx.conf", 400), (f"{base}/count/" + "a" * 5000, 414),
                       (f"{base}/kwic/" + "a" * 5000, 414), (f"{base}/count/?q=" + "a" * 5000, 414),
                       (f"{base}/count/" + "a" * 20000, 414)):
        expect(server.status(path) == want, f"{path[:40]}: {server.status(path)} instead of {want}")
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"):
        expect(server.status(f"{base}/count/a", method) == 405, f"{method} isn't refused")
    expect(server.status(f"{base}/count/a", "GET", b"x" * 5000) == 413, "a body isn't refused")
    expect(server.status("/", Host="elsewhere.example") == 421, "another name isn't refused")
    for path in ("/", f"{base}/count/a", f"{base}/next/a", "/nowhere"):
        headers = server.ask(path)[1]
        expect("default-src 'none'" in headers.get("Content-Security-Policy", ""), f"{path}: no policy")
        expect(headers.get("X-Content-Type-Options") == "nosniff", f"{path}: no nosniff")
        expect(headers["Server"] == "nginx", f"{path}: tells its version")


def check_rates(server):
    """Some 500 at once are let through, the rest at 20 a second."""
    statuses = [server.ask_once("/count/alpha")[0] for _ in range(700)]
    expect(set(statuses) == {200, 429} and 400 <= statuses.count(200) < 650, f"rate: {statuses.count(200)} of 700")
    expect(server.ask("/count/alpha")[0] == 200, "it goes on later")


def main():
    alone = sys.argv[1] == "--alone"
    address, mount = sys.argv[-2:]
    server = Server(address)
    if alone:
        for query in (b"alpha", b"a/b", b"nowhere"):
            url = urllib.parse.quote(query, safe="")
            want = read(os.path.join(os.fsencode(mount), b"count", spell(query)))
            expect(server.ask(f"/count/{url}")[2] == want, f"count {query}")
        expect(server.ask("/indexes.json")[2] == b'["odd"]', "the name of the index")
        expect(server.status("/batch/count") == 403, "batch isn't refused")
        check_rates(server)
    else:
        expect(server.ask("/indexes.json")[2] == b'["licences", "odd"]', "the names of the indexes")
        check_refusals(server, "/odd")
        check_outside(server, "/odd", f"{mount}/odd")
        check_answers(server, "/odd", f"{mount}/odd")
        check_settings(server, "/odd", f"{mount}/odd")
    return failures > 0


if __name__ == "__main__":
    sys.exit(main())
