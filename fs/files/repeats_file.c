/* SPDX-License-Identifier: Apache-2.0 */
#include "files/repeats_file.h"

#include "files/pieces.h"

/* No line is longer. */
#define LINE_MOST 192u

struct repeats_file {
	struct ng_stream stream;
	struct ng_repeats *repeats;
	const struct ng_repeat *left; /* that repeats gave last, and that are in no piece yet */
	size_t n_left;
	struct ng_pieces pieces;
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
	ng_cleanup(ng_buf_free) struct ng_buf text = NG_BUF_INIT;
	int r = file->n_left ? 1
			     : ng_repeats_next(file->repeats, cancel, &file->left, &file->n_left);

	if (r == 0)
		atomic_store(&stream->bytes_most, 0);
	if (r <= 0)
		return r;
	text = ng_pieces_begin(&file->pieces);
	if (append_lines(&text, file->left, file->n_left))
		return -ENOMEM;
	file->n_left = 0;
	ng_pieces_add(&file->pieces, stream, text);
	text = NG_BUF_INIT;
	return 0;
}

static int repeats_file_read(struct ng_stream *stream, uint64_t offset, size_t len,
			     const ng_cancel *cancel, uint8_t *buf, size_t *ret_len)
{
	const struct repeats_file *file = (const struct repeats_file *)stream;

	return ng_pieces_read(&file->pieces, offset, len, buf, ret_len);
}

static size_t repeats_file_held(const struct ng_stream *stream)
{
	const struct repeats_file *file = (const struct repeats_file *)stream;

	return ng_pieces_held(&file->pieces) + ng_repeats_held(file->repeats);
}

static void repeats_file_shed(struct ng_stream *stream)
{
	struct repeats_file *file = (struct repeats_file *)stream;

	ng_pieces_shed(&file->pieces, stream);
	/* Unless something of theirs is still to be written. */
	if (file->n_left == 0)
		ng_repeats_shed(file->repeats);
}

static int repeats_file_wake(struct ng_stream *stream)
{
	struct repeats_file *file = (struct repeats_file *)stream;

	return ng_pieces_wake(&file->pieces, stream);
}

static void repeats_file_free(struct ng_stream *stream)
{
	struct repeats_file *file = (struct repeats_file *)stream;

	ng_pieces_free(&file->pieces, stream);
	ng_repeats_free(file->repeats);
	free(file);
}

int ng_repeats_file_new(struct ng_indexes *indexes, const struct ng_mounted_index *index,
			const struct ng_often_options *options, bool skip_first,
			struct ng_stream **ret_stream)
{
	static const struct ng_stream_ops ops = {
		.grow = repeats_file_grow,
		.read = repeats_file_read,
		.held = repeats_file_held,
		.shed = repeats_file_shed,
		.wake = repeats_file_wake,
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
