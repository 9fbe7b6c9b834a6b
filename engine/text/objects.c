/* SPDX-License-Identifier: Apache-2.0 */
#include "text/objects.h"

#define KEEP_BYTES (16u << 20) /* of the carry, between objects */

void ng_objects_start(struct ng_objects *objects, struct ng_input *input)
{
	objects->input = input;
	objects->next = objects->end = NULL;
	objects->carry.len = 0;
	objects->in_array = objects->rest = false;
	objects->lines = objects->number = 0;
}

/* See that a byte of input is there: 1, 0 at the end. */
static int fill(struct ng_objects *objects, struct ng_error *err)
{
	const uint8_t *data;
	size_t len;
	int r;

	if (objects->next < objects->end)
		return 1;
	objects->next = objects->end = NULL;
	r = ng_input_read(objects->input, &data, &len, err);
	if (r > 0) {
		objects->next = data;
		objects->end = data + len;
	}
	return r;
}

static void count_lines(struct ng_objects *objects, const uint8_t *data, size_t len)
{
	const uint8_t *end = data + len;

	while (data < end && (data = memchr(data, '\n', (size_t)(end - data)))) {
		objects->lines++;
		data++;
	}
}

/* Pass the byte at next, which is there. */
static void pass(struct ng_objects *objects)
{
	objects->lines += *objects->next++ == '\n';
}

static int bad(const struct ng_objects *objects, const char *what, struct ng_error *err)
{
	return ng_fail(err, -EPROTO, "%llu: %s", (unsigned long long)objects->lines + 1, what);
}

/* A byte order mark, which stands before a file, and so where two files were joined. next is at its
 * first byte. */
static int pass_mark(struct ng_objects *objects, struct ng_error *err)
{
	for (const char *mark = "\xef\xbb\xbf"; *mark; mark++) {
		int r = fill(objects, err);

		if (r < 0)
			return r;
		if (r == 0 || *objects->next != (uint8_t)*mark)
			return bad(objects, "no JSON", err);
		objects->next++;
	}
	return 0;
}

/* Go to the next byte that isn't white space: 1, 0 at the end. */
static int pass_space(struct ng_objects *objects, struct ng_error *err)
{
	int r;

	while ((r = fill(objects, err)) > 0) {
		if (!objects->in_array && *objects->next == 0xef) {
			r = pass_mark(objects, err);
			if (r < 0)
				return r;
			continue;
		}
		if (!strchr(" \t\r\n", *objects->next) || !*objects->next)
			return 1;
		pass(objects);
	}
	return r;
}

/* In an array, next at a byte that isn't white space: go to the next element, 1; or behind the end
 * of the array, 0. */
static int pass_comma(struct ng_objects *objects, struct ng_error *err)
{
	int r = 1;

	if (*objects->next == ']') {
		objects->in_array = false;
		pass(objects);
		return 0;
	}
	if (!objects->first) {
		if (*objects->next != ',')
			return bad(objects,
				   "no JSON: a comma or the closing bracket should be here", err);
		pass(objects);
		r = pass_space(objects, err);
	}
	objects->first = false;
	if (r > 0 && strchr(",]", *objects->next))
		return bad(objects, "no JSON: an object should be here", err);
	return r == 0 ? bad(objects, "truncated: it ends within an array", err) : r;
}

/* Go to where a value begins: 1, 0 at the end. */
static int find_value(struct ng_objects *objects, struct ng_error *err)
{
	for (;;) {
		int r = pass_space(objects, err);

		if (r == 0 && objects->in_array)
			return bad(objects, "truncated: it ends within an array", err);
		if (r <= 0)
			return r;
		if (objects->in_array) {
			r = pass_comma(objects, err);
			if (r != 0)
				return r;
		} else if (*objects->next == '[') {
			objects->in_array = objects->first = true;
			pass(objects);
		} else if (*objects->next != '{') {
			return bad(objects,
				   "no JSON: an object or an array of objects should be here", err);
		} else {
			return 1;
		}
	}
}

static void trim(struct ng_objects *objects)
{
	objects->carry.len = 0;
	if (objects->carry.cap > KEEP_BYTES)
		ng_buf_free(&objects->carry);
}

/* How much of the current piece belongs to the value: *ret_ends, it is the rest of it. */
static size_t measure(struct ng_objects *objects, bool *ret_ends)
{
	size_t room = (size_t)(objects->end - objects->next), used = 0;

	*ret_ends = room && ng_json_scan(&objects->scan, objects->next, room, &used) > 0;
	return used;
}

int ng_objects_rest(struct ng_objects *objects, const uint8_t **ret_data, size_t *ret_len,
		    struct ng_error *err)
{
	bool ends;
	size_t n;
	int r;

	if (!objects->carry_given && objects->carry.len) {
		objects->carry_given = true;
		*ret_data = objects->carry.data;
		*ret_len = objects->carry.len;
		return 1;
	}
	trim(objects);
	if (!objects->rest)
		return 0;
	r = fill(objects, err);
	if (r <= 0) {
		objects->rest = false;
		return r < 0 ? r : bad(objects, "truncated: it ends within an object", err);
	}
	n = measure(objects, &ends);
	count_lines(objects, objects->next, n);
	objects->rest = !ends;
	*ret_data = objects->next;
	*ret_len = n;
	objects->next += n;
	return 1;
}

/* The value goes on: read it to its end, or as far as may be. */
static int gather(struct ng_objects *objects, struct ng_error *err)
{
	bool ends = false;

	while (!ends) {
		size_t n;
		int r = fill(objects, err);

		if (r < 0)
			return r;
		if (r == 0 && !objects->scan.in_word)
			return bad(objects, "truncated: it ends within an object", err);
		if (r == 0)
			break;
		n = measure(objects, &ends);
		r = ng_buf_append(&objects->carry, objects->next, n);
		if (r < 0)
			return r;
		count_lines(objects, objects->next, n);
		objects->next += n;
		if (objects->max_bytes && objects->carry.len > objects->max_bytes) {
			objects->rest = !ends;
			objects->carry_given = false;
			return -EFBIG;
		}
	}
	return 1;
}

int ng_objects_next(struct ng_objects *objects, const uint8_t **ret_object, size_t *ret_len,
		    struct ng_error *err)
{
	bool ends;
	size_t n;
	int r;

	while (objects->rest) {
		r = ng_objects_rest(objects, ret_object, ret_len, err);
		if (r < 0)
			return r;
	}
	trim(objects);
	r = find_value(objects, err);
	if (r <= 0)
		return r;
	objects->number++;
	objects->line = objects->lines + 1;
	objects->scan = (struct ng_json_scan){0};
	n = measure(objects, &ends);
	*ret_object = objects->next;
	*ret_len = n;
	if (ends && !(objects->max_bytes && n > objects->max_bytes)) {
		count_lines(objects, objects->next, n);
		objects->next += n;
		return 1;
	}
	objects->scan = (struct ng_json_scan){0};
	r = gather(objects, err);
	*ret_object = objects->carry.data;
	*ret_len = objects->carry.len;
	return r;
}
