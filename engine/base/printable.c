/* SPDX-License-Identifier: Apache-2.0 */
#include "base/printable.h"

#include "base/utf8.h"

/* Bytes of a message before it is made printable, and of a line: several paths. */
#define MESSAGE_BYTES 6144
#define LINE_BYTES    12288

/* Of one character, or of one byte that belongs to none. */
#define PIECE_BYTES 16

struct piece {
	char text[PIECE_BYTES];
	unsigned len;
};

static const char gap[] = "...";

/* Controls, separators of lines, and what Unicode 15 has as format characters (Cf) that aren't seen
 * or change how others are: soft hyphen, marks and overrides of direction, zero width, interlinear
 * annotation, tags. Joiners (U+200C, U+200D) are part of words, but nobody sees them, either. */
static bool is_shown(uint32_t c)
{
	static const struct {
		uint32_t lo, hi;
	} hidden[] = {{0, 0x1f},          {0x7f, 0x9f},       {0xad, 0xad},
		      {0x34f, 0x34f},     {0x61c, 0x61c},     {0x115f, 0x1160},
		      {0x17b4, 0x17b5},   {0x180b, 0x180f},   {0x200b, 0x200f},
		      {0x2028, 0x202e},   {0x2060, 0x206f},   {0x3164, 0x3164},
		      {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0},
		      {0xfff0, 0xfffb},   {0xfffe, 0xffff},   {0x1bca0, 0x1bca3},
		      {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff}, {0xf0000, 0x10ffff}};

	for (size_t i = 0; i < ng_array_size(hidden); i++)
		if (c >= hidden[i].lo && c <= hidden[i].hi)
			return false;
	return true;
}

static uint32_t code_point(const uint8_t *p, unsigned len)
{
	uint32_t c = len == 1 ? p[0] : p[0] & (0x7fu >> len);

	for (unsigned i = 1; i < len; i++)
		c = c << 6 | (p[i] & 0x3f);
	return c;
}

/* What stands at p, printable. Returns how many bytes that were. Requires p < end. */
static unsigned take(const uint8_t *p, const uint8_t *end, struct piece *ret)
{
	unsigned len = ng_utf8_len(p, end), bytes = ng_max(len, 1u);

	if (len && is_shown(code_point(p, len))) {
		memcpy(ret->text, p, len);
		ret->len = len;
		return len;
	}
	ret->len = 0;
	for (unsigned i = 0; i < bytes; i++) {
		static const char digits[] = "0123456789abcdef";
		const char escape[] = {'\\', 'x', digits[p[i] >> 4], digits[p[i] & 15]};

		memcpy(ret->text + ret->len, escape, sizeof(escape));
		ret->len += sizeof(escape);
	}
	return bytes;
}

static size_t printable_len(const uint8_t *p, const uint8_t *end)
{
	struct piece piece;
	size_t n = 0;

	for (; p < end; n += piece.len)
		p += take(p, end, &piece);
	return n;
}

void ng_printable(const char *text, size_t len, char *ret, size_t size)
{
	const uint8_t *p = (const uint8_t *)text, *end = p + len;
	size_t left = printable_len(p, end), part = (size - sizeof(gap)) / 2, n = 0;
	bool cut = left >= size, in_gap = false;
	struct piece piece;

	for (; p < end; left -= piece.len) {
		p += take(p, end, &piece);
		in_gap |= cut && n + piece.len > part;
		if (in_gap && left > part)
			continue;
		if (cut && in_gap) {
			memcpy(ret + n, gap, sizeof(gap) - 1);
			n += sizeof(gap) - 1;
			cut = in_gap = false;
		}
		memcpy(ret + n, piece.text, piece.len);
		n += piece.len;
	}
	ret[n] = '\0';
}

void ng_printable_vformat(char *ret, size_t size, const char *fmt, va_list ap)
{
	char whole[MESSAGE_BYTES];
	int n = vsnprintf(whole, sizeof(whole), fmt, ap);
	size_t len = n < 0 ? 0 : ng_min((size_t)n, sizeof(whole) - 1);

	while (len && whole[len - 1] == '\n')
		len--;
	ng_printable(whole, len, ret, size);
}

void ng_printable_write(FILE *out, const char *text)
{
	const uint8_t *p = (const uint8_t *)text, *end = p + strlen(text);
	struct piece piece;

	while (p < end) {
		p += take(p, end, &piece);
		fwrite(piece.text, 1, piece.len, out);
	}
}

void ng_say(FILE *out, const char *fmt, ...)
{
	char line[LINE_BYTES];
	va_list ap;
	size_t len;

	va_start(ap, fmt);
	ng_printable_vformat(line, sizeof(line) - 1, fmt, ap);
	va_end(ap);
	len = strlen(line);
	line[len] = '\n';
	fwrite(line, 1, len + 1, out);
}
