/* SPDX-License-Identifier: Apache-2.0 */
#include "corpus.h"
#include "tree/tree.h"

#include <pthread.h>

static const struct corpus_doc first_docs[] = {
	{(const uint8_t *)"one fish", 8, "{\"n\":0}"},
	{(const uint8_t *)"two fish", 8, "{\"n\":1}"},
};
static const struct corpus_doc more_docs[] = {
	{(const uint8_t *)"red fish", 8, "{\"n\":2}"},
	{(const uint8_t *)"blue cats", 9, "{\"n\":3}"},
};

/* Append to the index at path, or replace it. */
static void add_docs(const char *path, const struct corpus_doc *docs, size_t n, bool replace)
{
	ng_cleanup(ng_builder_freep) struct ng_builder *builder = NULL;
	struct ng_build_options options = {
		.output = path, .threads = 1, .append = !replace, .force = replace};
	struct ng_build_summary summary;
	struct ng_error err = {""};

	assert_int_equal(ng_builder_new(&options, &builder, &err), 0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(ng_builder_add(builder, docs[i].text, docs[i].len, docs[i].meta,
						strlen(docs[i].meta), &err),
				 0);
	assert_int_equal(ng_builder_finish(builder, &summary, &err), 0);
}

static struct ng_tree *open_tree(const char *const *paths, size_t n)
{
	struct ng_tree_options options = {.page_docs = 10,
					  .context_bytes = 10,
					  .node_limit_bytes = 1 << 20,
					  .streams = {.disk_bytes = 1 << 30},
					  .opening = {.threads = 1}};
	struct ng_tree *tree = NULL;
	struct ng_error err = {""};

	if (ng_tree_new(paths, n, &options, &tree, &err) != 0)
		fail_msg("%s", err.text);
	return tree;
}

static struct ng_entry must_find(struct ng_tree *tree, ng_node_id dir, const char *name)
{
	struct ng_entry entry = {0};

	assert_int_equal(ng_tree_lookup(tree, dir, name, NULL, &entry), 0);
	assert_int_not_equal(entry.id, 0);
	return entry;
}

static void check_content(struct ng_tree *tree, ng_node_id id, const char *want)
{
	uint8_t buf[1024];
	size_t len = 0;

	assert_int_equal(ng_tree_read(tree, id, 0, sizeof(buf), NULL, buf, &len), 0);
	assert_true(len >= strlen(want));
	assert_memory_equal(buf, want, strlen(want));
}

static void note_name(void *userdata, ng_node_id dir, const char *name)
{
	char *names = userdata;

	assert_int_equal(dir, NG_NODE_ROOT);
	strcat(names, name);
	strcat(names, " ");
}

static bool count_name(void *userdata, const struct ng_name *name)
{
	++*(unsigned *)userdata;
	return true;
}

/* What a kernel that holds on to old nodes is told, and what a new walk finds. */
static void test_append(void **state)
{
	struct corpus corpus;
	const char *paths[] = {corpus.path};
	struct ng_entry count, docs, fish, stats, zero, text, entry;
	char names[512] = "";
	unsigned listed = 0;
	struct ng_tree *tree;

	corpus_make(&corpus, first_docs, 2, 0, false);
	tree = open_tree(paths, 1);
	count = must_find(tree, NG_NODE_ROOT, "count");
	docs = must_find(tree, NG_NODE_ROOT, "docs");
	stats = must_find(tree, NG_NODE_ROOT, "stats");
	fish = must_find(tree, docs.id, "fish");
	text = must_find(tree, fish.id, "1.txt");
	zero = must_find(tree, count.id, "red");
	assert_false(zero.uncacheable);
	assert_int_equal(ng_tree_lookup(tree, docs.id, "red", NULL, &entry), -ENOENT);
	assert_int_equal(entry.id, 0);
	assert_false(entry.uncacheable);

	/* Nothing has changed. */
	assert_int_equal(ng_tree_reload(tree, note_name, names, NULL), 0);
	assert_string_equal(names, "");
	assert_int_equal(must_find(tree, NG_NODE_ROOT, "count").id, count.id);

	add_docs(corpus.path, more_docs, 2, false);
	check_content(tree, must_find(tree, count.id, "fish").id, "2\n");
	assert_int_equal(ng_tree_reload(tree, note_name, names, NULL), 1);
	assert_string_equal(
		names, "README batch count df doc docs facet files find grep kwic lines match meta "
		       "next nextword prev prevword repeats stats trace with wordlist ");

	/* From the root on all is new, under the same inode numbers. */
	entry = must_find(tree, NG_NODE_ROOT, "count");
	assert_int_not_equal(entry.id, count.id);
	assert_int_equal(entry.ino, count.ino);
	entry = must_find(tree, entry.id, "fish");
	assert_false(entry.uncacheable);
	check_content(tree, entry.id, "3\n");
	entry = must_find(tree, NG_NODE_ROOT, "stats");
	assert_int_equal(entry.ino, stats.ino);
	check_content(tree, entry.id, "{\"documents\":4,");
	entry = must_find(tree, must_find(tree, NG_NODE_ROOT, "doc").id, "3.txt");
	check_content(tree, entry.id, "blue cats");
	/* A document that was there is the same node, with its pages. */
	entry = must_find(tree, must_find(tree, NG_NODE_ROOT, "docs").id, "fish");
	assert_int_not_equal(entry.id, fish.id);
	assert_int_equal(entry.ino, fish.ino);
	assert_int_equal(must_find(tree, entry.id, "1.txt").id, text.id);

	/* Old files say what they said; old directories know the new state, not to be cached. */
	check_content(tree, stats.id, "{\"documents\":2,");
	check_content(tree, zero.id, "0\n");
	check_content(tree, text.id, "two fish");
	entry = must_find(tree, count.id, "red");
	assert_true(entry.uncacheable);
	check_content(tree, entry.id, "1\n");
	assert_int_equal(ng_tree_lookup(tree, docs.id, "nothing", NULL, &entry), -ENOENT);
	assert_true(entry.uncacheable);
	assert_true(must_find(tree, docs.id, "red").uncacheable);
	assert_true(must_find(tree, fish.id, "2.txt").uncacheable);
	assert_int_equal(ng_tree_list(tree, fish.id, 0, NULL, count_name, &listed), 0);
	assert_int_equal(listed, 2 + 3);
	ng_tree_free(tree);
	corpus_drop(&corpus);
}

/* The same numbers are other documents. */
static void test_replace(void **state)
{
	struct corpus corpus;
	const char *paths[] = {corpus.path};
	struct ng_entry fish, text, count, find, entry;
	uint8_t buf[16];
	char names[512] = "";
	struct ng_tree *tree;
	size_t len;

	corpus_make(&corpus, first_docs, 2, 0, false);
	tree = open_tree(paths, 1);
	count = must_find(tree, NG_NODE_ROOT, "count");
	fish = must_find(tree, must_find(tree, NG_NODE_ROOT, "docs").id, "fish");
	find = must_find(tree, must_find(tree, NG_NODE_ROOT, "find").id, "fish");
	text = must_find(tree, fish.id, "0.txt");
	add_docs(corpus.path, more_docs, 2, true);
	assert_int_equal(ng_tree_reload(tree, note_name, names, NULL), 1);

	assert_int_equal(ng_tree_read(tree, text.id, 0, sizeof(buf), NULL, buf, &len), -ESTALE);
	assert_int_equal(ng_tree_entry(tree, text.id, &entry), -ESTALE);
	assert_int_equal(ng_tree_lookup(tree, fish.id, "0.txt", NULL, &entry), -ESTALE);
	assert_int_equal(ng_tree_list(tree, fish.id, 0, NULL, count_name, &len), -ESTALE);
	check_content(tree, find.id, "{\"cnt\":2,");
	check_content(tree, must_find(tree, count.id, "fish").id, "1\n");
	entry = must_find(tree, must_find(tree, NG_NODE_ROOT, "doc").id, "0.txt");
	assert_int_not_equal(entry.id, text.id);
	check_content(tree, entry.id, "red fish");
	/* Appended to, this one's documents stay. */
	add_docs(corpus.path, first_docs, 2, false);
	assert_int_equal(ng_tree_reload(tree, note_name, names, NULL), 1);
	check_content(tree, entry.id, "red fish");
	ng_tree_free(tree);
	corpus_drop(&corpus);
}

/* Of several, only what has changed is asked for again; one that can't be opened leaves all. */
static void test_several(void **state)
{
	struct corpus corpus, other;
	char link[SCRATCH_DIR_MAX + 16], away[SCRATCH_DIR_MAX + 16], names[512] = "";
	const char *paths[] = {corpus.path, link};
	struct ng_entry here, there, count;
	struct ng_error err = {""};
	struct ng_tree *tree;
	uint64_t docs, bytes;

	corpus_make(&corpus, first_docs, 2, 0, false);
	corpus_make(&other, more_docs, 2, 0, false);
	snprintf(link, sizeof(link), "%s/link.ngram", other.dir);
	snprintf(away, sizeof(away), "%s/away", other.dir);
	assert_int_equal(symlink(other.path, link), 0);
	tree = open_tree(paths, 2);
	here = must_find(tree, NG_NODE_ROOT, "index");
	there = must_find(tree, NG_NODE_ROOT, "link");
	count = must_find(tree, here.id, "count");

	add_docs(corpus.path, more_docs, 2, false);
	assert_int_equal(rename(other.path, away), 0);
	assert_int_equal(ng_tree_reload(tree, note_name, names, &err), -ENOENT);
	assert_non_null(strstr(err.text, "link.ngram"));
	assert_string_equal(names, "");
	check_content(tree, must_find(tree, count.id, "fish").id, "2\n");
	assert_int_equal(rename(away, other.path), 0);

	assert_int_equal(ng_tree_reload(tree, note_name, names, &err), 1);
	assert_string_equal(names, "index ");
	assert_int_equal(must_find(tree, NG_NODE_ROOT, "link").id, there.id);
	assert_int_not_equal(must_find(tree, NG_NODE_ROOT, "index").id, here.id);
	/* A directory of an index that somebody stands in never has the new one's children, so
	 * that none has two places. */
	assert_int_equal(must_find(tree, here.id, "count").id, count.id);
	assert_true(must_find(tree, here.id, "count").uncacheable);
	check_content(tree, must_find(tree, count.id, "fish").id, "3\n");
	/* The link leads elsewhere. */
	assert_int_equal(unlink(link), 0);
	assert_int_equal(symlink(corpus.path, link), 0);
	assert_int_equal(ng_tree_reload(tree, note_name, names, &err), 1);
	ng_tree_totals(tree, &docs, &bytes);
	assert_int_equal(docs, 8);
	ng_tree_free(tree);
	assert_int_equal(unlink(link), 0);
	corpus_drop(&corpus);
	corpus_drop(&other);
}

static uint64_t nodes_of(struct ng_tree *tree)
{
	struct ng_nodes_stats stats;

	ng_nodes_stats(ng_tree_nodes(tree), &stats);
	return stats.nodes;
}

/* The tree under other settings: made when it is looked up, gone when it is forgotten, and of the
 * index as it is. */
static void test_with(void **state)
{
	struct corpus corpus;
	const char *paths[] = {corpus.path};
	struct ng_entry with, one, two, count, docs, fish, entry;
	char names[512] = "";
	unsigned listed = 0;
	struct ng_tree *tree;

	corpus_make(&corpus, first_docs, 2, 0, false);
	tree = open_tree(paths, 1);
	with = must_find(tree, NG_NODE_ROOT, "with");
	assert_int_equal(nodes_of(tree), 0);
	one = must_find(tree, with.id, "page=1,context=3");
	two = must_find(tree, with.id, "context=3,page=1");
	assert_int_not_equal(one.id, two.id);
	assert_int_equal(one.ino, two.ino);
	assert_int_equal(must_find(tree, with.id, "page=1,context=3").id, one.id);
	assert_int_equal(ng_tree_lookup(tree, one.id, "with", NULL, &entry), -ENOENT);
	assert_int_equal(ng_tree_lookup(tree, with.id, "page=0", NULL, &entry), -ENOENT);
	count = must_find(tree, one.id, "count");
	check_content(tree, must_find(tree, count.id, "fish").id, "2\n");
	docs = must_find(tree, one.id, "docs");
	fish = must_find(tree, docs.id, "fish");
	/* ".", "..", a document and more. */
	assert_int_equal(ng_tree_list(tree, fish.id, 0, NULL, count_name, &listed), 0);
	assert_int_equal(listed, 4);
	assert_int_equal(nodes_of(tree), 5);

	/* Appended to: as outside. */
	add_docs(corpus.path, more_docs, 2, false);
	assert_int_equal(ng_tree_reload(tree, note_name, names, NULL), 1);
	assert_int_equal(must_find(tree, one.id, "count").id, count.id);
	assert_true(must_find(tree, one.id, "count").uncacheable);
	entry = must_find(tree, count.id, "fish");
	assert_true(entry.uncacheable);
	check_content(tree, entry.id, "3\n");
	entry = must_find(tree, must_find(tree, NG_NODE_ROOT, "with").id, "page=1,context=3");
	assert_int_not_equal(entry.id, one.id);
	assert_int_equal(entry.ino, one.ino);
	assert_false(must_find(tree, entry.id, "count").uncacheable);

	/* Replaced: a page of other documents is none of this one. */
	add_docs(corpus.path, more_docs, 2, true);
	assert_int_equal(ng_tree_reload(tree, note_name, names, NULL), 1);
	assert_int_equal(ng_tree_lookup(tree, fish.id, "0.txt", NULL, &entry), -ESTALE);
	entry = must_find(tree, docs.id, "fish");
	assert_true(entry.uncacheable);
	ng_tree_forget(tree, entry.id, 1);

	ng_tree_forget(tree, fish.id, 1);
	ng_tree_forget(tree, docs.id, 1);
	ng_tree_forget(tree, count.id, 3);
	ng_tree_forget(tree, two.id, 1);
	ng_tree_forget(tree, one.id, 2);
	/* Those that were found after it was appended to. */
	assert_int_equal(nodes_of(tree), 2);
	ng_tree_free(tree);
	corpus_drop(&corpus);
}

struct asking {
	struct ng_tree *tree;
	atomic_bool ending;
	atomic_ulong asked;
};

static void *ask(void *data)
{
	struct asking *asking = data;
	uint64_t before = 0;

	while (!atomic_load(&asking->ending)) {
		struct ng_entry dir = must_find(asking->tree, NG_NODE_ROOT, "count");
		struct ng_entry entry = must_find(asking->tree, dir.id, "fish");
		uint64_t count = ng_node_value(entry.id);
		unsigned listed = 0;

		assert_true(count >= before);
		before = count;
		dir = must_find(asking->tree, NG_NODE_ROOT, "docs");
		dir = must_find(asking->tree, dir.id, "fish");
		assert_int_equal(ng_tree_list(asking->tree, dir.id, 0, NULL, count_name, &listed),
				 0);
		assert_true(listed >= 4);
		ng_tree_forget(asking->tree, dir.id, 1);
		atomic_fetch_add(&asking->asked, 1);
	}
	return NULL;
}

/* Threads that ask meanwhile; sanitizers see what is freed too early. */
static void test_threads(void **state)
{
	struct asking asking = {0};
	struct corpus corpus;
	const char *paths[] = {corpus.path};
	char names[2000] = "";
	pthread_t threads[3];
	uint64_t docs, bytes;

	corpus_make(&corpus, first_docs, 2, 0, false);
	asking.tree = open_tree(paths, 1);
	for (size_t i = 0; i < ng_array_size(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask, &asking), 0);
	for (unsigned i = 0; i < 8; i++) {
		unsigned long asked = atomic_load(&asking.asked);

		names[0] = '\0';
		add_docs(corpus.path, first_docs, 2, false);
		assert_int_equal(ng_tree_reload(asking.tree, note_name, names, NULL), 1);
		while (atomic_load(&asking.asked) < asked + 10)
			usleep(1000);
	}
	atomic_store(&asking.ending, true);
	for (size_t i = 0; i < ng_array_size(threads); i++)
		pthread_join(threads[i], NULL);
	ng_tree_totals(asking.tree, &docs, &bytes);
	assert_int_equal(docs, 18);
	assert_int_equal(bytes, 18 * 8);
	ng_tree_free(asking.tree);
	corpus_drop(&corpus);
}

/* Spellings of one query are the same under case=fold, and nowhere else. */
static void test_fold(void **state)
{
	static const struct corpus_doc docs[] = {
		{(const uint8_t *)"One fISH", 8, "{}"},
		{(const uint8_t *)"two fish", 8, "{}"},
		{(const uint8_t *)"red cats", 8, "{}"},
	};
	struct ng_entry with, fold, exact, page, entry;
	struct corpus corpus;
	const char *paths[] = {corpus.path};
	unsigned listed = 0;
	struct ng_tree *tree;

	corpus_make(&corpus, docs, 3, 0, false);
	tree = open_tree(paths, 1);
	with = must_find(tree, NG_NODE_ROOT, "with");
	fold = must_find(tree, with.id, "case=fold");
	exact = must_find(tree, with.id, "case=exact");
	check_content(tree, must_find(tree, must_find(tree, fold.id, "count").id, "FiSh").id,
		      "2\n");
	check_content(tree, must_find(tree, must_find(tree, exact.id, "count").id, "fish").id,
		      "1\n");
	check_content(tree, must_find(tree, must_find(tree, fold.id, "find").id, "fish").id,
		      "{\"cnt\":2,\"segment_by_shard\":[[[");
	page = must_find(tree, must_find(tree, fold.id, "docs").id, "fish");
	must_find(tree, page.id, "0.txt");
	assert_int_equal(ng_tree_lookup(tree, page.id, "2.txt", NULL, &entry), -ENOENT);
	assert_int_equal(ng_tree_list(tree, page.id, 0, NULL, count_name, &listed), 0);
	assert_int_equal(listed, 4);
	page = must_find(tree, must_find(tree, exact.id, "docs").id, "fish");
	assert_int_equal(ng_tree_lookup(tree, page.id, "0.txt", NULL, &entry), -ENOENT);
	ng_tree_free(tree);
	corpus_drop(&corpus);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_append),  cmocka_unit_test(test_replace),
		cmocka_unit_test(test_several), cmocka_unit_test(test_with),
		cmocka_unit_test(test_fold),    cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
