/* SPDX-License-Identifier: Apache-2.0 */
#include "text/sniff.h"

#define TAR_BLOCK 512u

bool ng_sniff_nul(const uint8_t *head, size_t len)
{
	return len && memchr(head, 0, ng_min(len, (size_t)NG_SNIFF_BYTES));
}

static bool is_text_byte(uint8_t c)
{
	/* Beside tabs and ends of lines, text has form feeds, backspaces and escapes. */
	return c >= 0x20 || (c >= 0x08 && c <= 0x0d) || c == 0x1b;
}

bool ng_sniff_binary(const uint8_t *head, size_t len)
{
	for (size_t i = 0; i < ng_min(len, (size_t)NG_SNIFF_BYTES); i++)
		if (!is_text_byte(head[i]))
			return true;
	return false;
}

/* "BZh", the size of blocks, and the mark of a block or, in an empty stream, of the end. */
bool ng_sniff_bzip2_cut(const uint8_t *head, size_t len)
{
	size_t n = ng_min(len, (size_t)NG_SNIFF_BZIP2_BYTES) - 4;

	return memcmp(head, "BZh", 3) == 0 && head[3] >= '1' && head[3] <= '9' &&
	       (memcmp(head + 4, "\x31\x41\x59\x26\x53\x59", n) == 0 ||
		memcmp(head + 4, "\x17\x72\x45\x38\x50\x90", n) == 0);
}

bool ng_sniff_bzip2(const uint8_t *head, size_t len)
{
	return len >= NG_SNIFF_BZIP2_BYTES && ng_sniff_bzip2_cut(head, len);
}

/* Properties, size of the dictionary, size of the content, and the first byte of the range coder,
 * which is 0. */
bool ng_sniff_lzma(const uint8_t *head, size_t len)
{
	uint32_t dict;
	uint64_t size;

	if (len < 14 || head[13] != 0)
		return false;
	dict = ng_load32(head + 1);
	size = ng_load64(head + 5);
	/* Like 2^n or 2^n + 2^(n-1), from 4 KiB on. */
	if (dict != UINT32_MAX) {
		unsigned top = ng_bits(dict);

		if (top < 13 || (dict != 1u << (top - 1) && dict != 3u << (top - 2)))
			return false;
	}
	return size == UINT64_MAX || size < 1ull << 38;
}

bool ng_sniff_compress(const uint8_t *head, size_t len)
{
	unsigned bits = len >= 3 ? head[2] & 0x1fu : 0;

	return bits >= 9 && bits <= 16 && !(head[2] & 0x60);
}

/* A tar header has no magic number that all writers wrote, but a checksum of its 512 bytes. An
 * archive without members is zeros only. */
bool ng_sniff_tar(const uint8_t *head, size_t len)
{
	unsigned sum = 0, want = 0, i;

	if (len < TAR_BLOCK)
		return false;
	if (!head[0]) {
		for (i = 0; i < len; i++)
			if (head[i])
				return false;
		return len >= 2 * TAR_BLOCK;
	}
	for (i = 0; i < TAR_BLOCK; i++)
		sum += i >= 148 && i < 156 ? ' ' : head[i];
	for (i = 148; i < 156 && head[i] == ' '; i++)
		;
	for (; i < 156 && head[i] >= '0' && head[i] <= '7'; i++)
		want = want * 8 + (head[i] - '0');
	return want == sum && i < 156 && (head[i] == ' ' || head[i] == 0);
}

/* The name of a zip's first member. */
static bool first_member(const uint8_t *head, size_t len, const char *name)
{
	size_t n = strlen(name);

	return len >= 30 + n && ng_load16(head + 26) == n && memcmp(head + 30, name, n) == 0;
}

bool ng_sniff_office(const uint8_t *head, size_t len)
{
	return first_member(head, len, "[Content_Types].xml");
}

bool ng_sniff_opendocument(const uint8_t *head, size_t len)
{
	return first_member(head, len, "mimetype");
}

bool ng_sniff_lha(const uint8_t *head, size_t len)
{
	return len >= 7 && head[5] >= '0' && head[5] <= '9' && head[6] == '-' &&
	       ng_sniff_binary(head, len);
}

/* Numbers all over its header: octal in the old form, hexadecimal in the new one. */
bool ng_sniff_cpio(const uint8_t *head, size_t len)
{
	size_t n = len >= 6 && head[5] == '7' ? 76 : 110;

	if (len < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		uint8_t c = head[i] | 0x20;

		if ((head[i] < '0' || head[i] > '9') && (n == 76 || c < 'a' || c > 'f'))
			return false;
	}
	return true;
}

bool ng_sniff_pickle(const uint8_t *head, size_t len)
{
	return len >= 3 && head[1] >= 2 && head[1] <= 5 && ng_sniff_binary(head + 1, len - 1);
}

/* ff ff ff ff, the length of the metadata, and a flatbuffer's offset into it. */
bool ng_sniff_arrow_stream(const uint8_t *head, size_t len)
{
	uint32_t n;

	if (len < 12)
		return false;
	n = ng_load32(head + 4);
	return n >= 16 && n % 8 == 0 && n < 1u << 28 && ng_load32(head + 8) >= 4 &&
	       ng_load32(head + 8) < 64;
}

bool ng_sniff_utf32(const uint8_t *head, size_t len)
{
	return len >= 4 &&
	       (memcmp(head, "\xff\xfe\0\0", 4) == 0 || memcmp(head, "\0\0\xfe\xff", 4) == 0);
}

bool ng_sniff_utf16(const uint8_t *head, size_t len)
{
	return len >= 2 && (memcmp(head, "\xff\xfe", 2) == 0 || memcmp(head, "\xfe\xff", 2) == 0);
}

/* Without a byte order mark: nearly all characters below U+0080. nul: where the NULs are. */
static bool is_ascii16(const uint8_t *head, size_t len, unsigned nul)
{
	size_t pairs = ng_min(len, (size_t)NG_SNIFF_BYTES) / 2, ascii = 0;

	for (size_t i = 0; i < pairs; i++) {
		uint8_t high = head[2 * i + nul], low = head[2 * i + 1 - nul];

		if (!high && (!low || !is_text_byte(low)))
			return false;
		ascii += !high && low < 0x80;
	}
	return pairs >= 2 && ascii >= pairs - pairs / 16;
}

bool ng_sniff_utf16le(const uint8_t *head, size_t len)
{
	return is_ascii16(head, len, 1);
}

bool ng_sniff_utf16be(const uint8_t *head, size_t len)
{
	return is_ascii16(head, len, 0);
}
