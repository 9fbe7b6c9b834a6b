#include "text/lines.h"

#define KEEP_BYTES (16u << 20) /* of the carry, between lines */

void ng_lines_start(struct ng_lines *lines, struct ng_input *input)
{
	lines->input = input;
	lines->next = lines->end = NULL;
	lines->carry.len = 0;
	lines->number = 0;
}

static int carry(struct ng_lines *lines, const uint8_t *data, size_t len)
{
	if (lines->max_bytes && len > lines->max_bytes - lines->carry.len)
		return -EFBIG;
	return ng_buf_append(&lines->carry, data, len);
}

int ng_lines_next(struct ng_lines *lines, const uint8_t **ret_line, size_t *ret_len,
		  struct ng_error *err)
{
	lines->carry.len = 0;
	if (lines->carry.cap > KEEP_BYTES)
		ng_buf_free(&lines->carry);
	for (;;) {
		size_t room = (size_t)(lines->end - lines->next), len;
		const uint8_t *line = lines->next;
		const uint8_t *newline = room ? memchr(line, '\n', room) : NULL;
		int r;

		if (newline) {
			size_t n = (size_t)(newline - line);

			lines->next = newline + 1;
			lines->number++;
			*ret_line = line;
			*ret_len = n;
			if (!lines->carry.len)
				return 1;
			r = carry(lines, line, n);
			if (r < 0)
				return r;
			*ret_line = lines->carry.data;
			*ret_len = lines->carry.len;
			return 1;
		}
		if (room) {
			r = carry(lines, line, room);
			if (r < 0)
				return r;
		}
		lines->next = lines->end = NULL;
		r = ng_input_read(lines->input, &line, &len, err);
		if (r < 0)
			return r;
		if (r == 0) {
			if (!lines->carry.len)
				return 0;
			lines->number++;
			*ret_line = lines->carry.data;
			*ret_len = lines->carry.len;
			return 1;
		}
		lines->next = line;
		lines->end = line + len;
	}
}
