# SPDX-License-Identifier: Apache-2.0
"""7z archives, made by hand: Python has no writer of them."""
import lzma, struct, zlib

STORED = b"\x01\x00"
AES = b"\x24\x06\xf1\x07\x01\x02\x07\x00"


def number(n):
    """A number in as many bytes as it takes; leading ones of the first say how many follow."""
    for extra in range(8):
        if n < 1 << (7 * (extra + 1)):
            first = (0xFF00 >> extra) & 0xFF | n >> (8 * extra)
            return bytes([first]) + (n & ((1 << 8 * extra) - 1)).to_bytes(extra, "little")
    return b"\xff" + n.to_bytes(8, "little")


def lzma_coder(dictionary):
    return b"\x23\x03\x01\x01\x05\x5d" + struct.pack("<I", dictionary)


def lzma_pack(data):
    filters = [{"id": lzma.FILTER_LZMA1, "dict_size": 1 << 16, "lc": 3, "lp": 0, "pb": 2}]
    return lzma.compress(data, format=lzma.FORMAT_RAW, filters=filters)


def streams(at, packed, coder, size, substreams=b""):
    return (b"\x06" + number(at) + b"\1\x09" + number(packed) + b"\0" + b"\x07\x0b\1\0\1" + coder +
            b"\x0c" + number(size) + b"\0" + substreams + b"\0")


def bits(flags):
    padded = flags + [False] * (-len(flags) % 8)
    return bytes(sum(flag << (7 - k) for k, flag in enumerate(padded[i:i + 8]))
                 for i in range(0, len(padded), 8))


def sevenzip(members, coder=STORED, pack=bytes, packed_header=False, files=None, header_size=None):
    """All members in one folder; files and header_size: what the header says of them and of itself."""
    filled = [data for _, data in members if data]
    whole = b"".join(filled)
    body = pack(whole)
    sub = b"\x08\x0d" + number(len(filled)) + b"\x09" + b"".join(number(len(d)) for d in filled[:-1])
    sub += b"\x0a\1" + b"".join(struct.pack("<I", zlib.crc32(d)) for d in filled) + b"\0"
    names = b"\0" + b"".join(name.encode("utf-16-le") + b"\0\0" for name, _ in members)
    empty = [not data for _, data in members]
    header = b"\1\4" + streams(0, len(body), coder, len(whole), sub)
    header += b"\5" + number(len(members) if files is None else files)
    if any(empty):
        header += b"\x0e" + number(len(bits(empty))) + bits(empty)
        header += b"\x0f\1" + bits([True] * sum(empty))
    header += b"\x11" + number(len(names)) + names + b"\0\0"
    if packed_header:
        small = lzma_pack(header)
        end = b"\x17" + streams(len(body), len(small), lzma_coder(1 << 16),
                                len(header) if header_size is None else header_size)
        body += small
        header = end
    start = struct.pack("<QQI", len(body), len(header), zlib.crc32(header))
    return b"7z\xbc\xaf\x27\x1c\0\4" + struct.pack("<I", zlib.crc32(start)) + start + body + header
