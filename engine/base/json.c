/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <setjmp.h>

#include "base/utf8.h"

static int append_ascii(struct ng_buf *buf, uint8_t c)
{
	switch (c) {
	case '"':
		return ng_buf_append(buf, "\\\"", 2);
	case '\\':
		return ng_buf_append(buf, "\\\\", 2);
	case '\n':
		return ng_buf_append(buf, "\\n", 2);
	case '\r':
		return ng_buf_append(buf, "\\r", 2);
	case '\t':
		return ng_buf_append(buf, "\\t", 2);
	default:
		if (c < 0x20)
			return ng_buf_printf(buf, "\\u%04x", c);
		return ng_buf_append(buf, &c, 1);
	}
}

/* each_byte: of what isn't UTF-8, one U+FFFD a byte instead of one a piece. */
static int string_append(struct ng_buf *buf, const uint8_t *bytes, size_t len, bool each_byte)
{
	const uint8_t *p = bytes, *end = bytes + len;
	int r = ng_buf_append(buf, "\"", 1);

	while (r == 0 && p < end) {
		unsigned n = ng_utf8_piece(p, end);

		if (n != ng_utf8_promised(*p)) {
			r = ng_buf_append(buf, "\xef\xbf\xbd", 3);
			if (each_byte)
				n = 1;
		} else if (n == 1) {
			r = append_ascii(buf, *p);
		} else {
			r = ng_buf_append(buf, p, n);
		}
		p += n;
	}
	return r ? r : ng_buf_append(buf, "\"", 1);
}

int ng_json_string(struct ng_buf *buf, const uint8_t *bytes, size_t len)
{
	return string_append(buf, bytes, len, false);
}

int ng_json_name(struct ng_buf *buf, const char *name, size_t len)
{
	return string_append(buf, (const uint8_t *)name, len, true);
}

/* ---- jansson, and memory that runs out ---- */

/* Without memory jansson (2.14) writes beyond its buffers when it reads a text, and leaves out
 * parts of one that it writes, without a word. So where it asks for some in vain it is left at
 * once, and all that it has taken so far is given back. */
struct block {
	struct block *before, *behind;
	max_align_t data[];
};

struct guard {
	jmp_buf out;
	struct block taken; /* a ring of all blocks since the beginning */
};

static _Thread_local struct guard *guard;

static void ring_add(struct block *ring, struct block *block)
{
	block->before = ring;
	block->behind = ring->behind;
	ring->behind->before = block;
	ring->behind = block;
}

static void ring_remove(struct block *block)
{
	block->before->behind = block->behind;
	block->behind->before = block->before;
	block->before = block->behind = block;
}

static void *guarded_alloc(size_t bytes)
{
	struct block *block = malloc(sizeof(*block) + bytes);

	if (!block && guard)
		longjmp(guard->out, 1);
	if (!block)
		return NULL;
	block->before = block->behind = block;
	if (guard)
		ring_add(&guard->taken, block);
	return block->data;
}

static void guarded_free(void *data)
{
	struct block *block;

	if (!data)
		return;
	block = (struct block *)((uint8_t *)data - offsetof(struct block, data));
	ring_remove(block);
	free(block);
}

/* Before anything is made that is freed later. */
__attribute__((constructor)) static void allocator_set(void)
{
	json_set_alloc_funcs(guarded_alloc, guarded_free);
}

static void guard_begin(struct guard *g)
{
	g->taken.before = g->taken.behind = &g->taken;
	guard = g;
}

/* What was made belongs to the caller now: it leaves the ring, which is the guard's. */
static void guard_end(struct guard *g)
{
	guard = NULL;
	ring_remove(&g->taken);
}

static void guard_undo(struct guard *g)
{
	guard = NULL;
	while (g->taken.behind != &g->taken) {
		struct block *block = g->taken.behind;

		ring_remove(block);
		free(block);
	}
}

int ng_json_load(const char *text, size_t len, size_t flags, json_t **ret_json,
		 json_error_t *ret_why)
{
	struct guard g;
	json_t *json;

	guard_begin(&g);
	if (setjmp(g.out)) {
		guard_undo(&g);
		return -ENOMEM;
	}
	json = json_loadb(text, len, flags, ret_why);
	guard_end(&g);
	if (!json)
		return -EPROTO;
	*ret_json = json;
	return 0;
}

int ng_json_dump(const json_t *json, size_t flags, char **ret_text)
{
	struct guard g;
	char *text, *copy;

	guard_begin(&g);
	if (setjmp(g.out)) {
		guard_undo(&g);
		return -ENOMEM;
	}
	text = json_dumps(json, flags);
	guard_end(&g);
	copy = text ? strdup(text) : NULL;
	guarded_free(text);
	if (!copy)
		return -ENOMEM;
	*ret_text = copy;
	return 0;
}

int ng_json_hex4(const uint8_t *p, const uint8_t *end, uint32_t *ret)
{
	uint32_t v = 0;

	if (end - p < 4)
		return -EBADMSG;
	for (unsigned i = 0; i < 4; i++) {
		uint8_t c = p[i];

		if (c >= '0' && c <= '9')
			v = v << 4 | (uint32_t)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			v = v << 4 | (uint32_t)((c | 0x20) - 'a' + 10);
		else
			return -EBADMSG;
	}
	*ret = v;
	return 0;
}
