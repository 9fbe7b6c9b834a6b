/* SPDX-License-Identifier: Apache-2.0 */
#include "files/wordlist_file.h"

#include "files/pieces.h"
#include "names/escape.h"
#include "query/wordlist.h"

/* A piece has so many bytes or, where words come many at a time, more. */
#define PIECE_BYTES (64u << 10)

struct wordlist_file {
	struct ng_stream stream;
	struct ng_wordlist *list;
	const struct ng_word_counts *left; /* that list gave last, and that are in no piece yet */
	struct ng_pieces pieces;
};

static int append_words(struct ng_buf *buf, const struct ng_word_counts *words)
{
	size_t good = buf->len;
	int r = 0;

	for (size_t i = 0; r == 0 && i < words->n; i++) {
		const struct ng_word_count *word = &words->list[i];

		r = ng_buf_printf(buf, "%llu\t", (unsigned long long)word->count);
		if (r == 0)
			r = ng_escape_append(buf, words->words.text.data + word->at, word->len);
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
	ng_cleanup(ng_buf_free) struct ng_buf text = ng_pieces_begin(&file->pieces);
	int r = 1;

	while (r > 0 && text.len < PIECE_BYTES) {
		r = file->left ? 1 : ng_wordlist_next(file->list, cancel, &file->left);
		if (r > 0 && append_words(&text, file->left))
			r = -ENOMEM;
		else if (r > 0)
			file->left = NULL;
	}
	if (text.len == 0) {
		if (r == 0)
			atomic_store(&stream->bytes_most, 0);
		return r;
	}
	ng_pieces_add(&file->pieces, stream, text);
	text = NG_BUF_INIT;
	return 0;
}

static int wordlist_file_read(struct ng_stream *stream, uint64_t offset, size_t len,
			      const ng_cancel *cancel, uint8_t *buf, size_t *ret_len)
{
	const struct wordlist_file *file = (const struct wordlist_file *)stream;

	return ng_pieces_read(&file->pieces, offset, len, buf, ret_len);
}

static size_t wordlist_file_held(const struct ng_stream *stream)
{
	return ng_pieces_held(&((const struct wordlist_file *)stream)->pieces);
}

static void wordlist_file_shed(struct ng_stream *stream)
{
	ng_pieces_shed(&((struct wordlist_file *)stream)->pieces, stream);
}

static int wordlist_file_wake(struct ng_stream *stream)
{
	return ng_pieces_wake(&((struct wordlist_file *)stream)->pieces, stream);
}

static void wordlist_file_free(struct ng_stream *stream)
{
	struct wordlist_file *file = (struct wordlist_file *)stream;

	ng_pieces_free(&file->pieces, stream);
	ng_wordlist_free(file->list);
	free(file);
}

int ng_wordlist_file_new(struct ng_indexes *indexes, const struct ng_mounted_index *index,
			 uint64_t min_count, struct ng_stream **ret_stream)
{
	static const struct ng_stream_ops ops = {
		.grow = wordlist_file_grow,
		.read = wordlist_file_read,
		.held = wordlist_file_held,
		.shed = wordlist_file_shed,
		.wake = wordlist_file_wake,
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
