/* SPDX-License-Identifier: Apache-2.0 */
#include "text/sevenzip_header.h"

#define FOLDERS_MAX 1000000u
#define CODERS_MAX  4u

enum id {
	ID_END,
	ID_HEADER,
	ID_ARCHIVE_PROPERTIES,
	ID_ADDITIONAL_STREAMS,
	ID_MAIN_STREAMS,
	ID_FILES,
	ID_PACK_INFO,
	ID_UNPACK_INFO,
	ID_SUBSTREAMS,
	ID_SIZE,
	ID_CRC,
	ID_FOLDER,
	ID_UNPACK_SIZE,
	ID_NUM_SUBSTREAMS,
	ID_ENCODED_HEADER = 0x17,
};

struct cursor {
	const uint8_t *p, *end;
	const char *why; /* what is wrong; all that is read from then on is 0 */
};

static const char damaged[] = "damaged: its header makes no sense";
static const char not_read[] =
	"compressed in a way that is not read; pipe it: bsdtar -cf - @FILE | "
	"mkngramfs -o INDEX --format=tar -";
static const char no_memory[] = "out of memory";

static void spoil(struct cursor *c, const char *why)
{
	if (!c->why)
		c->why = why;
	c->p = c->end;
}

static uint8_t take_byte(struct cursor *c)
{
	if (c->p == c->end) {
		spoil(c, damaged);
		return 0;
	}
	return *c->p++;
}

static const uint8_t *take(struct cursor *c, uint64_t n)
{
	const uint8_t *p = c->p;

	if (n > (uint64_t)(c->end - c->p)) {
		spoil(c, damaged);
		return NULL;
	}
	c->p += n;
	return p;
}

/* The first byte's leading ones say how many bytes follow it. */
static uint64_t take_number(struct cursor *c)
{
	uint8_t first = take_byte(c);
	uint64_t value = 0;
	unsigned i;

	for (i = 0; i < 8; i++) {
		if (!(first & (0x80 >> i)))
			return value | (uint64_t)(first & ((0x80 >> i) - 1)) << (8 * i);
		value |= (uint64_t)take_byte(c) << (8 * i);
	}
	return value;
}

/* Checksums, which may be there for some only: which of n, a byte each, into has unless it's NULL.
 */
static void pass_digests(struct cursor *c, uint64_t n, struct ng_buf *has)
{
	const uint8_t *bits = NULL;
	uint64_t defined = 0;
	bool all = take_byte(c);

	if (!all)
		bits = take(c, ng_div_up(n, 8));
	for (uint64_t i = 0; !c->why && i < n; i++) {
		uint8_t one = all || (bits[i / 8] >> (7 - i % 8) & 1);

		defined += one;
		if (has && ng_buf_append(has, &one, 1) < 0)
			spoil(c, no_memory);
		/* As many as there cannot be: n comes from the header, too. */
		if (defined > (uint64_t)(c->end - c->p) / 4)
			spoil(c, damaged);
	}
	take(c, defined * 4);
}

static void parse_pack_info(struct cursor *c, struct ng_sevenzip_streams *s)
{
	uint64_t n;
	uint8_t id;

	s->pack_at = take_number(c);
	n = take_number(c);
	while (!c->why && (id = take_byte(c)) != ID_END) {
		if (id == ID_SIZE) {
			for (uint64_t i = 0; i < n && !c->why; i++) {
				uint64_t size = take_number(c);

				s->pack_size = i ? s->pack_size : size;
			}
		} else if (id == ID_CRC) {
			pass_digests(c, n, NULL);
		} else {
			spoil(c, damaged);
		}
	}
}

/* Memory that a method takes; one that isn't read spoils the header. */
static uint64_t window_of(struct cursor *c, uint64_t method, const uint8_t *props, uint64_t len)
{
	switch (method) {
	case NG_SEVENZIP_LZMA:
	case 0x030401: /* PPMd */
		if (len >= 5)
			return ng_load32(props + 1);
		break;
	case NG_SEVENZIP_LZMA2:
		if (len == 1 && props[0] < 40)
			return (2u | (props[0] & 1u)) * (1ull << (props[0] / 2 + 11));
		if (len == 1 && props[0] == 40)
			return UINT32_MAX;
		break;
	case 0x00:       /* stored */
	case 0x03:       /* delta */
	case 0x04:       /* x86 */
	case 0x03030103: /* x86 */
	case 0x03030205: /* PowerPC */
	case 0x03030401: /* IA64 */
	case 0x03030501: /* ARM */
	case 0x03030701: /* ARM Thumb */
	case 0x03030805: /* SPARC */
	case 0x040108:   /* deflate */
	case 0x040202:   /* bzip2 */
		return 1u << 20;
	case 0x06f10701:
		spoil(c, "encrypted; unpack it with its password, and index the directory");
		return 0;
	default:
		spoil(c, not_read);
		return 0;
	}
	spoil(c, damaged);
	return 0;
}

/* A folder: coders in a row. Those with several inputs (BCJ2, for programs) are not read, since
 * libarchive holds all of them in memory. */
