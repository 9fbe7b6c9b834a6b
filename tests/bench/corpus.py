# SPDX-License-Identifier: Apache-2.0
"""What the figures are measured on: text, queries, and the indexes of both sides, all of it kept in
a cache directory, so that a second run finds it there."""

import collections
import glob
import hashlib
import json
import os
import random
import shutil
import string
import subprocess
import urllib.parse

QUERIES = 2000
COPIES = 10


class Missing(Exception):
    """Something that the benchmark needs isn't here; the text says how to get it."""


class Failed(Exception):
    """A measurement could not be made; the text says why."""


def run(*args):
    """Standard output of a command that must succeed."""
    done = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise Failed(f"{os.path.basename(args[0])} {args[1]}: "
                     f"{said[-1] if said else f'exit status {done.returncode}'}")
    return done.stdout.decode()


def pairs(text):
    """The key=value pairs in a program's output, as numbers."""
    words = (word.partition("=") for word in text.split())
    return {key: float(value) for key, equals, value in words if equals}


def digest(path):
    with open(path, "rb") as file:
        return hashlib.blake2b(file.read(), digest_size=6).hexdigest()


def write_whole(path, write):
    """A file, or a directory, that is there whole or not at all: write(name) makes it."""
    part = path + ".part"
    if os.path.isdir(part):
        shutil.rmtree(part)
    write(part)
    os.rename(part, path)
    return path


def escape_all(query):
    """As the peer and bench_engine read it."""
    return "".join(chr(b) if chr(b) in string.ascii_letters else f"%{b:02X}" for b in query)


def escape_name(query):
    """As a file name in a mount."""
    return "".join(chr(b) if 0x20 <= b < 0x7f and b not in b"%/." else f"%{b:02X}" for b in query)


