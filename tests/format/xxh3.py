# SPDX-License-Identifier: Apache-2.0
"""XXH3-64 of xxHash 0.8, with a seed, for input of any length: slow, and nothing but Python."""

import struct

SECRET = bytes.fromhex(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671f"
    "cb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c"
    "3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8"
    "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364"
    "eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e"
    "2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e")
P32_1, P32_2, P32_3 = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D
P64_1, P64_2, P64_3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
P64_4, P64_5 = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5
MIX_1, MIX_2 = 0x165667919E3779F9, 0x9FB21C651E98DF25
LOW, ALL = (1 << 32) - 1, (1 << 64) - 1
STRIPE, BLOCK = 64, 1024  # bytes; a block's 16 stripes take 8 bytes of the secret each


def u32(data, at):
    return int.from_bytes(data[at:at + 4], "little")


def u64(data, at):
    return int.from_bytes(data[at:at + 8], "little")


def swap(value, size):
    return int.from_bytes(value.to_bytes(size, "little"), "big")


def rotate(h, by):
    return (h << by | h >> (64 - by)) & ALL


def fold(a, b):
    """Both halves of the product of two u64, one xor the other."""
    product = a * b
    return (product & ALL) ^ (product >> 64)


def avalanche(h):
    h = (h ^ h >> 37) * MIX_1 & ALL
    return h ^ h >> 32


def avalanche64(h):
    """The one of XXH64, for the shortest inputs."""
    h = (h ^ h >> 33) * P64_2 & ALL
    h = (h ^ h >> 29) * P64_3 & ALL
    return h ^ h >> 32


def mix16(data, at, secret, seed):
    return fold(u64(data, at) ^ (u64(SECRET, secret) + seed & ALL),
                u64(data, at + 8) ^ (u64(SECRET, secret + 8) - seed & ALL))


def upto16(data, seed):
    n = len(data)
    if n == 0:
        return avalanche64(seed ^ u64(SECRET, 56) ^ u64(SECRET, 64))
    if n <= 3:
        h = data[0] << 16 | data[n >> 1] << 24 | data[n - 1] | n << 8
        return avalanche64(h ^ (u32(SECRET, 0) ^ u32(SECRET, 4)) + seed & ALL)
    if n <= 8:
        seed ^= swap(seed & LOW, 4) << 32
        h = u32(data, n - 4) + (u32(data, 0) << 32)
        h ^= (u64(SECRET, 8) ^ u64(SECRET, 16)) - seed & ALL
        h = (h ^ rotate(h, 49) ^ rotate(h, 24)) * MIX_2 & ALL
        h = (h ^ (h >> 35) + n & ALL) * MIX_2 & ALL
        return h ^ h >> 28
    low = u64(data, 0) ^ ((u64(SECRET, 24) ^ u64(SECRET, 32)) + seed & ALL)
    high = u64(data, n - 8) ^ ((u64(SECRET, 40) ^ u64(SECRET, 48)) - seed & ALL)
    return avalanche(n + swap(low, 8) + high + fold(low, high) & ALL)


def upto240(data, seed):
    n = len(data)
    h = n * P64_1
    if n <= 128:
        for i in range((n - 1) // 32, -1, -1):
            h += mix16(data, 16 * i, 32 * i, seed)
            h += mix16(data, n - 16 * i - 16, 32 * i + 16, seed)
        return avalanche(h & ALL)
    h = avalanche(h + sum(mix16(data, 16 * i, 16 * i, seed) for i in range(8)) & ALL)
    h += sum(mix16(data, 16 * i, 16 * i - 125, seed) for i in range(8, n // 16))
    return avalanche(h + mix16(data, n - 16, 119, seed) & ALL)


def long(data, seed):
    n = len(data)
    secret = SECRET
    if seed:
        secret = b"".join(struct.pack("<QQ", u64(SECRET, i) + seed & ALL, u64(SECRET, i + 8) - seed & ALL)
                          for i in range(0, len(SECRET), 16))
    lanes = [P32_3, P64_1, P64_2, P64_3, P64_4, P32_2, P64_5, P32_1]
    keys = [struct.unpack_from("<8Q", secret, 8 * i) for i in range(16)]
    last = struct.unpack_from("<8Q", secret, 128)  # also what a block is scrambled with

    def stripe(at, keys):
        values = struct.unpack_from("<8Q", data, at)
        for i in range(8):
            key = values[i] ^ keys[i]
            lanes[i] += (key & LOW) * (key >> 32) + values[i ^ 1]

    for at in range(0, n - STRIPE, STRIPE):
        stripe(at, keys[at % BLOCK // STRIPE])
        if at % BLOCK == BLOCK - STRIPE:
            for i in range(8):
                h = lanes[i] & ALL
                lanes[i] = (h ^ h >> 47 ^ last[i]) * P32_1 & ALL
    stripe(n - STRIPE, struct.unpack_from("<8Q", secret, 121))
    h = n * P64_1
    for i in range(0, 8, 2):
        h += fold(lanes[i] & ALL ^ u64(secret, 11 + 8 * i), lanes[i + 1] & ALL ^ u64(secret, 19 + 8 * i))
    return avalanche(h & ALL)


def xxh3_64(data, seed=0):
    return (upto16 if len(data) <= 16 else upto240 if len(data) <= 240 else long)(data, seed)