static unsigned parse_folder(struct cursor *c, struct ng_sevenzip_streams *s, bool first)
{
	uint64_t n = take_number(c), window = 0;

	if (n == 0 || n > CODERS_MAX) {
		spoil(c, damaged);
		return 0;
	}
	for (uint64_t i = 0; i < n && !c->why; i++) {
		uint8_t flags = take_byte(c);
		const uint8_t *id = take(c, flags & 0x0f), *props = NULL;
		uint64_t method = 0, len = 0;

		for (unsigned k = 0; id && k < (flags & 0x0fu); k++)
			method = method << 8 | id[k];
		if (flags & 0xd0)
			spoil(c, not_read);
		if (flags & 0x20) {
			len = take_number(c);
			props = take(c, len);
		}
		window += window_of(c, method, props, props ? len : 0);
		if (first && i == 0 && !c->why) {
			s->method = method;
			s->props_len = (size_t)ng_min(len, (uint64_t)sizeof(s->props));
			if (s->props_len)
				memcpy(s->props, props, s->props_len);
		}
	}
	/* Which output goes into which input. */
	for (uint64_t i = 0; i + 1 < n; i++) {
		take_number(c);
		take_number(c);
	}
	if (first)
		s->coders = (unsigned)n;
	s->window = ng_max(s->window, window);
	return (unsigned)n;
}

/* Folders are said once, and so are their checksums: has_crc is of all of them, or of none. */
static void parse_unpack_info(struct cursor *c, struct ng_sevenzip_streams *s)
{
	uint64_t n = 0, outs = 0;
	uint8_t id;

	while (!c->why && (id = take_byte(c)) != ID_END) {
		switch (id) {
		case ID_FOLDER:
			n = take_number(c);
			if (n > FOLDERS_MAX || s->folders || take_byte(c))
				spoil(c, damaged);
			for (uint64_t i = 0; i < n && !c->why; i++)
				outs += parse_folder(c, s, i == 0);
			s->folders = n;
			break;
		case ID_UNPACK_SIZE:
			for (uint64_t i = 0; i < outs && !c->why; i++) {
				uint64_t size = take_number(c);

				s->unpack_size = i ? s->unpack_size : size;
			}
			break;
		case ID_CRC:
			if (s->has_crc.len)
				spoil(c, damaged);
			pass_digests(c, n, &s->has_crc);
			break;
		default:
			spoil(c, damaged);
		}
	}
}

/* The files in each folder: how many, how long, and their checksums, where the folder's own isn't
 * that of its only file. */
static void parse_substreams(struct cursor *c, struct ng_sevenzip_streams *s)
{
	uint64_t sizes = 0, digests = 0, i;
	const uint8_t *crc = s->has_crc.len ? s->has_crc.data : NULL;
	uint8_t id = take_byte(c);
	bool counted = id == ID_NUM_SUBSTREAMS;

	for (i = 0; i < s->folders && !c->why; i++) {
		uint64_t n = counted ? take_number(c) : 1;

		if (n > (uint64_t)(c->end - c->p) + 1)
			spoil(c, damaged);
		sizes += n ? n - 1 : 0;
		digests += n == 1 && crc && crc[i] ? 0 : n;
	}
	if (counted)
		id = take_byte(c);
	if (id == ID_SIZE) {
		for (i = 0; i < sizes && !c->why; i++)
			take_number(c);
		id = take_byte(c);
	}
	if (id == ID_CRC) {
		pass_digests(c, digests, NULL);
		id = take_byte(c);
	}
	if (id != ID_END)
		spoil(c, damaged);
}

static void parse_streams(struct cursor *c, struct ng_sevenzip_streams *s)
{
	uint8_t id;

	while (!c->why && c->p < c->end && (id = take_byte(c)) != ID_END) {
		if (id == ID_PACK_INFO)
			parse_pack_info(c, s);
		else if (id == ID_UNPACK_INFO)
			parse_unpack_info(c, s);
		else if (id == ID_SUBSTREAMS)
			parse_substreams(c, s);
		else
			spoil(c, damaged);
	}
}

/* The header of an archive: the streams of its files, and how many these are. Each has a name of
 * two bytes at least. */
static void parse_header(struct cursor *c, struct ng_sevenzip_streams *s)
{
	uint8_t id = take_byte(c);

	if (id == ID_MAIN_STREAMS) {
		parse_streams(c, s);
		id = take_byte(c);
	}
	if (id == ID_FILES && take_number(c) > (uint64_t)(c->end - c->p) / 2)
		spoil(c, damaged);
	else if (id != ID_FILES && id != ID_END)
		spoil(c, damaged);
}

static int parse(const uint8_t *bytes, size_t len, bool packed, struct ng_sevenzip_streams *ret,
		 const char **ret_why)
{
	struct cursor c = {.p = bytes, .end = bytes + len};

	*ret = (struct ng_sevenzip_streams){0};
	if (take_byte(&c) != (packed ? ID_ENCODED_HEADER : ID_HEADER))
		spoil(&c, damaged);
	else if (packed)
		parse_streams(&c, ret);
	else
		parse_header(&c, ret);
	ng_buf_free(&ret->has_crc);
	if (!c.why)
		return 0;
	*ret_why = c.why;
	return c.why == no_memory ? -ENOMEM : -EBADMSG;
}

bool ng_sevenzip_is_packed(const uint8_t *bytes, size_t len)
{
	return len && bytes[0] == ID_ENCODED_HEADER;
}

int ng_sevenzip_parse_packed(const uint8_t *bytes, size_t len, struct ng_sevenzip_streams *ret,
			     const char **ret_why)
{
	int r = parse(bytes, len, true, ret, ret_why);

	if (r < 0)
		return r;
	if (ret->coders == 1 &&
	    (ret->method == NG_SEVENZIP_LZMA || ret->method == NG_SEVENZIP_LZMA2))
		return 0;
	*ret_why = not_read;
	return -EBADMSG;
}

int ng_sevenzip_parse(const uint8_t *bytes, size_t len, struct ng_sevenzip_streams *ret,
		      const char **ret_why)
{
	return parse(bytes, len, false, ret, ret_why);
}