class Corpus:
    """english.jsonl.zst of the shared directory, and what is made from it."""

    def __init__(self, shared, cache, tools):
        self.tools = tools
        self.jsonl = os.path.join(shared, "corpora", "english.jsonl.zst")
        self.peer_source = os.path.join(shared, "peers", "sdsl_peer.cpp")
        for path in (self.jsonl, self.peer_source):
            if not os.access(path, os.R_OK):
                raise Missing(f"{path} is missing; set NGRAMFS_SHARED to the directory that has "
                              "corpora/english.jsonl.zst and peers/sdsl_peer.cpp")
        for tool, package in (("zstd", "zstd"), ("g++", "g++")):
            if not shutil.which(tool):
                raise Missing(f"{tool} is missing; apt-get install {package}")
        self.dir = os.path.join(cache, digest(self.jsonl))
        os.makedirs(self.dir, exist_ok=True)
        self.peer = self._peer()
        self._docs = None

    def path(self, name):
        return os.path.join(self.dir, name)

    def _peer(self):
        path = self.path("sdsl_peer-" + digest(self.peer_source))
        if os.path.exists(path):
            return path
        done = subprocess.run(["g++", "-O3", "-march=native", "-DNDEBUG", self.peer_source, "-o",
                               path + ".part", "-lsdsl", "-ldivsufsort", "-ldivsufsort64"],
                              stderr=subprocess.PIPE, check=False)
        if done.returncode != 0:
            if b"sdsl" in done.stderr:
                raise Missing("the peer doesn't compile; apt-get install libsdsl-dev")
            raise Missing("the peer doesn't compile: " + done.stderr.decode(errors="replace"))
        os.rename(path + ".part", path)
        return path

    def lines(self):
        """The corpus's JSON objects."""
        with subprocess.Popen(["zstd", "-dcq", self.jsonl], stdout=subprocess.PIPE) as zstd:
            for line in zstd.stdout:
                yield json.loads(line)

    @property
    def docs(self):
        """The documents' bytes."""
        if self._docs is None:
            self._docs = [line["text"].encode() for line in self.lines()]
        return self._docs

    def text(self):
        """The bare text, documents one after the other, for the peer."""
        def write(part):
            with open(part, "wb") as file:
                file.writelines(self.docs)
        path = self.path("text")
        return path if os.path.exists(path) else write_whole(path, write)

    def substrings(self, length, seed):
        """Endless random substrings of the text that lie within one document, every place being as
        likely."""
        docs = [doc for doc in self.docs if len(doc) >= length]
        chosen = random.Random(f"{seed} {length}")
        weights = [len(doc) - length + 1 for doc in docs]
        while True:
            for doc in chosen.choices(docs, weights, k=1000):
                at = chosen.randrange(len(doc) - length + 1)
                yield doc[at:at + length]

    def queries(self, length):
        """A file of QUERIES queries, one a line."""
        def write(part):
            source = self.substrings(length, "queries")
            with open(part, "w", encoding="ascii") as file:
                file.writelines(escape_all(next(source)) + "\n" for _ in range(QUERIES))
        path = self.path(f"queries.{length}")
        return path if os.path.exists(path) else write_whole(path, write)

    def words(self, length):
        """A file of QUERIES words of small letters, one a line, some of them more than once."""
        def write(part):
            found = []
            for text in self.substrings(8 * length, "words"):
                words = text.decode(errors="replace").split()[1:-1]
                found += (w for w in words if len(w) == length and w.isascii() and w.islower()
                          and w.isalpha())
                if len(found) >= QUERIES:
                    break
            with open(part, "w", encoding="ascii") as file:
                file.writelines(word + "\n" for word in found[:QUERIES])
        path = self.path(f"words.{length}")
        return path if os.path.exists(path) else write_whole(path, write)

    def names(self, length, n):
        """A list of n different file names that are queries of `length` bytes."""
        def write(part):
            names = {}
            for query in self.substrings(length, "names"):
                names[escape_name(query)] = True
                if len(names) == n:
                    break
            with open(part, "w", encoding="ascii") as file:
                file.writelines(name + "\n" for name in names)
        path = self.path(f"names.{length}.{n}")
        if not os.path.exists(path):
            write_whole(path, write)
        with open(path, encoding="ascii") as file:
            return file.read().splitlines()

    def across(self, length):
        """Occurrences of the queries that run across documents in the bare text: those that only
        the peer counts."""
        with open(self.text(), "rb") as file:
            text = file.read()
        with open(self.queries(length), encoding="ascii") as file:
            wanted = collections.Counter(urllib.parse.unquote_to_bytes(line.strip())
                                         for line in file)
        places, end = set(), 0
        for doc in self.docs:
            places.update(range(max(end - length + 1, 0), end))
            end += len(doc)
        return sum(wanted[text[p:p + length]] for p in places)

    def peer_index(self):
        """The peer's index, and what the peer said when it built it."""
        def write(part):
            said = run(self.peer, "build", self.text(), part)
            with open(self.path("peer.said"), "w", encoding="ascii") as file:
                file.write(said)
        path = self.path("peer.index")
        if not os.path.exists(path):
            write_whole(path, write)
        with open(self.path("peer.said"), encoding="ascii") as file:
            return path, pairs(file.read())

    def _index(self, name, build):
        """An index that this very mkngramfs made; those of earlier ones are removed."""
        path = self.path(f"{name}-{digest(self.tools.mkngramfs)}")
        if not os.path.exists(path):
            for old in glob.glob(self.path(name + "-*")):
                shutil.rmtree(old)
            write_whole(path, build)
        return path

    def index(self):
        """Our index of the corpus."""
        return self._index("index", lambda part: run(self.tools.mkngramfs, "-q", "-o", part,
                                                     self.jsonl))

    def index_shards(self, n):
        """The same in about n shards."""
        if n == 1:
            return self.index()
        size = sum(map(len, self.docs)) // n + 1
        return self._index(f"shards{n}", lambda part: run(
            self.tools.mkngramfs, "-q", f"--shard-size={size}", "-o", part, self.jsonl))

    def index_thousand(self):
        """Our index of the corpus's first documents in a thousand shards or so, of 20 KB each."""
        def lines():
            left = 20_000_000
            for doc in self.docs:
                left -= len(doc)
                if left < 0:
                    return
                yield json.dumps({"text": doc.decode()}).encode() + b"\n"
        return self._index_of("thousand", lines(), "--shard-size=20000")

    def index_stored(self):
        """The same with a text store."""
        return self._index("store", lambda part: run(self.tools.mkngramfs, "-q", "--text-store",
                                                     "-o", part, self.jsonl))

    def _index_of(self, name, lines, *options):
        """Our index of JSON lines (bytes)."""
        def build(part):
            args = [self.tools.mkngramfs, "-q", *options, "--format=jsonl", "-o", part, "-"]
            with subprocess.Popen(args, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as child:
                try:
                    child.stdin.writelines(lines)
                    child.stdin.close()
                except BrokenPipeError:
                    pass  # its status says why
                child.stdin = None
                said = child.communicate()[1].decode(errors="replace").strip()
            if child.returncode != 0:
                raise Failed(f"mkngramfs of the {name} text: {said}")
        return self._index(name, build)

    def append_docs(self, index, n):
        """The first n documents, in capitals, as one more shard; their bytes."""
        lines = [json.dumps({"text": doc.decode().upper()}) + "\n" for doc in self.docs[:n]]
        done = subprocess.run([self.tools.mkngramfs, "-q", "--append", "--format=jsonl", "-o",
                               index, "-"], input="".join(lines).encode(),
                              stderr=subprocess.PIPE, check=False)
        if done.returncode != 0:
            raise Failed("append: " + done.stderr.decode(errors="replace").strip())
        return sum(len(json.loads(line)["text"].encode()) for line in lines)

    def index_tenth(self):
        """Our index of the first tenth of the corpus, 10 MB."""
        def lines():
            left = sum(map(len, self.docs)) // 10
            for doc in self.docs:
                left -= len(doc)
                if left < 0:
                    return
                yield json.dumps({"text": doc.decode()}).encode() + b"\n"
        return self._index_of("tenth", lines())

    def joined(self):
        """The first fifth of the corpus, 20 MB, as one document."""
        found, left = [], sum(map(len, self.docs)) // 5
        for doc in self.docs:
            left -= len(doc)
            if left < 0:
                break
            found.append(doc)
        return b"".join(found)

    def index_joined(self, stored):
        """Our index of that document, with a text store or without one."""
        def lines():
            yield json.dumps({"text": self.joined().decode()}).encode() + b"\n"
        if stored:
            return self._index_of("joinedstore", lines(), "--text-store")
        return self._index_of("joined", lines())

    def index_tenfold(self):
        """Our index of 1 GB. Every copy of the corpus has its letters shifted along the alphabet by
        another number, so that the text is as compressible as real text but nothing comes twice."""
        def lines():
            for copy in range(COPIES):
                shifted = "".join(letters[copy:] + letters[:copy] for letters in
                                  (string.ascii_lowercase, string.ascii_uppercase))
                table = str.maketrans(string.ascii_lowercase + string.ascii_uppercase, shifted)
                for doc in self.docs:
                    yield json.dumps({"text": doc.decode().translate(table)}).encode() + b"\n"
        return self._index_of("tenfold", lines())
