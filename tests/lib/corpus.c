/* SPDX-License-Identifier: Apache-2.0 */
#include "corpus.h"

void corpus_make(struct corpus *corpus, const struct corpus_doc *docs, size_t n,
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

void corpus_drop(struct corpus *corpus)
{
	ng_index_close(corpus->index);
	assert_int_equal(scratch_remove(corpus->path), 0);
	assert_int_equal(scratch_remove(corpus->dir), 0);
}

void corpus_random(uint64_t *rng, struct corpus_doc *docs, size_t n, size_t max_bytes,
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
