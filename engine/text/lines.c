/* SPDX-License-Identifier: Apache-2.0 */
#include "text/lines.h"

#define KEEP_BYTES (16u << 20) /* of the carry, between lines */

void ng_lines_start(struct ng_lines *lines, struct ng_input *input)
{
	lines->input = input;
	lines->next = lines->end = NULL;
	lines->carry.len = 0;
	lines->rest = false;
	lines->number = 0;
}

/* The next piece of input: 1, 0 at the end. */
static int fill(struct ng_lines *lines, struct ng_error *err)
{
	const uint8_t *data;
	size_t len;
	int r;

	lines->next = lines->end = NULL;
	r = ng_input_read(lines->input, &data, &len, err);
	if (r > 0) {
		lines->next = data;
		lines->end = data + len;
	}
	return r;
}

/* How much of the current piece belongs to the line; *ret_ends: and its newline is there. */
static size_t measure(const struct ng_lines *lines, bool *ret_ends)
{
	size_t room = (size_t)(lines->end - lines->next);
	const uint8_t *newline = room ? memchr(lines->next, '\n', room) : NULL;

	*ret_ends = newline;
	return newline ? (size_t)(newline - lines->next) : room;
}

static int too_long(struct ng_lines *lines)
{
	lines->rest = true;
	lines->carry_given = false;
	lines->number++;
	return -EFBIG;
}

static void trim(struct ng_lines *lines)
{
	lines->carry.len = 0;
	if (lines->carry.cap > KEEP_BYTES)
		ng_buf_free(&lines->carry);
}

static int give(struct ng_lines *lines, const uint8_t *line, size_t len, const uint8_t **ret_line,
		size_t *ret_len)
{
	lines->number++;
	*ret_line = line;
	*ret_len = len;
	return 1;
}

int ng_lines_rest(struct ng_lines *lines, const uint8_t **ret_data, size_t *ret_len,
		  struct ng_error *err)
{
	if (!lines->carry_given && lines->carry.len) {
		lines->carry_given = true;
		*ret_data = lines->carry.data;
		*ret_len = lines->carry.len;
		return 1;
	}
	trim(lines);
	while (lines->rest) {
		const uint8_t *data = lines->next;
		bool ends;
		size_t n = measure(lines, &ends);
		int r;

		lines->rest = !ends;
		lines->next += n + ends;
		if (n) {
			*ret_data = data;
			*ret_len = n;
			return 1;
		}
		r = ends ? 1 : fill(lines, err);
		if (r <= 0) {
			lines->rest = false;
			return r;
		}
	}
	return 0;
}

int ng_lines_next(struct ng_lines *lines, const uint8_t **ret_line, size_t *ret_len,
		  struct ng_error *err)
{
	int r;

	while (lines->rest) {
		r = ng_lines_rest(lines, ret_line, ret_len, err);
		if (r < 0)
			return r;
	}
	trim(lines);
	for (;;) {
		const uint8_t *line = lines->next;
		bool ends;
		size_t n = measure(lines, &ends);

		if (lines->max_bytes && n > lines->max_bytes - lines->carry.len)
			return too_long(lines);
		if (ends && !lines->carry.len) {
			lines->next += n + 1;
			return give(lines, line, n, ret_line, ret_len);
		}
		r = ng_buf_append(&lines->carry, line, n);
		if (r < 0)
			return r;
		if (ends) {
			lines->next += n + 1;
			break;
		}
		r = fill(lines, err);
		if (r < 0)
			return r;
		if (r == 0 && !lines->carry.len)
			return 0;
		if (r == 0)
			break;
	}
	return give(lines, lines->carry.data, lines->carry.len, ret_line, ret_len);
}
