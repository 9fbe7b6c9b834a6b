# SPDX-License-Identifier: Apache-2.0
"""The tables of formats.sh: what is read, and as which documents, and what is not, and as what it
is named. A row a format.

formats.py make DIR            write the samples
formats.py index DIR INDEX     index those that are read, in the order of the table
formats.py check DIR MOUNT     compare the documents of a mount
formats.py refuse DIR          index those that are not read, which must fail"""
import bz2, concurrent.futures, gzip, io, itertools, json, lzma, os, struct, subprocess, sys, tarfile, tempfile, zipfile, zlib

from sevenzip import AES, lzma_coder, lzma_pack, sevenzip

TEXT = "".join(f"line {i}: naïve text, {i * 7919 % 1000} of it\n" for i in range(400)).encode()
MORE = b"and more of it\n"


def tool(*command, data=TEXT):
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout


def lzip(data):
    """A member of lzip: its header, LZMA with a mark of the end, CRC and sizes."""
    filters = [{"id": lzma.FILTER_LZMA1, "dict_size": 1 << 16, "lc": 3, "lp": 0, "pb": 2}]
    body = b"LZIP\1\x10" + lzma.compress(data, format=lzma.FORMAT_RAW, filters=filters)
    return body + struct.pack("<IQQ", zlib.crc32(data), len(data), len(body) + 20)


def compress_z(data):
    """A .Z file of codes of 9 bits that each stand for a byte: as long as the table is small."""
    assert len(data) < 200
    bits = "".join(f"{byte:09b}"[::-1] for byte in data)
    bits += "0" * (-len(bits) % 8)
    return b"\x1f\x9d\x90" + bytes(int(bits[i:i + 8][::-1], 2) for i in range(0, len(bits), 8))


def skippable(n):
    return struct.pack("<II", 0x184D2A50 + n, 5) + b"12345"


def gz_with_fields(data):
    """A gzip header with everything in it: extra field, name, comment and its checksum."""
    header = b"\x1f\x8b\x08\x1e\0\0\0\0\0\x03" + b"\4\0abcd" + b"name\0" + b"comment\0"
    header += struct.pack("<H", zlib.crc32(header) & 0xFFFF)
    deflate = zlib.compressobj(9, 8, -15)
    body = deflate.compress(data) + deflate.flush()
    return header + body + struct.pack("<II", zlib.crc32(data), len(data))


MEMBERS = [("a.txt", b"first\n"), ("dir/b.txt", TEXT), ("binary", b"a\0b"), ("empty", b"")]
LONG = "d/" * 60 + "n" * 150 + "é"


def tar(form, names=MEMBERS, mode="w"):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode, format=form) as archive:
        for name, data in names:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def zipped(method, names=MEMBERS):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in names:
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return out.getvalue()


class Pipe(io.BytesIO):
    """Nobody can seek in it, so that sizes and CRCs stand behind each member."""

    def seekable(self):
        return False

    def seek(self, *arguments):
        raise OSError


def zip_of_pipe():
    out = Pipe()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in MEMBERS + [("naïve/é.txt", b"name")]:
            with archive.open(name, "w", force_zip64=True) as member:
                member.write(data)
    return out.getvalue()


def record(kind, block, *fields, version="1.0", length=None):
    head = f"WARC/{version}\r\nWARC-Type: {kind}\r\n" + "".join(f + "\r\n" for f in fields)
    head += f"Content-Length: {len(block) if length is None else length}\r\n\r\n"
    return head.encode() + block + b"\r\n\r\n"


def http(body, *fields, status="200 OK"):
    return (f"HTTP/1.1 {status}\r\n" + "".join(f + "\r\n" for f in fields) + "\r\n").encode() + body


def chunked(data):
    return b"".join(b"%x;x=1\r\n%s\r\n" % (len(p), p)
                    for p in (data[:100], data[100:3000], data[3000:])) + b"0\r\n\r\n"


