# SPDX-License-Identifier: Apache-2.0
"""The files of bombs.sh, made and read one by one in the current directory."""
import gzip, lzma, os, struct, subprocess, sys, zlib

from sevenzip import lzma_coder, lzma_pack, sevenzip

MIB = 1 << 20


def repeated(piece, n, begin=b"", end=b""):
    """gzip of begin, n times piece, and end, without having it in memory."""
    packer = zlib.compressobj(1, 8, 31)
    out = [packer.compress(begin)]
    out += [packer.compress(piece) for _ in range(n)]
    return b"".join(out) + packer.compress(end) + packer.flush()


def xz_with_dictionary(code):
    """The size of the dictionary is a byte in the block's header, which has a CRC."""
    data = bytearray(lzma.compress(b"text"))
    size = (data[12] + 1) * 4
    assert data[14] == 0x21 and data[15] == 1
    data[16] = code
    data[12 + size - 4:12 + size] = struct.pack("<I", zlib.crc32(data[12:12 + size - 4]))
    return bytes(data)


def lzma_with_dictionary(size):
    data = bytearray(lzma.compress(b"text", format=lzma.FORMAT_ALONE))
    data[1:5] = struct.pack("<I", size)
    return bytes(data)


def tar_header(name, kind, size):
    block = bytearray(struct.pack("100s8s8s8s12s12s8sc100s6s2s247x", name, b"0000644\0", b"0000000\0",
                                  b"0000000\0", b"%011o\0" % size, b"00000000000\0", b" " * 8, kind, b"",
                                  b"ustar\0", b"00"))
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def pax(*fields):
    body = b""
    for field in fields:
        n = len(field) + 3
        while len(b"%d %s\n" % (n, field)) != n:
            n += 1
        body += b"%d %s\n" % (n, field)
    return tar_header(b"pax", b"x", len(body)) + body + bytes(-len(body) % 512)


def zip_of_members(n):
    entry = struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 0, 0, 33, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 65535, 65535, n * len(entry), 46, 0)
    local = struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 0, 33, 0, 0, 0, 0, 0, 0)
    return local + bytes(16) + entry * n + end


A = b"a" * MIB
# A tar of a binary member, which is passed over, and a small text: little is sorted, so that it takes
# no time.
BINARY = 300


def zstd(*options):
    tar = tar_header(b"zeros", b"0", BINARY * MIB) + bytes(BINARY * MIB)
    tar += tar_header(b"text", b"0", 1) + b"a".ljust(512, b"\0") + bytes(1024)
    return subprocess.run(["zstd", "-qc1", *options], input=tar, stdout=subprocess.PIPE,
                          check=True).stdout


# name, bytes, --memory in MiB, what is said (None: it is read)
BOMBS = [
    ("name.gz", lambda: repeated(A, 300, b"\x1f\x8b\x08\x08" + bytes(6)), 256, "truncated"),
    ("window-128M.tar.zst", lambda: zstd("--long=27"), 256, None),
    ("window-2G.tar.zst", lambda: zstd("--long=31"), 256,
     "takes more memory to decompress than the 144 MiB that --memory leaves"),
    ("window-2G-more.tar.zst", lambda: zstd("--long=31"), 1024, None),
    ("window-2G-pipe.tar.zst", lambda: gzip.compress(zstd("--long=31")), 256,
     "zstd -dc --long=31 FILE | mkngramfs"),
    ("dictionary.xz", lambda: xz_with_dictionary(40), 256, "xz -dc FILE | mkngramfs"),
    ("dictionary-64M.xz", lambda: xz_with_dictionary(28), 256, None),
    ("dictionary.lzma", lambda: lzma_with_dictionary(1 << 31), 256, "xz -dc FILE | mkngramfs"),
    ("pax.tar.gz", lambda: repeated(A, 20, tar_header(b"p", b"x", 300 * MIB)), 256, "damaged"),
    ("longname.tar.gz", lambda: repeated(A, 20, tar_header(b"p", b"L", 300 * MIB)), 256, "damaged"),
    ("sparse.tar.gz",
     lambda: repeated(b"0\n0\n" * 128, 400000,
                      pax(b"GNU.sparse.major=1", b"GNU.sparse.minor=0", b"GNU.sparse.realsize=99999")
                      + tar_header(b"s", b"0", 204800512) + (b"51200000\n" + b"0\n" * 252)[:512]), 256,
     "a header or directory of the archive has more than"),
    ("members.zip", lambda: zip_of_members(2000000), 256,
     "a header or directory of the archive has more than"),
    ("dictionary.7z", lambda: sevenzip([("a", b"a")], lzma_coder(3 << 30), lzma_pack), 256,
     "takes more memory than the 144 MiB that --memory leaves"),
    ("files.7z", lambda: sevenzip([("a", b"a")], files=50000000), 256, "makes no sense"),
    ("header.warc.gz", lambda: repeated(b"A: a\r\n" * 99999, 100, b"WARC/1.0\r\n"), 256,
     "a header of more than 1 MiB"),
    ("block.warc.gz", lambda: repeated(A, 300, b"WARC/1.0\r\nWARC-Type: conversion\r\n"
                                       b"Content-Length: 314572800\r\n\r\n"), 256,
     "its payload is larger than memory allows"),
    ("columns.csv.gz", lambda: repeated(b"," * MIB, 100, b"text"), 256, "columns, more than 65536"),
    ("fields.csv.gz", lambda: repeated(b"," * MIB, 200, b"text,id\n"), 256, "fields, where the header"),
]


def write(path, make):
    """In a process of its own: what this one has had in memory would count as that of its children."""
    pid = os.fork()
    if pid == 0:
        with open(path, "wb") as out:
            out.write(make())
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0


def read(path, memory):
    """mkngramfs of path: its status, what it says, and the most memory that it had, in bytes."""
    process = subprocess.Popen([os.environ["MKNGRAMFS"], f"--memory={memory}M", "--progress=none", "-o",
                                "x", path], stderr=subprocess.PIPE)
    said = process.stderr.read().decode(errors="replace")
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    subprocess.run(["rm", "-rf", "x"], check=True)
    return process.returncode, said, usage.ru_maxrss * 1024


bad = 0
for name, make, memory, message in BOMBS:
    write(name, make)
    size = os.path.getsize(name)
    status, said, peak = read(name, memory)
    os.unlink(name)
    print(f"{name}: {size} bytes, {peak // MIB} MiB of memory, status {status}")
    if peak > memory * MIB:
        print(f"{name}: took {peak // MIB} MiB")
        bad += 1
    if status != (0 if message is None else 1) or (message or "") not in said:
        print(f"{name}: status {status}, should say {message!r}, said {said!r}")
        bad += 1
sys.exit(1 if bad else 0)
