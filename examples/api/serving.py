# SPDX-License-Identifier: Apache-2.0
"""As much of HTTP/1.1 as an API needs, in processes that each answer one request at a time.

A question to a mount can't be taken back by a thread, but a signal ends it: so every request has an alarm,
in the main thread of its process, and as many processes are as many questions at once. It is meant to stand
behind nginx, which holds slow clients off, and opens a connection for each request, which a process takes
that has nothing to do."""

from __future__ import annotations

import contextlib
import os
import pwd
import select
import signal
import socket
import sys
import time
import traceback
import urllib.parse
from typing import Callable, NamedTuple

HEAD_BYTES = 32 << 10
CONNECTIONS = 64  # that a process holds open, most of them idle
IDLE_SECONDS = 30

REASONS = {200: "OK", 204: "No Content", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 408: "Request Timeout",
           411: "Length Required", 413: "Content Too Large", 414: "URI Too Long", 422: "Unprocessable Content",
           431: "Request Header Fields Too Large", 500: "Internal Server Error", 501: "Not Implemented",
           504: "Gateway Timeout"}


class Request(NamedTuple):
    method: str
    path: str  # as it came, with its escapes
    query: str  # what is behind the ?
    headers: dict[str, str]
    body: bytes


class Answer(NamedTuple):
    status: int
    content: bytes
    kind: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


class Refused(Exception):
    """A request that cannot be read; the connection is closed after it."""

    def __init__(self, status: int, what: str):
        super().__init__(what)
        self.status = status


class TooSlow(Exception):
    """The time for a request is over."""


def _late(_signal: int, _frame: object) -> None:
    raise TooSlow


class Connection:
    """A client. What it has sent and is not yet read waits in rest."""

    def __init__(self, sock: socket.socket):
        self.sock = sock
        self.rest = b""
        self.used = time.monotonic()

    def _more(self) -> None:
        got = self.sock.recv(1 << 16)
        if not got:
            raise ConnectionError
        self.rest += got

    def has_begun(self) -> bool:
        """Whether something of a request is there."""
        try:
            self.rest += self.sock.recv(1 << 16, socket.MSG_DONTWAIT)
        except OSError:
            pass  # nothing yet; an error shows again
        return bool(self.rest)

    def read(self, body_max: int) -> Request:
        while (end := self.rest.find(b"\r\n\r\n")) < 0:
            if len(self.rest) > HEAD_BYTES:
                raise Refused(431, "the head of the request is too long")
            self._more()
        if end > HEAD_BYTES:
            raise Refused(431, "the head of the request is too long")
        lines = self.rest[:end].decode("latin-1").split("\r\n")
        method, _, target = lines[0].partition(" ")
        target, _, version = target.rpartition(" ")
        if not target or not version.startswith("HTTP/1."):
            raise Refused(400, "no request of HTTP/1")
        headers = {}
        for line in lines[1:]:
            name, colon, value = line.partition(":")
            name = name.lower()
            if not colon or not name or name != name.strip() or name in headers and name in ("content-length", "host"):
                raise Refused(400, "a header is wrong")
            headers[name] = value.strip()
        if "transfer-encoding" in headers:
            raise Refused(411, "a body needs a Content-Length")
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit()) or len(length) > 18:
            raise Refused(400, "Content-Length is no number")
        size = int(length)
        if size > body_max:
            raise Refused(413, f"a body has {body_max:,} bytes at most")
        if size and headers.get("expect", "").lower() == "100-continue":
            self.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        end += 4
        while len(self.rest) < end + size:
            self._more()
        body, self.rest = self.rest[end:end + size], self.rest[end + size:]
        if version == "HTTP/1.0":
            headers.setdefault("connection", "close")
        path, _, query = target.partition("?")
        return Request(method, path, query, headers, body)

    def write(self, answer: Answer, head_only: bool, close: bool) -> None:
        kind = answer.kind if answer.kind == "application/json" else f"{answer.kind}; charset=utf-8"
        head = f"HTTP/1.1 {answer.status} {REASONS[answer.status]}\r\n"
        if answer.status != 204:
            head += f"Content-Type: {kind}\r\nContent-Length: {len(answer.content)}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in answer.headers)
        head += "Connection: close\r\n\r\n" if close else "\r\n"
        self.sock.sendall(head.encode("latin-1") + (b"" if head_only else answer.content))