HTTP = "Content-Type: application/http; msgtype=response"
PAGE = record("warcinfo", b"software: x\r\n") + record(
    "request", b"GET / HTTP/1.1\r\n\r\n") + record(
        "response", http(b"<p>page</p>", "Content-Type: text/html"), "WARC-Target-URI: http://a/",
        "WARC-Date: 2024-01-01T00:00:00Z", HTTP)
WET = [record("warcinfo", b"x", version="1.0")] + [
    record("conversion", f"text {i}".encode(), f"WARC-Target-URI: http://a/{i}",
           "Content-Type: text/plain") for i in range(3)]
CSV = ('\ufeffid,text,note\r\n1,"a, ""b""\r\nc",x\r\n\r\n2,d"e,"ü\n"\r\n3,,\r\n').encode()
CSV_DOCS = [b'a, "b"\r\nc', b'd"e', b""]


def flip(data, at):
    data = bytearray(data)
    data[at] ^= 4
    return bytes(data)


def encrypted():
    """A member that says it is encrypted, in its own header and in the directory."""
    data = bytearray(zipped(zipfile.ZIP_STORED, [("a", b"x" * 50)]))
    data[6] |= 1
    data[data.index(b"PK\1\2") + 8] |= 1
    return bytes(data)


DOCS = [b"first\n", TEXT, b""]
BIG_GZ = gzip.compress(TEXT)
LZ4 = tool("lz4", "-qc")
ZSTD = tool("zstd", "-qc")

