/* SPDX-License-Identifier: Apache-2.0 */
#include "indexmake.h"
#include "files/kwic.h"
#include "naive_fold.h"
#include "query/fold.h"
#include "query/shuffle.h"

static const struct {
	const char *before, *match, *after; /* in the document, as far as the context reaches */
	bool cut_before, cut_after;
	const char *want;
} lines[] = {
	{"a ", "cat", " sat", false, false, "7\t2\ta \tcat\t sat\n"},
	{"", "x", "", false, false, "7\t0\t\tx\t\n"},
	{"a\tb\n", "\\", "\x01\x7f\r", false, false, "7\t4\ta\\tb\\n\t\\\\\t\\x01\\x7f\\x0d\n"},
	/* Characters that the context's ends cut are left out, others not. */
	{"\xb8\xad\xe6\x96\x87", "m", "\xe4\xb8\xad\xe6\x96", true, true,
	 "7\t5\t\xe6\x96\x87\tm\t\xe4\xb8\xad\n"},
	{"\xb8\xad", "m", "\xe4\xb8", false, false, "7\t2\t\xb8\xad\tm\t\xe4\xb8\n"},
	{"\xff\xfe", "\xf0\x9f", "\xc3\xa9\xff", true, true,
	 "7\t2\t\xff\xfe\t\xf0\x9f\t\xc3\xa9\xff\n"},
};

static void test_lines(void **state)
{
	for (size_t i = 0; i < ng_array_size(lines); i++) {
		ng_cleanup(ng_buf_free) struct ng_buf buf = NG_BUF_INIT;
		size_t before = strlen(lines[i].before), match = strlen(lines[i].match);
		size_t after = strlen(lines[i].after);
		struct ng_context context = {
			.match = {7, before},
			.bytes = match,
			.doc_bytes = before + match + after + lines[i].cut_after,
			.before = (uint32_t)before,
			.after = (uint32_t)after,
		};
		uint8_t text[64];
		const struct ng_occurrence occurrence = {&context, text + before,
							 (const uint8_t *)lines[i].match};
		const char *want = lines[i].want;
		char moved[64];

		memcpy(text, lines[i].before, before);
		memcpy(text + before, lines[i].after, after);
		if (lines[i].cut_before) {
			context.match.offset += 100;
			context.doc_bytes += 100;
			snprintf(moved, sizeof(moved), "7\t%zu%s", before + 100,
				 strchr(strchr(want, '\t') + 1, '\t'));
			want = moved;
		}
		assert_int_equal(ng_kwic_line(&buf, &occurrence), 0);
		assert_int_equal(buf.len, strlen(want));
		assert_memory_equal(buf.data, want, buf.len);
	}
}

#define CONTEXT_BYTES 40u

/* All lines in a row, from one call; an occurrence's own text is taken from the corpus. */
static void make_all(const struct naive *c, const struct ng_index *index,
		     const struct ng_query *query, struct ng_buf *buf)
{
	ng_cleanup(ng_ranges_clear) struct ng_ranges ranges = NG_RANGES_INIT;
	ng_cleanup(ng_freep) struct ng_context *contexts = NULL;
	ng_cleanup(ng_freep) uint8_t *text = NULL;
	size_t n = 0;

	assert_int_equal((query->fold ? ng_fold_find : ng_ranges_find)(index, query->bytes,
								       query->len, NULL, &ranges),
			 0);
	contexts = calloc(ranges.count + 1, sizeof(*contexts));
	text = malloc(ranges.count * 2 * CONTEXT_BYTES + 1);
	assert_true(contexts && text);
	assert_int_equal(ng_contexts(index, &ranges, 0, ranges.count, CONTEXT_BYTES, NULL, contexts,
				     text, &n),
			 0);
	assert_int_equal(n, ranges.count);
	for (size_t i = 0; i < n; i++) {
		const struct ng_match *match = &contexts[i].match;
		const struct ng_occurrence occurrence = {
			&contexts[i], text + (2 * i + 1) * CONTEXT_BYTES,
			c->text + naive_begin(c, match->doc) + match->offset};

		assert_int_equal(ng_kwic_line(buf, &occurrence), 0);
	}
}

/* The lines of text in the order of a seed. */
static void shuffle(struct ng_buf *text, uint64_t seed)
{
	struct ng_buf out = NG_BUF_INIT;
	ng_cleanup(ng_freep) const uint8_t **starts = calloc(text->len + 1, sizeof(*starts));
	struct ng_shuffle shuffle;
	size_t n = 0;

	assert_non_null(starts);
	if (text->len == 0)
		return;
	starts[0] = text->data;
	while (starts[n] < text->data + text->len) {
		starts[n + 1] = (const uint8_t *)rawmemchr(starts[n], '\n') + 1;
		n++;
	}
	shuffle = ng_shuffle_make(n, seed);
	for (size_t i = 0; i < n; i++) {
		uint64_t at = ng_shuffle_at(&shuffle, i);

		assert_int_equal(
			ng_buf_append(&out, starts[at], (size_t)(starts[at + 1] - starts[at])), 0);
	}
	ng_buf_free(text);
	*text = out;
}

/* How many were long, and short. */
static unsigned seen[2];

