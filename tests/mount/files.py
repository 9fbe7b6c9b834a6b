# SPDX-License-Identifier: Apache-2.0
"""Sources for files.sh, and what /files should have of an index.

files.py make       writes tree/, rec.jsonl, table.csv, lines.txt, lines.txt.gz, pack.tar, pack.zip, one.txt, two.txt
files.py hostile    writes hostile.tar and again.tar, of names that no file can have
files.py check DIR  compares DIR/files with the documents and metadata of DIR/doc
"""

import collections
import gzip
import io
import json
import os
import random
import sys
import tarfile
import zipfile

SEED = 5


def write(path, data):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "wb") as out:
        out.write(data)


def make():
    rng = random.Random(SEED)
    for name in ("a", "sub/b", "sub/sub/c.md", "sub.x/d", "sub-y", "ü/漢字.md", ".hidden/.x", "with blank/100%.txt",
                 "tilde~1", "a\nb/c\td", "n" * 255, "m" * 255 + "/" + "o" * 255, "empty", "back\\slash", "%00"):
        write("tree/" + name, b"" if name == "empty" else f"text of {name} {rng.random()}\n".encode())
    for i in range(1200):
        write(f"tree/many/file {i}", b"%d" % i)
        write(f"tree/dirs/{i}/f", b"%d" % i)
    write("tree/large.md", bytes(rng.choices(b"abc \n", k=300000)))
    docs = [{"text": f"text {i}", "path": f"own/{i}", "line": i * 7, "metadata": {"record": 3}} for i in range(50)]
    write("rec.jsonl", "".join(json.dumps(d) + "\n\n" * (i % 3) for i, d in enumerate(docs)).replace("}{", "}\n{").encode())
    write("table.csv", b"text,n\n" + b"".join(b'"cell\n%d",%d\n' % (i, i) for i in range(20)))
    lines = b"".join(b"line %d\n" % i for i in range(30))
    write("lines.txt", lines)
    with gzip.open("lines.txt.gz", "wb") as out:
        out.write(lines)
    write("one.txt", b"one")
    write("two.txt", b"two")
    with tarfile.open("pack.tar", "w") as tar:
        for name in ("z", "d/inner", "./d/other", "a"):
            member = tarfile.TarInfo(name)
            data = name.rpartition("/")[2].encode()
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    with zipfile.ZipFile("pack.zip", "w") as pack:
        pack.writestr("x/y", "zipped")
        pack.writestr("x/z", "zipped, too")


def hostile():
    names = ["a", "a", "a/b", "a/b", "a/b/c", "../up", "x/../y", "//abs", "x/./y", "x/y", "...", "a~1", "a~0", "a/b~2",
             "l" * 300, "l" * 301, "l" * 255, "ü" * 130, "ü" * 200 + "/f", "d/" * 300 + "deep", "k/" + "n" * 250,
             "k/" + "n" * 250, "k/" + "ü" * 127, "k/" + "ü" * 127, "deep/" + "w" * 200 + ("/" + "w" * 200) * 20, "..", ".",
             "unnamed/00000025.txt", "tab\t", "new\nline", "\x01", "a\x01b", "q" * 254 + "é"]
    rng = random.Random(SEED)
    names += ["/".join(rng.choices("abc~0", k=rng.randint(1, 3))) for _ in range(400)]
    for archive, some in (("hostile.tar", names), ("again.tar", names[::3])):
        with tarfile.open(archive, "w", format=tarfile.PAX_FORMAT) as tar:
            for i, name in enumerate(some):
                member = tarfile.TarInfo(name)
                data = f"{archive} {i}".encode()
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))


def is_free(key, taken):
    """Whether no file or directory has that name."""
    return key not in taken


def plain_name(path, part):
    """Names on the way, or None where the index has to say another thing."""
    names = [name.replace("\0", "%00") for name in path.split("/") if name not in ("", ".", "..")]
    if names and part is not None:
        names.append(f"{part:08}.txt")
    return tuple(name.encode() for name in names)


def check(root):
    with open(root + "/stats", encoding="utf-8") as stats:
        stats = json.load(stats)
    n = stats["documents"] + stats["removed_documents"]
    docs = {}
    for doc in range(n):
        try:
            with open(f"{root}/doc/{doc}.json", encoding="utf-8") as meta:
                docs[doc] = json.load(meta)
        except FileNotFoundError:
            pass
    assert len(docs) == stats["documents"], "documents"
    inode = {doc: os.stat(f"{root}/doc/{doc}.txt").st_ino for doc in docs}
    found = collections.defaultdict(list)
    directories = set()
    base = os.fsencode(root + "/files")
    for here, dirs, files in os.walk(base):
        way = tuple(here[len(base):].split(b"/")[1:])
        directories.add(way)
        assert sorted(dirs + files) == sorted(set(dirs + files)), ("listed twice", here)
        assert here == base or dirs or files, ("an empty directory", here)
        for name in files:
            assert len(name) <= 255
            found[os.lstat(here + b"/" + name).st_ino].append(way + (name,))
    # Each document once, and nothing else.
    assert sorted(found) == sorted(inode.values()), "documents in files"
    assert all(len(ways) == 1 for ways in found.values()), "a document under two names"
    by_doc = {doc: found[inode[doc]][0] for doc in docs}
    wanted = {}
    for doc, meta in docs.items():
        part = next((meta[k] for k in ("line", "item", "record") if k in meta), None)
        wanted[doc] = plain_name(meta["path"], part)
    holders = collections.defaultdict(list)
    for doc, way in wanted.items():
        if way and len(b"/".join(way)) <= 3840 and all(len(name) <= 255 for name in way):
            holders[way].append(doc)
        elif way and len(b"/".join(way)) <= 3840:
            got = by_doc[doc]
            assert len(got) == len(way), (way, got)
            for name, shown in zip(way[:-1], got):
                assert shown == name or (len(name) > 255 and name.startswith(shown[:-17]) and shown[-17:-16] == b"~"), (name, shown)
        else:
            assert by_doc[doc][0] == b"unnamed" and by_doc[doc][1].startswith(b"%08d.txt" % doc), by_doc[doc]
    for way, several in holders.items():
        for rank, doc in enumerate(sorted(several)):
            got = by_doc[doc]
            assert got[:-1] == way[:-1], (way, got)
            if rank == 0 and way not in directories:
                assert got == way, (way, got)
            else:
                suffix = b"~%d" % doc
                name = got[-1].rstrip(b"~") if got[-1].endswith(b"~") else got[-1]
                kept = name[:-len(suffix)]
                assert name.endswith(suffix) and way[-1].startswith(kept), (way, got)
                assert kept == way[-1] or len(got[-1]) > 250, (way, got)
                assert got[-1].decode(), "cut within a character"
    for doc, way in by_doc.items():
        with open(base + b"/" + b"/".join(way), "rb") as a, open(f"{root}/doc/{doc}.txt", "rb") as b:
            assert a.read() == b.read(), way


if __name__ == "__main__":
    {"make": make, "hostile": hostile}.get(sys.argv[1], lambda: check(sys.argv[2]))()
