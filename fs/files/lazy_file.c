/* SPDX-License-Identifier: Apache-2.0 */
#include "files/lazy_file.h"

/* What a text may take that is never made again. */
#define SMALL_BYTES 4096u

struct lazy_file {
	struct ng_stream stream;
	ng_lazy_file_answer answer;
	bool made; /* the text, and it is there */
	struct ng_buf text;
	struct ng_query query;
	uint8_t query_bytes[];
};

static int make(struct lazy_file *file, const ng_cancel *cancel)
{
	int r;

	if (file->made)
		return 0;
	file->text.len = 0;
	r = file->answer(file->stream.index->index, &file->query, cancel, &file->text);
	if (r)
		file->text.len = 0;
	file->made = r == 0;
	return r;
}

static int lazy_file_grow(struct ng_stream *stream, const ng_cancel *cancel)
{
	struct lazy_file *file = (struct lazy_file *)stream;
	int r;

	/* Its end was reached, and stays where it is. */
	if (atomic_load(&stream->bytes))
		return 0;
	r = make(file, cancel);
	if (r)
		return r;
	atomic_store(&stream->bytes, file->text.len);
	atomic_store(&stream->bytes_most, 0);
	return 0;
}

static int lazy_file_read(struct ng_stream *stream, uint64_t offset, size_t len,
			  const ng_cancel *cancel, uint8_t *buf, size_t *ret_len)
{
	struct lazy_file *file = (struct lazy_file *)stream;
	uint64_t end = atomic_load(&stream->bytes);
	size_t n = 0;
	int r = 0;

	if (offset < end) {
		r = make(file, cancel);
		/* The same question of the same index. */
		if (r == 0 && file->text.len != end)
			r = -EUCLEAN;
		if (r)
			return r;
		n = ng_min(len, file->text.len - (size_t)offset);
		memcpy(buf, file->text.data + offset, n);
	}
	*ret_len = n;
	return 0;
}

static size_t lazy_file_held(const struct ng_stream *stream)
{
	const struct lazy_file *file = (const struct lazy_file *)stream;

	return file->text.cap > SMALL_BYTES ? file->text.cap : 0;
}

static void lazy_file_shed(struct ng_stream *stream)
{
	struct lazy_file *file = (struct lazy_file *)stream;

	if (file->text.cap <= SMALL_BYTES)
		return;
	ng_buf_free(&file->text);
	file->made = false;
}

static void lazy_file_free(struct ng_stream *stream)
{
	struct lazy_file *file = (struct lazy_file *)stream;

	ng_buf_free(&file->text);
	free(file);
}

int ng_lazy_file_new(struct ng_indexes *indexes, const struct ng_mounted_index *index,
		     ng_lazy_file_answer answer, const struct ng_query *query, size_t bytes_most,
		     struct ng_stream **ret_stream)
{
	static const struct ng_stream_ops ops = {
		.grow = lazy_file_grow,
		.read = lazy_file_read,
		.held = lazy_file_held,
		.shed = lazy_file_shed,
		.free = lazy_file_free,
	};
	struct lazy_file *file = calloc(1, sizeof(*file) + query->len);

	if (!file) {
		if (indexes)
			ng_indexes_put(indexes, index);
		return -ENOMEM;
	}
	ng_stream_init(&file->stream, &ops, indexes, index);
	atomic_store(&file->stream.bytes_most, bytes_most);
	file->answer = answer;
	file->text = NG_BUF_INIT;
	file->query = *query;
	file->query.bytes = file->query_bytes;
	memcpy(file->query_bytes, query->bytes, query->len);
	*ret_stream = &file->stream;
	return 0;
}
