/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz_index.h"

#include "build/builder.h"
#include "query/fold_scan.h"
#include "scratch.h"

/* Short, so that naive answers are quick, and full of what names, lines and texts may trip over. */
static const struct {
	const char *text;
	size_t len;
} docs[] = {
#define DOC(text)                                                                                  \
	{                                                                                          \
		text, sizeof(text) - 1                                                             \
	}
	DOC("of the a/b 100% %41 %% %25 %2541 A.gitignore .. . Cargo.toml\r\n"),
	DOC("abababab%ab%%ab\n\nab\r\r\n \t the the  thethe\n"),
	DOC("\0\0\x01\x7f\x80\xff\xfe\xc3\xa4\xe4\xb8\xad\xf0\x9f\x98\x80\xed\xa0\x80\0"),
	DOC("a"),
	DOC(""),
	DOC("case=fold,escape=none error: an empty query\t0\t1\n"),
	DOC("aaaaaaaaaaaaaaaaaaaaaaaa\n"),
};

static uint64_t occurrences(size_t doc, const uint8_t *text, size_t len)
{
	const uint8_t *at = (const uint8_t *)docs[doc].text, *end = at + docs[doc].len;
	uint64_t count = 0;

	while ((at = memmem(at, (size_t)(end - at), text, len))) {
		count++;
		at++;
	}
	return count;
}

uint64_t fuzz_count(const uint8_t *text, size_t len)
{
	uint64_t count = 0;

	for (size_t i = 0; i < ng_array_size(docs); i++)
		count += occurrences(i, text, len);
	return count;
}

uint64_t fuzz_count_folded(unsigned folds, const uint8_t *text, size_t len)
{
	struct ng_fold_scan scan;
	uint64_t count = 0;

	fuzz_require(ng_fold_scan_make(folds, false, text, len, &scan) == 0);
	for (size_t i = 0; i < ng_array_size(docs); i++) {
		const uint8_t *doc = (const uint8_t *)docs[i].text;
		size_t bytes = docs[i].len;

		for (size_t at = 0; at < bytes; at++)
			count += ng_fold_scan_at(&scan, doc, bytes, at) > 0;
	}
	ng_fold_scan_clear(&scan);
	return count;
}

uint64_t fuzz_df(const uint8_t *text, size_t len)
{
	uint64_t count = 0;

	for (size_t i = 0; i < ng_array_size(docs); i++)
		count += occurrences(i, text, len) > 0;
	return count;
}

void fuzz_require(bool holds)
{
	if (!holds)
		abort();
}

static void build(const char *path)
{
	ng_cleanup(ng_builder_freep) struct ng_builder *builder = NULL;
	/* Several shards. */
	struct ng_build_options options = {.output = path, .threads = 1, .shard_bytes = 150};
	struct ng_build_summary summary;

	fuzz_require(ng_builder_new(&options, &builder, NULL) == 0);
	for (size_t i = 0; i < ng_array_size(docs); i++)
		fuzz_require(ng_builder_add(builder, (const uint8_t *)docs[i].text, docs[i].len,
					    "{}", 2, NULL) == 0);
	fuzz_require(ng_builder_finish(builder, &summary, NULL) == 0);
	fuzz_require(summary.docs == ng_array_size(docs));
}

static struct ng_tree *open_tree(const char *path)
{
	static const struct ng_tree_options options = {.page_docs = 2,
						       .streams = {.disk_bytes = 1 << 30},
						       .context_bytes = 10,
						       .node_limit_bytes = 1 << 20,
						       .opening = {.threads = 1}};
	struct ng_tree *tree = NULL;

	fuzz_require(ng_tree_new(&path, 1, &options, &tree, NULL) == 0);
	return tree;
}

static struct opened {
	struct ng_tree *tree;
	struct ng_mounted_index index;
} opened;

static const struct opened *get(void)
{
	char dir[SCRATCH_DIR_MAX], path[SCRATCH_DIR_MAX + 8];

	if (opened.tree)
		return &opened;
	fuzz_require(scratch_make(dir) == 0);
	snprintf(path, sizeof(path), "%s/index", dir);
	build(path);
	opened.tree = open_tree(path);
	fuzz_require(ng_index_open(path, 1, &opened.index.index, NULL) == 0);
	/* They are open, and mapped: nothing needs the files' names. */
	fuzz_require(scratch_remove(path) == 0 && scratch_remove(dir) == 0);
	return &opened;
}

struct ng_tree *fuzz_tree(void)
{
	return get()->tree;
}

const struct ng_mounted_index *fuzz_index(void)
{
	return &get()->index;
}
