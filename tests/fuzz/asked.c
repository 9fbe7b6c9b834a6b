/* SPDX-License-Identifier: Apache-2.0 */
#include "asked.h"

#include "build/remove.h"
#include "questions.h"
#include "query/index_internal.h"
#include "query/trace.h"

#define PATTERNS  4u
#define TEXTS_MAX 65536u

static const struct {
	const char *text;
	size_t len;
} docs[] = {
#define DOC(text)                                                                                  \
	{                                                                                          \
		text, sizeof(text) - 1                                                             \
	}
	DOC("the cat sat on the mat"),
	DOC("The \0\xff cat\n\xc3\xa4 the"),
	DOC(""),
	DOC("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
	DOC("\xe4\xb8\xad\xe6\x96\x87 on the mat"),
};

static const struct ng_build_options shapes[] = {
	{.threads = 1, .sa_sampling = 4},
	{.threads = 1, .sa_sampling = 16, .text_store = true},
	{.threads = 1, .sa_sampling = 4, .shard_bytes = 80},
};

static void build(const char *dir, const struct ng_build_options *shape, unsigned repeats)
{
	ng_cleanup(ng_builder_freep) struct ng_builder *builder = NULL;
	struct ng_build_options options = *shape;
	struct ng_build_summary summary;

	options.output = dir;
	sections_require(!ng_builder_new(&options, &builder, NULL));
	for (size_t i = 0; i < repeats * ng_array_size(docs); i++) {
		size_t doc = i % ng_array_size(docs);
		char meta[64];
		int n = snprintf(meta, sizeof(meta),
				 "{\"path\":\"%zu.txt\",\"metadata\":{\"kind\":%zu}}", i, doc);

		sections_require(!ng_builder_add(builder, (const uint8_t *)docs[doc].text,
						 docs[doc].len, meta, (size_t)n, NULL));
	}
	sections_require(!ng_builder_finish(builder, &summary, NULL));
}

/* Documents 0 and 3, which is one of many rows alike. */
static void take_out(const char *dir)
{
	struct ng_doc_range ranges[] = {{0, 1}, {3, 4}};
	struct ng_doc_choice choice = {.ranges = ranges, .n_ranges = ng_array_size(ranges)};
	struct ng_build_options options = {.output = dir, .threads = 1};
	struct ng_remove_summary summary;

	sections_require(!ng_remove(&options, &choice, &summary, NULL));
}

/* Every shape small, twice with more rows than a cell has, and every shape without some of its
 * documents. */
uint8_t *asked_seed(unsigned number, size_t *ret_size)
{
	size_t n = ng_array_size(shapes);
	struct ng_buf buf = NG_BUF_INIT;
	const char *dir;

	if (number >= 2 * n + 2)
		return NULL;
	dir = sections_dir("seed");
	sections_require(rmdir(dir) == 0);
	build(dir, &shapes[number % n], number < n || number >= n + 2 ? 1 : 12);
	if (number >= n + 2)
		take_out(dir);
	sections_of_index(dir, &buf);
	sections_remove(dir);
	*ret_size = buf.len;
	return buf.data;
}

static void pattern_set(struct question_pattern *p, const void *bytes, size_t len)
{
	p->len = ng_min(len, sizeof(p->bytes));
	memcpy(p->bytes, bytes, p->len);
}

static void patterns_make(const uint8_t *data, size_t size,
			  struct question_pattern patterns[PATTERNS])
{
	size_t tail = ng_min(size, (size_t)5);

	pattern_set(&patterns[0], "the", 3);
	pattern_set(&patterns[1], "a", 1);
	pattern_set(&patterns[2], "on the mat", 10);
	pattern_set(&patterns[3], tail ? data + size - tail : (const uint8_t *)"\0",
		    tail ? tail : 1);
}

void asked_all(const struct ng_index *index, const uint8_t *data, size_t size)
{
	struct questions questions = {.n = PATTERNS, .n_docs = 4};
	static struct answers answers;

	patterns_make(data, size, questions.patterns);
	memcpy(questions.text, "a cat on the mat", 16);
	questions.text_len = 16;
	questions.docs[1] = 1;
	questions.docs[2] = 3;
	questions.docs[3] = UINT64_MAX;
	questions_ask(&questions, index, &answers);
	/* The pattern of the input, and one that is there. */
	asked_text(index, questions.patterns[3].bytes, questions.patterns[3].len);
	asked_text(index, questions.patterns[0].bytes, questions.patterns[0].len);
	for (size_t i = 0; i < answers.n; i++) {
		int r = answers.of[i].r;

		sections_require(r >= 0 || r == -EUCLEAN || r == -EIO || r == -ENOMEM ||
				 r == -ENOENT || r == -E2BIG || r == -EOVERFLOW);
	}
}

static uint64_t occurrences(const uint8_t *text, size_t len, const struct question_pattern *p)
{
	const uint8_t *end = text + len;
	uint64_t n = 0;

	while ((text = memmem(text, (size_t)(end - text), p->bytes, p->len))) {
		n++;
		text++;
	}
	return n;
}

void asked_counts(const struct ng_index *index, const uint8_t *data, size_t size)
{
	struct question_pattern patterns[PATTERNS];
	uint64_t counts[PATTERNS] = {0}, total = 0, gone = 0;
	uint64_t end = index->stats.docs + index->stats.removed_docs;

	patterns_make(data, size, patterns);
	if (index->stats.text_bytes > TEXTS_MAX || end > TEXTS_MAX)
		return;
	for (uint64_t doc = 0; doc < end; doc++) {
		ng_cleanup(ng_freep) uint8_t *text = NULL;
		uint64_t bytes = 0;
		size_t n = 0;
		int r = ng_doc_bytes(index, doc, &bytes);

		if (r == -ENOENT) {
			gone++;
			continue;
		}
		sections_require(!r);
		text = malloc(bytes + 1);
		sections_require(text);
		sections_require(!ng_doc_read(index, doc, 0, bytes, NULL, text, &n));
		sections_require(n == bytes);
		total += n;
		for (size_t i = 0; i < PATTERNS; i++)
			counts[i] += occurrences(text, n, &patterns[i]);
	}
	sections_require(gone == index->stats.removed_docs);
	sections_require(total == index->stats.text_bytes);
	for (size_t i = 0; i < PATTERNS; i++) {
		uint64_t count = 0;

		sections_require(
			!ng_count(index, patterns[i].bytes, patterns[i].len, NULL, &count));
		sections_require(count == counts[i]);
	}
}
