#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Answers what nginx cannot send as a file: a file that grows while it is read, whose size is 0
before, and a directory; any file of a query whose name is too long with the escapes of its URL; and
stretches of a text that was sent.
nginx asks by SCGI, on a Unix socket.

    stream.py ROOT SOCKET [USER]

When root starts it, it goes on as USER, who owns the socket. Each request has a process of its own,
that lives SECONDS at most. When it ends, so does its question to the mount. An answer has BYTES at most;
one that was cut, at the end of a line, says so in the header Ngramfs-Cut and in a line behind it.
"""

import errno
import os
import pwd
import re
import signal
import socketserver
import stat
import sys
import urllib.parse

SECONDS = 5
BYTES = 256 << 10
CHUNK_BYTES = 32 << 10
HEADER_BYTES = 64 << 10
PROCESSES = 8

STATUS = {
    errno.ENOENT: "404 Not Found",
    errno.ENOTDIR: "404 Not Found",
    errno.ENAMETOOLONG: "414 URI Too Long",
    errno.EINVAL: "400 Bad Request",
    errno.EOVERFLOW: "422 Needs Too Many Places",
    errno.ETIMEDOUT: "504 Gateway Timeout",
}


def asked(stream):
    """What a request asks for: SCGI's headers are a netstring of names and values, each with a NUL."""
    length = b""
    while (digit := stream.read(1)).isdigit() and len(length) < 6:
        length += digit
    if digit != b":" or not length or int(length) > HEADER_BYTES:
        raise OSError(errno.EINVAL, "no SCGI")
    words = stream.read(int(length) + 1)[:-1].split(b"\0")
    return dict(zip(words[::2], words[1::2]))


def spell(query):
    """The name of a query, with no more escapes than it needs: for what cannot stand in one, and for a
    dot and a hyphen, of which one is in all the names that are absent as they stand."""
    needless = len(query) > 40
    return re.sub(rb"[%/\0]" if needless else rb"[%/\0.-]", lambda found: b"%%%02X" % found[0][0], query)


def resolve(root, room, query, tail):
    """The file of a query in a directory of queries. QUERY is what the URL has for it: its escapes are
    taken away here, and are those of URLs. Beside a field none is all documents, which a lone % is."""
    place = os.path.join(os.fsencode(root), room)
    if query:
        return os.path.join(place, spell(urllib.parse.unquote_to_bytes(query))) + tail
    return os.path.join(place, b"%") if os.path.basename(os.path.dirname(place)) == b"facet" else place


def pieces(path):
    """What a file holds, or a directory's names, a line each."""
    file = os.open(path, os.O_RDONLY)
    if stat.S_ISDIR(os.fstat(file).st_mode):
        yield b"".join(os.fsencode(name) + b"\n" for name in sorted(os.listdir(file)))
        return
    while more := os.read(file, CHUNK_BYTES):
        yield more


def traced(path, text):
    """The stretches of a text that occur."""
    file = os.open(path, os.O_RDWR)
    rest = memoryview(text)
    while rest:
        rest = rest[os.write(file, rest):]
    while more := os.read(file, CHUNK_BYTES):
        yield more


def collect(parts, first=0, lines=None):
    """Lines [first, first + lines) of what the parts hold together, but for BYTES at most and as long as
    the alarm lets it; whether that is all, and how many lines it is."""
    content, passed = b"", 0
    try:
        for part in parts:
            content += part
            if passed < first:  # lines that aren't wanted, as far as they have come
                *gone, content = content.split(b"\n", first - passed)
                passed += len(gone)
            if lines is not None and passed == first and content.count(b"\n") >= lines:
                return b"".join(line + b"\n" for line in content.split(b"\n", lines)[:lines]), True, lines
            if len(content) > BYTES:
                break
        else:
            return (content, True, content.count(b"\n")) if passed == first else (b"", True, 0)
    except TimeoutError:
        if passed < first or b"\n" not in content:
            raise
    # Half a line would be taken for a whole one.
    cut = content.rfind(b"\n", 0, BYTES) + 1
    if not cut:
        raise OSError(errno.EFBIG, "a line is too long")
    return content[:cut], False, content.count(b"\n", 0, cut)


def answer(root, headers, stream):
    """The body of an answer, and whether that is all. One that is cut says so in its last line, too."""
    room = headers[b"ROOM"]
    if b"BODY" in headers:
        if not headers[b"BODY"].isdigit():
            raise OSError(errno.EINVAL, "a text of unknown length")
        text = stream.read(int(headers[b"BODY"]))
        content, whole, lines = collect(traced(os.path.join(os.fsencode(root), room), text))
        return (content if whole else content + b'{"cut":true,"lines":%d}\n' % lines), whole
    wanted = {name: int(value) for name, value in urllib.parse.parse_qsl(headers[b"SLICE"].decode())}
    first = wanted.get("first", 0)
    path = resolve(root, room, headers[b"QUERY"], headers[b"TAIL"])
    content, whole, lines = collect(pieces(path), first, wanted.get("n"))
    return (content if whole else content + b"[cut here; ?first=%d goes on]\n" % (first + lines)), whole


def late(_signal, _frame):
    raise TimeoutError(errno.ETIMEDOUT, "too slow")


class Answer(socketserver.StreamRequestHandler):
    def handle(self):
        signal.signal(signal.SIGALRM, late)
        signal.alarm(SECONDS)
        try:
            content, whole = answer(self.server.root, asked(self.rfile), self.rfile)
            status = "200 OK"
        except OSError as error:
            status = STATUS.get(error.errno, "500 Internal Server Error")
            content, whole = f"{status[4:]}\n".encode(), True
        head = f"Status: {status}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        head += f"Content-Length: {len(content)}\r\n"
        if not whole:
            head += f"Ngramfs-Cut: {len(content)} bytes\r\n"
        self.wfile.write(head.encode() + b"\r\n" + content)


class Server(socketserver.ForkingMixIn, socketserver.UnixStreamServer):
    max_children = PROCESSES
    request_queue_size = 64
    root = ""

    def handle_error(self, request, client_address):
        """nginx went away, since who asked it did: nobody waits for the answer."""
        if not isinstance(sys.exc_info()[1], (BrokenPipeError, ConnectionError)):
            super().handle_error(request, client_address)


def become(name, socket):
    user = pwd.getpwnam(name)
    os.chown(socket, user.pw_uid, user.pw_gid)
    os.setgroups([])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)


def main():
    if len(sys.argv) not in (3, 4):
        print(__doc__, file=sys.stderr)
        return 2
    root, socket, *user = sys.argv[1:]
    with Server(socket, Answer) as server:
        if user:
            become(user[0], socket)
        server.root = root
        server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