# name, bytes, documents, arguments
READ = [
    ("plain.txt", TEXT, [TEXT]),
    ("empty.txt", b"", [b""]),
    ("latin1.txt", "naïve".encode("latin-1"), ["naïve".encode("latin-1")]),
    ("bom.txt", b"\xef\xbb\xbfx", [b"\xef\xbb\xbfx"]),
    ("orchid.txt", b"ORCHID", [b"ORCHID"]),
    ("par1.txt", b"PAR1 is a gene\n", [b"PAR1 is a gene\n"]),
    ("mz.txt", b"MZ BZh9 PK\n", [b"MZ BZh9 PK\n"]),
    ("control.txt", b"\x0c\x1b[1mbold\x1b[0m\x08\n", [b"\x0c\x1b[1mbold\x1b[0m\x08\n"]),
    ("lines", b"a\nb\n", [b"a", b"b"], "--format=lines"),
    ("as-text.pdf", b"%PDF-1.4\n", [b"%PDF-1.4\n"], "--format=text"),
    # compressions
    ("plain.gz", BIG_GZ, [TEXT]),
    ("fields.gz", gz_with_fields(TEXT), [TEXT]),
    ("members.gz", BIG_GZ + gzip.compress(b"") + gzip.compress(MORE), [TEXT + MORE]),
    ("zeros.gz", BIG_GZ + bytes(1000), [TEXT]),
    ("newline.gz", BIG_GZ + b"\n", [TEXT]),
    ("zeros-between.gz", BIG_GZ + bytes(512) + gzip.compress(MORE), [TEXT + MORE]),
    ("empty.gz", gzip.compress(b""), [b""]),
    ("plain.bz2", bz2.compress(TEXT), [TEXT]),
    ("streams.bz2", bz2.compress(TEXT) + bz2.compress(b"") + bz2.compress(MORE), [TEXT + MORE]),
    ("plain.xz", lzma.compress(TEXT), [TEXT]),
    ("streams.xz", lzma.compress(TEXT) + bytes(8) + lzma.compress(MORE), [TEXT + MORE]),
    ("crc32.xz", lzma.compress(TEXT, check=lzma.CHECK_CRC32), [TEXT]),
    ("plain.lzma", lzma.compress(TEXT, format=lzma.FORMAT_ALONE), [TEXT]),
    ("plain.lz", lzip(TEXT), [TEXT]),
    ("members.lz", lzip(TEXT) + lzip(MORE), [TEXT + MORE]),
    ("plain.Z", compress_z(b"compress made this, in 1985"), [b"compress made this, in 1985"]),
    ("plain.zst", ZSTD, [TEXT]),
    ("frames.zst", ZSTD + skippable(3) + tool("zstd", "-qc", data=MORE), [TEXT + MORE]),
    ("skippable.zst", skippable(0) + ZSTD + skippable(15), [TEXT]),
    ("long.zst", tool("zstd", "-qc", "--long=31"), [TEXT]),
    ("long-256M.zst", tool("zstd", "-qc", "--long=31"), [TEXT], "--memory=256M"),
    ("nothing.zst", skippable(1), [b""]),
    ("plain.lz4", LZ4, [TEXT]),
    ("frames.lz4", LZ4 + tool("lz4", "-qc", data=b"") + tool("lz4", "-qc", data=MORE),
     [TEXT + MORE]),
    ("skippable.lz4", skippable(0) + LZ4 + skippable(7), [TEXT]),
    ("legacy.lz4", tool("lz4", "-qlc"), [TEXT]),
    ("legacy-and-not.lz4", tool("lz4", "-qlc") + LZ4, [TEXT + TEXT]),
    ("nested.gz.bz2.xz", lzma.compress(bz2.compress(BIG_GZ)), [TEXT]),
    # archives
    ("ustar.tar", tar(tarfile.USTAR_FORMAT), DOCS),
    ("gnu.tar", tar(tarfile.GNU_FORMAT, MEMBERS + [(LONG, b"long")]), DOCS + [b"long"]),
    ("pax.tar", tar(tarfile.PAX_FORMAT, MEMBERS + [(LONG, b"long")]), DOCS + [b"long"]),
    ("none.tar", tar(tarfile.USTAR_FORMAT, []), []),
    ("two.tar", tar(tarfile.USTAR_FORMAT) + tar(tarfile.USTAR_FORMAT), DOCS + DOCS),
    ("plain.tar.gz", gzip.compress(tar(tarfile.PAX_FORMAT)), DOCS),
    ("plain.tar.xz", lzma.compress(tar(tarfile.PAX_FORMAT)), DOCS),
    ("plain.tar.zst", tool("zstd", "-qc", data=tar(tarfile.PAX_FORMAT)), DOCS),
    ("stored.zip", zipped(zipfile.ZIP_STORED), DOCS),
    ("deflated.zip", zipped(zipfile.ZIP_DEFLATED), DOCS),
    ("bzip2.zip", zipped(zipfile.ZIP_BZIP2), DOCS),
    ("descriptors.zip", zip_of_pipe(), DOCS + [b"name"]),
    ("descriptors.zip.gz", gzip.compress(zip_of_pipe()), DOCS + [b"name"]),
    ("none.zip", zipped(zipfile.ZIP_STORED, []), []),
    ("deflated.zip.gz", gzip.compress(zipped(zipfile.ZIP_DEFLATED)), DOCS),
    ("selfextracting", b"MZ\x01" + bytes(100) + zipped(zipfile.ZIP_DEFLATED), DOCS, "--format=zip"),
    ("stored.7z", sevenzip(MEMBERS), DOCS),
    ("lzma.7z", sevenzip(MEMBERS, lzma_coder(1 << 16), lzma_pack), DOCS),
    ("packed-header.7z", sevenzip(MEMBERS, lzma_coder(1 << 16), lzma_pack, True), DOCS),
    ("named-7z", sevenzip(MEMBERS), DOCS, "--format=7z"),
    ("pdf-within.tar", tar(tarfile.USTAR_FORMAT, [("a.pdf", b"%PDF-1.4\n"), ("b.gz", BIG_GZ),
                                                  ("c", b"c")]), [b"c"]),
    # records
    ("page.warc", PAGE, [b"<p>page</p>"]),
    ("page.warc.gz", b"".join(gzip.compress(r + b"") for r in (PAGE, PAGE)), [b"<p>page</p>"] * 2),
    ("text.wet", b"".join(WET), [b"text 0", b"text 1", b"text 2"]),
    ("text.warc.wet.gz", b"".join(map(gzip.compress, WET)), [b"text 0", b"text 1", b"text 2"]),
    ("named", b"\r\n" + WET[1], [b"text 0"], "--format=warc"),
    ("chunked.warc", record("response", http(chunked(TEXT), "Transfer-Encoding: chunked"), HTTP),
     [TEXT]),
    ("chunked-not.warc", record("response", http(TEXT, "Transfer-Encoding: chunked"), HTTP), [TEXT]),
    ("gzip.warc", record("response", http(BIG_GZ, "content-encoding: gzip"), HTTP), [TEXT]),
    ("both.warc", record("response", http(chunked(BIG_GZ), "Content-Encoding: gzip",
                                          "Transfer-Encoding: chunked"), HTTP), [TEXT]),
    ("gzip-not.warc", record("response", http(TEXT, "Content-Encoding: gzip"), HTTP), [TEXT]),
    ("br-not.warc", record("response", http(TEXT, "Content-Encoding: br"), HTTP), [TEXT]),
    ("others.warc", record("resource", b"res", "A: 1", "a: 2", "B: folded\r\n  value") + record(
        "metadata", b"x: y") + record("revisit", http(b"")) + record(
            "response", b"20240101 1.2.3.4", "Content-Type: text/dns") + record(
                "resource", b"\x89PNG\r\n\x1a\n\0"), [b"res"]),
    ("rfc.csv", CSV, CSV_DOCS),
    ("rfc.csv.gz", gzip.compress(CSV), CSV_DOCS),
    ("other-column.csv", b"a,b\n1,x\n", [b"x"], "--text-field=b"),
    ("only.csv", b"text\nx\n\ny", [b"x", b"y"]),
    ("header.csv", b"text,id\n", []),
    ("tabs.tsv", b'id\ttext\n1\ta,b\n2\t"c\td"\n', [b"a,b", b"c\td"]),
    ("named-csv", b"text\r\n\"\"\r\n", [b""], "--format=csv"),
    # JSON
    ("array.json", b'[{"text":"one"},\n {"text":"two"}]\n', [b"one", b"two"]),
    ("pretty.json", b'{\n  "text": "pretty",\n  "id": NaN\n}\n', [b"pretty"]),
    ("plain.jsonl", b'{"text":"caf\\u00e9"}\n{"text":"two"}\n', ["café".encode(), b"two"]),
    ("bom.jsonl", b'\xef\xbb\xbf{"text":"bom"}\n', [b"bom"]),
    ("plain.jsonl.gz", gzip.compress(b'{"text":"packed"}\n'), [b"packed"]),
]

