/* SPDX-License-Identifier: Apache-2.0 */
#include "files/repeats_file.h"

/* No line is longer. */
#define LINE_MOST 192u

struct piece {
	uint64_t offset;
	struct ng_buf text;
};

struct repeats_file {
	struct ng_stream stream;
	struct ng_repeats *repeats;
	const struct ng_repeat *left; /* that repeats gave last, and that are in no piece yet */
	size_t n_left;
	struct piece before, now;
};

static int append_lines(struct ng_buf *buf, const struct ng_repeat *list, size_t n)
{
	size_t good = buf->len;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = ng_buf_printf(
			buf,
			"{\"document\":%llu,\"begin\":%llu,\"end\":%llu,\"count\":%llu,"
			"\"first\":{\"document\":%llu,\"offset\":%llu}}\n",
			(unsigned long long)list[i].doc, (unsigned long long)list[i].begin,
			(unsigned long long)list[i].end, (unsigned long long)list[i].count,
			(unsigned long long)list[i].first.doc,
			(unsigned long long)list[i].first.offset);
	if (r)
		buf->len = good;
	return r;
}

static int repeats_file_grow(struct ng_stream *stream, const ng_cancel *cancel)
{
	struct repeats_file *file = (struct repeats_file *)stream;
	struct piece made = {atomic_load(&stream->bytes), file->before.text};
	int r = file->n_left ? 1
			     : ng_repeats_next(file->repeats, cancel, &file->left, &file->n_left);

	file->before.text = NG_BUF_INIT;
	made.text.len = 0;
	if (r > 0 && append_lines(&made.text, file->left, file->n_left))
		r = -ENOMEM;
	if (r <= 0) {
		ng_buf_free(&made.text);
		if (r == 0)
			atomic_store(&stream->bytes_most, 0);
		return r;
	}
	file->n_left = 0;
	file->before = file->now;
	file->now = made;
	atomic_store(&stream->bytes, made.offset + made.text.len);
	return 0;
}

static int repeats_file_read(struct ng_stream *stream, uint64_t offset, size_t len,
			     const ng_cancel *cancel, uint8_t *buf, size_t *ret_len)
{
	const struct repeats_file *file = (const struct repeats_file *)stream;
	const struct piece *piece = offset < file->now.offset ? &file->before : &file->now;
	size_t n = 0, skip;

	if (offset < piece->offset || (piece == &file->before && !piece->text.len))
		return -ESPIPE;
	skip = (size_t)(offset - piece->offset);
	if (skip < piece->text.len) {
		n = ng_min(len, piece->text.len - skip);
		memcpy(buf, piece->text.data + skip, n);
	}
	*ret_len = n;
	return 0;
}

static void repeats_file_free(struct ng_stream *stream)
{
	struct repeats_file *file = (struct repeats_file *)stream;

	ng_repeats_free(file->repeats);
	ng_buf_free(&file->before.text);
	ng_buf_free(&file->now.text);
	free(file);
}

int ng_repeats_file_new(struct ng_indexes *indexes, const struct ng_mounted_index *index,
			const struct ng_often_options *options, bool skip_first,
			struct ng_stream **ret_stream)
{
	static const struct ng_stream_ops ops = {
		.grow = repeats_file_grow,
		.read = repeats_file_read,
		.free = repeats_file_free,
	};
	struct repeats_file *file = calloc(1, sizeof(*file));
	int r = file ? ng_repeats_new(index->index, options, skip_first, &file->repeats) : -ENOMEM;

	if (r) {
		free(file);
		if (indexes)
			ng_indexes_put(indexes, index);
		return r;
	}
	ng_stream_init(&file->stream, &ops, indexes, index);
	/* No two stretches of a document begin at the same byte. */
	atomic_store(&file->stream.bytes_most, LINE_MOST * index->text_bytes);
	*ret_stream = &file->stream;
	return 0;
}