/* Read to its end; pieces that were dropped are read again. And all of it at once. */
static void check_stream(const struct naive *c, const struct ng_index *index, const char *pat,
			 size_t least_bytes, bool random, bool fold)
{
	const struct ng_query query = {
		.bytes = (const uint8_t *)pat, .len = strlen(pat), .fold = fold};
	const struct ng_occurrences_how how = {CONTEXT_BYTES, random, 77};
	struct ng_mounted_index mounted_index = {.index = (struct ng_index *)index};
	ng_cleanup(ng_buf_free) struct ng_buf want = NG_BUF_INIT, all = NG_BUF_INIT;
	ng_cleanup(ng_freep) uint8_t *buf = malloc(131072);
	size_t got = 0;
	struct ng_stream *stream;
	ng_cancel cancel = true;
	bool is_short;
	uint64_t offset = 0, bytes, rng = 3;

	assert_non_null(buf);
	make_all(c, index, &query, &want);
	if (random)
		shuffle(&want, how.seed);
	assert_true(want.len >= least_bytes);
	assert_int_equal(ng_kwic_new(NULL, &mounted_index, &query, &how, NULL, &stream), 0);
	is_short = ng_kwic_is_short(stream);
	seen[is_short]++;
	/* A long one tells a bound. */
	if (!is_short)
		assert_in_range(ng_stream_bytes(stream), want.len, 8 * want.len);
	assert_int_equal(ng_kwic_all(stream, &cancel, &all), want.len ? -EINTR : 0);
	assert_int_equal(ng_kwic_all(stream, NULL, &all), 0);
	assert_int_equal(all.len, want.len);
	assert_memory_equal(all.data ? all.data : buf, want.data ? want.data : buf, want.len);
	ng_stream_free(stream);

	assert_int_equal(ng_kwic_new(NULL, &mounted_index, &query, &how, NULL, &stream), 0);
	assert_int_equal(ng_stream_write(stream, 0, buf, 1), -EROFS);
	assert_int_equal(ng_stream_read(stream, 0, 1, &cancel, buf, &got), -EINTR);
	for (;;) {
		/* Nothing of it read yet, so there will be no more. */
		assert_int_equal(ng_stream_read(stream, offset, 0, NULL, buf, &got), 0);
		bytes = atomic_load(&stream->bytes);
		assert_int_equal(ng_stream_read(stream, offset, 0, NULL, buf, &got), 0);
		assert_int_equal(atomic_load(&stream->bytes), bytes);
		if (offset == bytes)
			break;
		if (bytes < want.len)
			assert_int_equal(ng_stream_read(stream, bytes + 1, 10, NULL, buf, &got),
					 -ESPIPE);
		while (offset < bytes) {
			assert_int_equal(ng_stream_read(stream, offset, 131072, NULL, buf, &got),
					 0);
			assert_true(got > 0 && offset + got <= want.len);
			assert_memory_equal(buf, want.data + offset, got);
			offset += got;
		}
	}
	assert_int_equal(offset, want.len);
	assert_int_equal(ng_stream_bytes(stream), want.len);
	for (unsigned i = 0; i < 5 && offset; i++) {
		uint64_t at = scratch_random(&rng) % offset;

		assert_int_equal(ng_stream_read(stream, at, 131072, NULL, buf, &got), 0);
		assert_int_equal(got, ng_min(offset - at, 131072u));
		assert_memory_equal(buf, want.data + at, got);
	}
	ng_stream_free(stream);
}

/* A document of ks and ss in all cases. */
static void add_letters(struct naive *c, uint64_t *rng)
{
	static const char *const letters[] = {"k", "K", "\xe2\x84\xaa", "s", "S", "\xc5\xbf"};
	uint8_t text[3000];
	size_t len = 0;

	while (len + 3 <= sizeof(text)) {
		const char *letter = letters[scratch_random(rng) % ng_array_size(letters)];

		memcpy(text + len, letter, strlen(letter));
		len += strlen(letter);
	}
	naive_add(c, text, len);
}

static void test_stream(void **state)
{
	static const struct ng_build_options options = {
		.threads = 2, .shard_bytes = 20000, .sa_sampling = 16};
	ng_cleanup(ng_freep) uint8_t *text = malloc(3000);
	struct naive c = {.name = "words"};
	struct made_index made;
	uint64_t rng = naive_seed();
	char rare[] = "\x01nonesuch";

	assert_non_null(text);
	for (unsigned i = 0; i < 60; i++) {
		size_t len = scratch_random(&rng) % 3000;

		naive_words(&rng, text, len);
		naive_add(&c, text, len);
	}
	for (unsigned i = 0; i < 15; i++)
		add_letters(&c, &rng);
	made_index_new(&c, &options, &made);
	for (unsigned random = 0; random < 2; random++) {
		check_stream(&c, made.index, " ", 5 * 64u << 10, random, false);
		check_stream(&c, made.index, "a", 1, random, false);
		check_stream(&c, made.index, rare, 0, random, false);
		check_stream(&c, made.index, rare, 0, random, true);
		/* Letters of 1 to 3 bytes, so that there are 27 spellings. */
		check_stream(&c, made.index, "kSk", 3 * 64u << 10, random, true);
	}
	check_stream(&c, made.index, "A", 1, false, true);
	assert_true(seen[false] && seen[true]);
	made_index_free(&made);
	naive_clear(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