# name, bytes, what is said, arguments
REFUSED = [
    ("utf16.txt", "text".encode("utf-16"), "UTF-16 text, which is not read; pipe it: iconv -f UTF-16 "),
    ("utf16be.txt", b"\xfe\xff\0t", "UTF-16 text"),
    ("utf16le-bare.txt", "some text\r\n".encode("utf-16-le"), "UTF-16 text, little-endian"),
    ("utf16be-bare.txt", "some text\r\n".encode("utf-16-be"), "UTF-16 text, big-endian"),
    ("utf16.jsonl", '{"text":"x"}\n'.encode("utf-16"), "UTF-16 text"),
    ("utf16.csv", "text\nx\n".encode("utf-16"), "UTF-16 text"),
    ("utf16-lines", "text\n".encode("utf-16"), "UTF-16 text", "--format=lines"),
    ("utf16.txt.gz", gzip.compress("text".encode("utf-16")), "UTF-16 text"),
    ("utf32.txt", "text".encode("utf-32"), "UTF-32 text, which is not read; pipe it: iconv -f UTF-32"),
    ("x.parquet", b"PAR1\x15\x04\x15\x10PAR1", "Parquet file, which is not read; pipe it: duckdb"),
    ("x.parquet.jsonl", b"PAR1\x15\x04\x15\x10PAR1", "Parquet file", "--format=jsonl"),
    ("ascii.pdf", b"%PDF-1.4\n1 0 obj\n", "PDF document, which is not read; pipe it: pdftotext"),
    ("second.pdf", b"%PDF-1.7\n\xe2\xe3\xcf\xd3\n", "PDF document"),
    ("x.feather", b"ARROW1\0\0" + bytes(50), "Arrow or Feather file"),
    ("x.arrow", b"\xff\xff\xff\xff\x30\1\0\0\x10\0\0\0\0\0\n\0", "Arrow stream"),
    ("x.avro", b"Obj\x01\x04\x16avro", "Avro file"),
    ("x.orc", b"ORC\x01\0", "ORC file"),
    ("x.h5", b"\x89HDF\r\n\x1a\n\0", "HDF5 file"),
    ("x.npy", b"\x93NUMPY\x01\0", "NumPy array"),
    ("x.sqlite", b"SQLite format 3\0\x10", "SQLite database"),
    ("x.pickle", b"\x80\x04\x95\n\0", "Python pickle"),
    ("x.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(8), "Office document of before 2007"),
    ("x.docx", zipped(zipfile.ZIP_DEFLATED, [("[Content_Types].xml", b"<a/>")]), "office document"),
    ("x.epub", zipped(zipfile.ZIP_STORED, [("mimetype", b"application/epub+zip")]), "EPUB"),
    ("x.lzo", b"\x89LZO\0\r\n\x1a\n\x10", "lzop-compressed file, which is not read; pipe it: lzop"),
    ("x.sz", b"\xff\x06\0\0sNaPpY", "snappy-compressed file"),
    ("x.rar", b"Rar!\x1a\x07\x01\0", "rar archive, which is not read; pipe it: bsdtar"),
    ("x.cab", b"MSCF\0\0\0\0\1", "cabinet archive"),
    ("x.cpio", b"070701" + b"0" * 104 + b"a\0", "cpio archive"),
    ("x.deb", b"!<arch>\ndebian-binary   ", "ar archive (or Debian package)"),
    ("x.iso", bytes(32768) + b"\1CD001\1" + bytes(100), "ISO 9660 image"),
    ("x.elf", b"\x7fELF\2\1\1\0", "ELF program"),
    ("x.png", b"\x89PNG\r\n\x1a\n\0", "PNG image"),
    ("x.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF", "JPEG image"),
    ("x.bin", b"a\0b", "a binary file (a NUL in its first 8 KiB)"),
    ("zeros.bin", bytes(100) + b"x" + bytes(5000), "a binary file"),
    # damage
    ("flipped.gz", flip(BIG_GZ, len(BIG_GZ) // 2), "damaged: the gzip stream"),
    ("crc.gz", flip(BIG_GZ, len(BIG_GZ) - 8), "damaged: the gzip stream"),
    ("length.gz", flip(BIG_GZ, len(BIG_GZ) - 4), "damaged: the gzip stream"),
    ("second-crc.gz", BIG_GZ + flip(BIG_GZ, len(BIG_GZ) - 8), "damaged: the gzip stream"),
    ("flipped.bz2", flip(bz2.compress(TEXT), 1000), "damaged: the bzip2 stream"),
    ("flipped.xz", flip(lzma.compress(TEXT), 1000), "damaged: the xz stream"),
    ("flipped.lz", flip(lzip(TEXT), len(lzip(TEXT)) - 20), "damaged: the lzip stream"),
    ("flipped.zst", flip(ZSTD, len(ZSTD) - 1), "damaged: the zstd stream"),
    ("flipped.lz4", flip(LZ4, len(LZ4) - 1), "damaged: the lz4 stream"),
    ("cut.gz", BIG_GZ[:-1], "truncated"),
    ("cut-header.gz", BIG_GZ[:5], "truncated"),
    ("cut-second.gz", BIG_GZ + BIG_GZ[:9], "truncated"),
    ("cut.xz", lzma.compress(TEXT)[:-1], "truncated"),
    ("cut-header.xz", lzma.compress(TEXT)[:5], "truncated"),
    ("cut.lzma", lzma.compress(TEXT, format=lzma.FORMAT_ALONE)[:-5], "truncated"),
    ("cut.lz", lzip(TEXT)[:-1], "truncated"),
    ("cut.zst", ZSTD[:-1], "truncated"),
    ("cut-skippable.zst", ZSTD + skippable(0)[:-1], "truncated"),
    ("cut.lz4", LZ4[:-1], "truncated"),
    ("cut-legacy.lz4", tool("lz4", "-qlc")[:-1], "truncated"),
    ("behind.gz", BIG_GZ + b"more", f"follow the compressed stream, from byte {len(BIG_GZ)} on"),
    ("behind-zeros.gz", BIG_GZ + bytes(99) + b"more", "follow the compressed stream"),
    ("lines-behind.gz", BIG_GZ + b"\n\n", "follow the compressed stream"),
    ("behind.zst", ZSTD + BIG_GZ, "follow the compressed stream"),
    ("nine.gz", None, "compressed more than 8 times over"),
    ("cut.tar", tar(tarfile.USTAR_FORMAT)[:2000], "truncated"),
    ("behind-tar.gz", gzip.compress(tar(tarfile.USTAR_FORMAT))[:-1], "truncated"),
    ("tar.txt", b"no tar\n", "not a tar archive", "--format=tar"),
    ("stored-flipped.zip", flip(zipped(zipfile.ZIP_STORED), 37), "damaged: ZIP bad CRC"),
    ("cut.zip", zipped(zipfile.ZIP_STORED)[:-30], ""),
    ("encrypted.zip", encrypted(), "its member a is encrypted"),
    ("lzma.zip", zipped(zipfile.ZIP_LZMA), "which is not read; pipe it: bsdtar"),
    ("flipped.7z", flip(sevenzip(MEMBERS), 40), "damaged: 7-Zip bad CRC"),
    ("cut.7z", sevenzip(MEMBERS)[:-9], "truncated: its header, which stands at its end, is missing"),
    ("encrypted.7z", sevenzip(MEMBERS, AES), "encrypted; unpack it with its password"),
    ("method.7z", sevenzip(MEMBERS, b"\x03\x04\xf7\x01"), "compressed in a way that is not read; pipe"),
    ("tables.7z", sevenzip(MEMBERS, files=50000000), "damaged: its header makes no sense"),
    ("no-header.7z", sevenzip(MEMBERS, packed_header=True, header_size=0), "makes no sense"),
    ("long-header.7z", sevenzip(MEMBERS, packed_header=True, header_size=999), "makes no sense"),
    ("packed.7z.gz", gzip.compress(sevenzip(MEMBERS)), "a 7z archive is read from its end"),
    ("tar.7z", tar(tarfile.USTAR_FORMAT), "not a 7z archive", "--format=7z"),
    # records
    ("bad.warc", WET[1] + record("conversion", b"four", length=2) + record(
        "response", http(BIG_GZ[:-9], "Content-Encoding: gzip"), HTTP) + WET[3],
     "record 2 at byte 119: no record follows where its Content-Length says that it ends"),
    ("cut.warc", PAGE[:-8], "truncated: the file ends before its Content-Length does"),
    ("cut-header.warc", PAGE[:40], "truncated: the file ends in its header"),
    ("length.warc", record("conversion", b"x", length="1x"), "no Content-Length that makes sense"),
    ("br.warc", record("response", http(b"\x1b\x1c\0\x88", "Content-Encoding: br"), HTTP),
     "compressed as br, which cannot be decoded"),
    ("chunks.warc", record("response", http(chunked(TEXT)[:-20], "Transfer-Encoding: chunked"), HTTP),
     "its HTTP body is truncated"),
    ("text.txt", TEXT, "it does not begin with WARC/1.0", "--format=warc"),
    ("no-text.csv", b"id,content\n1,x\n", 'no column "text"; its columns are id, content'),
    ("twice.csv", b"text,id,id\n", 'two columns are named "id"'),
    ("bad.csv", b'id,text\n1,a\n2,b,c\n"3"x,"\n",d\n4,e\n', "bad.csv:3: 3 fields, where the header has 2"),
    ("open.csv", b'text\na\n"b\nc\n', "open.csv:3: a quote is opened"),
    ("behind-quote.csv", b'text\n"a"b\n', "behind-quote.csv:2: bytes behind the quote"),
]


def make(where):
    nine = TEXT
    for _ in range(9):
        nine = gzip.compress(nine)
    for name, data, *_ in READ + REFUSED:
        with open(os.path.join(where, name), "wb") as out:
            out.write(nine if data is None else data)


def mkngramfs(*arguments):
    run = subprocess.run([os.environ["MKNGRAMFS"], "--quiet", *arguments], stderr=subprocess.PIPE)
    return run.returncode, run.stderr.decode(errors="replace")


def index(where, path):
    """Neighbours with the same arguments together."""
    for arguments, rows in itertools.groupby(READ, key=lambda row: row[3:]):
        append = ["--append", "--force"] if os.path.exists(path) else []
        # An index remembers how it was made, and would take the options of the rows before.
        usual = ["--format=auto", "--text-field=text"]
        files = [os.path.join(where, row[0]) for row in rows]
        status, said = mkngramfs("-o", path, "--allow-empty", *append, *usual, *arguments,
                                 *files)
        if status:
            print(said)
            return 1
    return 0


def check(where, mount):
    bad = n = 0
    for name, _, docs, *_ in READ:
        for text in docs:
            with open(f"{mount}/doc/{n}.txt", "rb") as f:
                got = f.read()
            with open(f"{mount}/doc/{n}.json", "rb") as f:
                meta = json.load(f)
            if got != text or not meta["path"].startswith(f"{where}/{name}"):
                print(f"{name}: document {n} of {meta['path']} is {got[:60]!r}, not {text[:60]!r}")
                bad += 1
            n += 1
    if os.path.exists(f"{mount}/doc/{n}.txt"):
        print(f"more than {n} documents")
        bad += 1
    return bad + check_meta(where, mount)


def check_meta(where, mount):
    """Those of records: columns, fields of headers, lines and numbers."""
    wanted = {
        f"{where}/rfc.csv": [{"line": 2, "metadata": {"id": "1", "note": "x"}},
                             {"line": 5, "metadata": {"id": "2", "note": "ü\n"}},
                             {"line": 7, "metadata": {"id": "3", "note": ""}}],
        f"{where}/page.warc": [{"record": 3, "metadata": {
            "WARC-Type": "response", "WARC-Target-URI": "http://a/",
            "WARC-Date": "2024-01-01T00:00:00Z",
            "Content-Type": "application/http; msgtype=response", "Content-Length": "55"}}],
        f"{where}/others.warc": [{"record": 1, "metadata": {
            "WARC-Type": "resource", "A": ["1", "2"], "B": "folded\r\n  value",
            "Content-Length": "3"}}],
    }
    found = {path: [] for path in wanted}
    n = sum(len(docs) for _, _, docs, *_ in READ)
    for i in range(n):
        with open(f"{mount}/doc/{i}.json", "rb") as f:
            meta = json.load(f)
        path = meta.pop("path")
        if path in found:
            found[path].append(meta)
    bad = [path for path in wanted if found[path] != wanted[path]]
    for path in bad:
        print(f"{path}: {found[path]}")
    return len(bad)


def refused(where, name, _, message, *arguments):
    path = os.path.join(where, name)
    with tempfile.TemporaryDirectory(dir=".") as scratch:
        status, said = mkngramfs("-o", f"{scratch}/x", *arguments, path)
        if status == 1 and message in said and path in said and not os.listdir(scratch):
            return 0
    print(f"{name}: status {status}, should say {message!r}, said {said!r}")
    return 1


def refuse(where):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        return sum(pool.map(lambda row: refused(where, *row), REFUSED))


actions = {"make": make, "index": index, "check": check, "refuse": refuse}
sys.exit(1 if actions[sys.argv[1]](*sys.argv[2:]) else 0)
