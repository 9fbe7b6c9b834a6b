#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Answers what nginx cannot send as a file: a file that grows while it is read, whose size is 0
before, and a directory; and any file of a query whose name is too long with the escapes of its URL.
nginx asks by SCGI, on a Unix socket.

    stream.py ROOT SOCKET [USER]

When root starts it, it goes on as USER, who owns the socket. Each request has a process of its own,
that lives SECONDS at most. When it ends, so does its question to the mount. An answer has BYTES at most;
one that was cut, at the end of a line, says so in the header Ngramfs-Cut.
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
    errno.ETIMEDOUT: "504 Gateway Timeout",
}


def asked(stream):
    """What a request asks for: SCGI's headers are a netstring of names and values, each with a NUL."""
    length = b""
    while (digit := stream.read(1)).isdigit() and len(length) < 6:
        length += digit
    if digit != b":" or not length or int(length) > HEADER_BYTES:
        raise OSError(errno.EINVAL, "no SCGI")
    words = stream.read(int(length)).split(b"\0")
    headers = dict(zip(words[::2], words[1::2]))
    return headers[b"ROOM"], headers[b"QUERY"], headers[b"TAIL"]


def spell(query):
    """The name of a query, with no more escapes than it needs: for what cannot stand in one, and for a
    dot and a hyphen, of which one is in all the names that are absent as they stand."""
    needless = len(query) > 40
    return re.sub(rb"[%/\0]" if needless else rb"[%/\0.-]", lambda found: b"%%%02X" % found[0][0], query)


def resolve(root, room, query, tail):
    """The file of a query in a directory of queries. QUERY is what the URL has for it: its escapes are
    taken away here, and are those of URLs."""
    name = spell(urllib.parse.unquote_to_bytes(query))
    return b"/".join((os.fsencode(root), room, name)) + tail


def read(path):
    """What a file holds, or a directory's names, a line each; and whether that is all."""
    file = os.open(path, os.O_RDONLY)
    if stat.S_ISDIR(os.fstat(file).st_mode):
        lines = [os.fsencode(name) + b"\n" for name in sorted(os.listdir(file))]
        return b"".join(lines), True
    content = b""
    try:
        while len(content) <= BYTES:
            more = os.read(file, CHUNK_BYTES)
            if not more:
                return content, True
            content += more
    except TimeoutError:
        if b"\n" not in content:
            raise
    # Half a line would be taken for a whole one.
    cut = content.rfind(b"\n", 0, BYTES) + 1
    if not cut:
        raise OSError(errno.EFBIG, "a line is too long")
    return content[:cut], False


def late(_signal, _frame):
    raise TimeoutError(errno.ETIMEDOUT, "too slow")


class Answer(socketserver.StreamRequestHandler):
    def handle(self):
        signal.signal(signal.SIGALRM, late)
        signal.alarm(SECONDS)
        try:
            content, whole = read(resolve(self.server.root, *asked(self.rfile)))
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
