/* SPDX-License-Identifier: Apache-2.0 */
#include "indexmake.h"

size_t made_meta(uint64_t doc, char buf[256])
{
	return (size_t)snprintf(buf, 256, "{\"n\":%ju,\"pad\":\"%.*s\"}", (uintmax_t)doc,
				(int)(doc * 7 % 41), "the quick brown fox jumps over the lazy dog");
}

void made_build_docs(const struct naive *corpus, uint64_t first, uint64_t end,
		     const struct ng_build_options *options, const char *path,
		     struct ng_build_summary *ret_summary)
{
	ng_cleanup(ng_builder_freep) struct ng_builder *builder = NULL;
	struct ng_build_options mine = *options;
	struct ng_error err = {""};

	mine.output = path;
	if (ng_builder_new(&mine, &builder, &err) != 0)
		fail_msg("%s: %s", corpus->name, err.text);
	for (uint64_t doc = first; doc < end; doc++) {
		char meta[256];
		size_t meta_bytes = made_meta(doc, meta);

		if (ng_builder_add(builder, corpus->text + naive_begin(corpus, doc),
				   naive_bytes(corpus, doc), meta, meta_bytes, &err) != 0)
			fail_msg("%s: %s", corpus->name, err.text);
	}
	if (ng_builder_finish(builder, ret_summary, &err) != 0)
		fail_msg("%s: %s", corpus->name, err.text);
}

void made_build(const struct naive *corpus, const struct ng_build_options *options,
		const char *path, struct ng_build_summary *ret_summary)
{
	made_build_docs(corpus, 0, corpus->docs, options, path, ret_summary);
}

void made_index_new(const struct naive *corpus, const struct ng_build_options *options,
		    struct made_index *made)
{
	struct ng_build_summary summary;
	struct ng_error err = {""};

	assert_int_equal(scratch_make(made->dir), 0);
	snprintf(made->path, sizeof(made->path), "%s/index", made->dir);
	made_build(corpus, options, made->path, &summary);
	assert_int_equal(summary.docs, corpus->docs);
	assert_int_equal(summary.text_bytes, corpus->n - corpus->docs);
	if (ng_index_open(made->path, options->threads, &made->index, &err) != 0)
		fail_msg("%s: %s", corpus->name, err.text);
}

void made_index_free(struct made_index *made)
{
	ng_index_close(made->index);
	assert_int_equal(scratch_remove(made->path), 0);
	assert_int_equal(scratch_remove(made->dir), 0);
}
