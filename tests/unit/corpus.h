/* A small index of given or random documents, for tests of what stands on the engine. */
#pragma once

#include "build/builder.h"
#include "query/query.h"
#include "scratch.h"

#include <setjmp.h>
#include <cmocka.h>

struct corpus_doc {
	const uint8_t *text;
	size_t len;
	const char *meta;
};

struct corpus {
	char dir[SCRATCH_DIR_MAX];
	char path[SCRATCH_DIR_MAX + 8];
	struct ng_index *index;
};

static inline void corpus_make(struct corpus *corpus, const struct corpus_doc *docs, size_t n,
			       uint64_t shard_bytes, bool text_store)
{
	ng_cleanup(ng_builder_freep) struct ng_builder *builder = NULL;
	struct ng_build_options options = {
		.output = corpus->path,
		.shard_bytes = shard_bytes,
		.threads = 1,
		.text_store = text_store,
	};
	struct ng_build_summary summary;
	struct ng_error err = {""};

	assert_int_equal(scratch_make(corpus->dir), 0);
	snprintf(corpus->path, sizeof(corpus->path), "%s/index", corpus->dir);
	assert_int_equal(ng_builder_new(&options, &builder, &err), 0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(ng_builder_add(builder, docs[i].text, docs[i].len, docs[i].meta,
						strlen(docs[i].meta), &err),
				 0);
	assert_int_equal(ng_builder_finish(builder, &summary, &err), 0);
	assert_int_equal(ng_index_open(corpus->path, 1, &corpus->index, &err), 0);
}

static inline void corpus_drop(struct corpus *corpus)
{
	ng_index_close(corpus->index);
	assert_int_equal(scratch_remove(corpus->path), 0);
	assert_int_equal(scratch_remove(corpus->dir), 0);
}

/* Documents of random words out of a few letters, so that queries recur within and across them;
 * some are empty. The texts lie one behind another in *ret_text, which the caller frees. */
static inline void corpus_random(uint64_t *rng, struct corpus_doc *docs, size_t n, size_t max_bytes,
				 uint8_t **ret_text)
{
	static const char letters[] = "abab \xc3\xa4\xe4\xb8\xad\n\0\xff";
	uint8_t *text = malloc(n * max_bytes + 1);

	assert_non_null(text);
	*ret_text = text;
	for (size_t i = 0; i < n; i++) {
		docs[i].text = text;
		docs[i].len = scratch_random(rng) % (max_bytes + 1);
		docs[i].meta = "{\"path\":\"p\"}";
		if (scratch_random(rng) % 8 == 0)
			docs[i].len = 0;
		for (size_t k = 0; k < docs[i].len; k++)
			*text++ = (uint8_t)letters[scratch_random(rng) % (sizeof(letters) - 1)];
	}
}
