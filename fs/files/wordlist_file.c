/* SPDX-License-Identifier: Apache-2.0 */
#include "files/wordlist_file.h"

#include "names/escape.h"
#include "query/wordlist.h"

/* A piece has so many bytes or, where words come many at a time, more. */
#define PIECE_BYTES (64u << 10)

struct piece {
	uint64_t offset;
	struct ng_buf text;
};

struct wordlist_file {
	struct ng_stream stream;
	struct ng_wordlist *list;
	const struct ng_word_counts *left; /* that list gave last, and that are in no piece yet */
	struct piece before, now;
};

static int append_words(struct ng_buf *buf, const struct ng_word_counts *words)
{
	size_t good = buf->len;
	int r = 0;

	for (size_t i = 0; r == 0 && i < words->n; i++) {
		const struct ng_word_count *word = &words->list[i];

		r = ng_buf_printf(buf, "%llu\t", (unsigned long long)word->count);
		if (r == 0)
			r = ng_escape_append(buf, words->text.data + word->at, word->len);
		if (r == 0)
			r = ng_buf_append(buf, "\n", 1);
	}
	if (r)
		buf->len = good;
	return r;
}

static int wordlist_file_grow(struct ng_stream *stream, const ng_cancel *cancel)
{
	struct wordlist_file *file = (struct wordlist_file *)stream;
	struct piece made = {atomic_load(&stream->bytes), file->before.text};
	int r = 1;

	file->before.text = NG_BUF_INIT;
	made.text.len = 0;
	while (r > 0 && made.text.len < PIECE_BYTES) {
		r = file->left ? 1 : ng_wordlist_next(file->list, cancel, &file->left);
		if (r > 0 && append_words(&made.text, file->left))
			r = -ENOMEM;
		else if (r > 0)
			file->left = NULL;
	}
	if (made.text.len == 0) {
		ng_buf_free(&made.text);
		if (r == 0)
			atomic_store(&stream->bytes_most, 0);
		return r;
	}
	file->before = file->now;
	file->now = made;
	atomic_store(&stream->bytes, made.offset + made.text.len);
	return 0;
}

static int wordlist_file_read(struct ng_stream *stream, uint64_t offset, size_t len,
			      const ng_cancel *cancel, uint8_t *buf, size_t *ret_len)
{
	const struct wordlist_file *file = (const struct wordlist_file *)stream;
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

static void wordlist_file_free(struct ng_stream *stream)
{
	struct wordlist_file *file = (struct wordlist_file *)stream;

	ng_wordlist_free(file->list);
	ng_buf_free(&file->before.text);
	ng_buf_free(&file->now.text);
	free(file);
}

int ng_wordlist_file_new(struct ng_indexes *indexes, const struct ng_mounted_index *index,
			 uint64_t min_count, struct ng_stream **ret_stream)
{
	static const struct ng_stream_ops ops = {
		.grow = wordlist_file_grow,
		.read = wordlist_file_read,
		.free = wordlist_file_free,
	};
	struct wordlist_file *file = calloc(1, sizeof(*file));
	int r = file ? ng_wordlist_new(index->index, min_count, &file->list) : -ENOMEM;

	if (r) {
		free(file);
		if (indexes)
			ng_indexes_put(indexes, index);
		return r;
	}
	ng_stream_init(&file->stream, &ops, indexes, index);
	/* In the text a word takes its own bytes and one between for each time; in its line not
	 * more than twice that. */
	atomic_store(&file->stream.bytes_most, 2 * (index->text_bytes + index->docs));
	*ret_stream = &file->stream;
	return 0;
}