class Worker:
    """A process that answers. HANDLE makes an answer of a request, and FAILED one of a status and a text."""

    def __init__(self, listener: socket.socket, handle: Callable[[Request], Answer],
                 failed: Callable[[int, str], Answer], seconds: float, body_max: int):
        self.listener = listener
        self.handle = handle
        self.failed = failed
        self.seconds = seconds
        self.body_max = body_max
        self.waiting = select.epoll()
        self.connections: dict[int, Connection] = {}

    def run(self) -> None:
        signal.signal(signal.SIGALRM, _late)
        parent = os.getppid()
        # A connection wakes one process of those that wait, not all.
        self.waiting.register(self.listener.fileno(), select.EPOLLIN | select.EPOLLEXCLUSIVE)
        while os.getppid() == parent:
            due = [self.connections.get(number) for number, _ in self.waiting.poll(IDLE_SECONDS)]
            for connection in due:
                if connection is None:
                    self._accept()
                elif self.connections.get(connection.sock.fileno()) is connection:
                    self._serve(connection)
            now = time.monotonic()
            for connection in [c for c in self.connections.values() if now - c.used > IDLE_SECONDS]:
                self._drop(connection)

    def _accept(self) -> None:
        try:
            sock, _ = self.listener.accept()
        except OSError:
            return  # another process was quicker, or it is gone
        if sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setblocking(True)
        connection = Connection(sock)
        if len(self.connections) >= CONNECTIONS:
            self._drop(min(self.connections.values(), key=lambda c: c.used))
        self.connections[sock.fileno()] = connection
        self.waiting.register(sock.fileno(), select.EPOLLIN)
        # What nginx asks is there already, mostly.
        if connection.has_begun():
            self._serve(connection)

    def _drop(self, connection: Connection) -> None:
        # To close it takes it out of what is waited for, too.
        del self.connections[connection.sock.fileno()]
        connection.sock.close()

    def _serve(self, connection: Connection) -> None:
        """Answer what has come, and what has come behind it."""
        again = True
        try:
            while again:
                again = self._serve_one(connection) and bool(connection.rest)
                connection.used = time.monotonic()
        except (OSError, TooSlow):
            # The client went away, or takes nothing.
            self._drop(connection)

    def _serve_one(self, connection: Connection) -> bool:
        """Whether the connection stays open."""
        signal.setitimer(signal.ITIMER_REAL, self.seconds)
        head_only, close, asked = False, True, False
        try:
            try:
                request = connection.read(self.body_max)
                asked = True
                head_only = request.method == "HEAD"
                close = "close" in request.headers.get("connection", "").lower()
                answer = self.handle(request)
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
        except TooSlow:
            answer = self.failed(504 if asked else 408, f"it took more than {self.seconds:g} s")
            close = close or not asked
        except Refused as error:
            answer = self.failed(error.status, str(error))
        signal.setitimer(signal.ITIMER_REAL, self.seconds)
        try:
            connection.write(answer, head_only, close)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        if close:
            self._drop(connection)
        return not close


def listen(address: str) -> socket.socket:
    """unix:PATH, or HOST:PORT."""
    if address.startswith("unix:"):
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(address[5:])
        listener.listen(128)
    else:
        host, _, port = address.rpartition(":")
        # Without a host it would be every address of the machine.
        if not host or not port.isdecimal():
            raise ValueError(f"{address}: it takes HOST:PORT, or unix:PATH")
        listener = socket.create_server((urllib.parse.unquote(host.strip("[]")), int(port)), backlog=128,
                                        family=socket.AF_INET6 if "[" in host else socket.AF_INET)
    listener.setblocking(False)
    return listener


def become(name: str, listener: socket.socket) -> None:
    """From root to a user, who owns the socket then."""
    user = pwd.getpwnam(name)
    if listener.family == socket.AF_UNIX:
        os.chown(listener.getsockname(), user.pw_uid, user.pw_gid)
    os.setgroups([])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)


def serve(workers: int, run: Callable[[], None]) -> int:
    """Keep WORKERS processes that RUN, until a signal ends them all."""
    pids: set[int] = set()
    ending = False

    def end(_signal: int, _frame: object) -> None:
        nonlocal ending
        ending = True
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    while not ending:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
        while len(pids) < workers and not ending:
            pid = os.fork()
            if pid == 0:
                # A signal to all of them is for the first one, who ends the others.
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                signal.signal(signal.SIGINT, signal.SIG_IGN)
                signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})
                try:
                    run()
                except BaseException:
                    traceback.print_exc()
                os._exit(1)
            pids.add(pid)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})
        try:
            pid, status = os.wait()
        except InterruptedError:
            continue
        pids.discard(pid)
        # One that ends at once isn't made again as fast as can be.
        if not ending:
            print(f"a process ended with {status}; another takes its place", file=sys.stderr)
            time.sleep(0.1)
    for pid in pids:
        os.waitpid(pid, 0)
    return 0
