/* SPDX-License-Identifier: Apache-2.0 */
#include "tree/node.h"
#include "names/path.h"
#include "scratch.h"
#include "files/stream.h"

#include <pthread.h>
#include <setjmp.h>
#include <cmocka.h>

#define PARENT ng_node_id_make(NG_KIND_DOCS_DIR, 0, 0)

static struct ng_nodes *make_nodes(size_t limit_bytes)
{
	struct ng_nodes *nodes = NULL;

	assert_int_equal(ng_nodes_new(limit_bytes, &nodes), 0);
	return nodes;
}

static struct ng_entry add(struct ng_nodes *nodes, ng_node_id parent, const char *name)
{
	struct ng_node_init init = {
		.kind = NG_KIND_DOCS_PAGE,
		.index = 7,
		.parent = parent,
		.name = name,
		.query = (const uint8_t *)name,
		.query_bytes = strlen(name),
		.count = 3,
	};
	struct ng_entry entry = {0};

	assert_int_equal(ng_nodes_add(nodes, &init, &entry), 0);
	return entry;
}

static struct ng_nodes_stats stats_of(struct ng_nodes *nodes)
{
	struct ng_nodes_stats stats;

	ng_nodes_stats(nodes, &stats);
	return stats;
}

static void test_ids(void **state)
{
	static const unsigned indexes[] = {0, 1, 255};
	uint64_t values[] = {0, 1, 255, UINT64_C(1) << 47, 0};

	/* One index may have 2^56 bytes of text, and so as many occurrences, and 2^44 documents. */
	assert_int_equal(ng_node_value_bits(0), 56);
	assert_int_equal(ng_node_doc_bits(0), 44);
	assert_int_equal(NG_NODE_ROOT, ng_node_id_make(NG_KIND_ROOT, 0, 1));
	for (unsigned kind = 0; kind < NG_KINDS; kind++) {
		for (size_t i = 0; i < ng_array_size(indexes); i++) {
			values[ng_array_size(values) - 1] = ng_node_value_limit(indexes[i]) - 1;
			for (size_t v = 0; v < ng_array_size(values); v++) {
				ng_node_id id = ng_node_id_make(kind, indexes[i], values[v]);

				assert_int_equal(ng_node_kind(id), kind);
				assert_int_equal(ng_node_index(id), indexes[i]);
				assert_int_equal(ng_node_value(id), values[v]);
				assert_true(id >> 63 == 0);
			}
		}
	}
}

/* One query has one inode number however it is written, and no other has it. */
static void test_ino(void **state)
{
	struct ng_nodes *nodes = make_nodes(1 << 20);
	struct ng_node_init init = {
		.kind = NG_KIND_DOCS_PAGE,
		.parent = PARENT,
		.name = "a",
		.query = (const uint8_t *)"a",
		.query_bytes = 1,
	};
	struct ng_entry plain, escaped, page, meta, index;

	assert_int_equal(ng_nodes_add(nodes, &init, &plain), 0);
	init.name = "%61";
	assert_int_equal(ng_nodes_add(nodes, &init, &escaped), 0);
	init.name = "x1";
	init.number = 1;
	assert_int_equal(ng_nodes_add(nodes, &init, &page), 0);
	init.name = "x2";
	init.number = 0;
	init.kind = NG_KIND_META_PAGE;
	assert_int_equal(ng_nodes_add(nodes, &init, &meta), 0);
	init.name = "x3";
	init.kind = NG_KIND_DOCS_PAGE;
	init.index = 1;
	assert_int_equal(ng_nodes_add(nodes, &init, &index), 0);
	assert_int_equal(plain.ino, escaped.ino);
	assert_int_not_equal(plain.id, escaped.id);
	assert_int_not_equal(plain.ino, page.ino);
	assert_int_not_equal(plain.ino, meta.ino);
	assert_int_not_equal(plain.ino, index.ino);
	ng_nodes_free(nodes);
}

static void test_content(void **state)
{
	struct ng_nodes *nodes = make_nodes(1 << 20);
	struct ng_node_init init = {
		.kind = NG_KIND_FIND,
		.parent = PARENT,
		.name = "name",
		.query = (const uint8_t *)"q\0q",
		.query_bytes = 3,
		.number = 5,
		.count = 6,
		.content = (uint8_t *)strdup("content"),
		.content_bytes = 7,
	};
	const struct ng_node *node;
	struct ng_entry entry, again;

	assert_int_equal(ng_nodes_add(nodes, &init, &entry), 0);
	assert_int_equal(entry.bytes, 7);
	/* Made by two threads at once: the second one's content is dropped. */
	init.content = (uint8_t *)strdup("content");
	assert_int_equal(ng_nodes_add(nodes, &init, &again), 0);
	assert_int_equal(again.id, entry.id);
	assert_int_equal(stats_of(nodes).nodes, 1);

	node = ng_nodes_get(nodes, entry.id);
	assert_non_null(node);
	assert_memory_equal(node->query, "q\0q", 3);
	assert_string_equal(node->name, "name");
	assert_memory_equal(node->content, "content", 7);
	assert_int_equal(node->parent, PARENT);
	assert_int_equal(node->number, 5);
	assert_int_equal(node->count, 6);
	/* Forgotten while a request is at it: it stays until that is done. */
	ng_nodes_forget(nodes, entry.id, 2);
	assert_memory_equal(node->content, "content", 7);
	ng_nodes_put(nodes, node);
	assert_null(ng_nodes_get(nodes, entry.id));
	assert_int_equal(stats_of(nodes).nodes, 0);
	assert_int_equal(stats_of(nodes).bytes, 0);
	ng_nodes_free(nodes);
}

/* A name in an index that has changed is another node; the one before lives on by its number. */
static void test_epochs(void **state)
{
	struct ng_nodes *nodes = make_nodes(1 << 20);
	struct ng_node_init init = {
		.kind = NG_KIND_DOCS_PAGE,
		.parent = PARENT,
		.name = "a",
		.query = (const uint8_t *)"a",
		.query_bytes = 1,
	};
	struct ng_entry entries[3], found;

	for (init.epoch = 0; init.epoch < 3; init.epoch++) {
		assert_false(ng_nodes_lookup(nodes, PARENT, init.epoch, "a", &found));
		assert_int_equal(ng_nodes_add(nodes, &init, &entries[init.epoch]), 0);
		assert_int_equal(entries[init.epoch].ino, entries[0].ino);
	}
	for (uint64_t epoch = 0; epoch < 3; epoch++) {
		const struct ng_node *node = ng_nodes_get(nodes, entries[epoch].id);

		assert_int_equal(node->epoch, epoch);
		ng_nodes_put(nodes, node);
		assert_true(ng_nodes_lookup(nodes, PARENT, epoch, "a", &found));
		assert_int_equal(found.id, entries[epoch].id);
		ng_nodes_forget(nodes, found.id, 2);
		assert_false(ng_nodes_lookup(nodes, PARENT, epoch, "a", &found));
	}
	assert_int_equal(stats_of(nodes).nodes, 0);
	ng_nodes_free(nodes);
}

/* Against a plain array, over random lookups, additions and forgets. */
static void test_random(void **state)
{
	enum { NAMES = 1500, PARENTS = 3 };
	static struct {
		ng_node_id id;
		uint64_t lookups;
	} naive[PARENTS][NAMES];
	struct ng_nodes *nodes = make_nodes(1 << 30);
	uint64_t seed = 4711, rng = seed, here = 0;

	memset(naive, 0, sizeof(naive));
	for (int round = 0; round < 200000; round++) {
		uint64_t p = scratch_random(&rng) % PARENTS, n = scratch_random(&rng) % NAMES;
		struct ng_entry entry;
		char name[20];
		bool found;

		sprintf(name, "name%llu", (unsigned long long)n);
		switch (scratch_random(&rng) % 3) {
		case 0:
			found = ng_nodes_lookup(nodes, p + 1, 0, name, &entry);
			if (found != (naive[p][n].lookups > 0) ||
			    (found && entry.id != naive[p][n].id))
				fail_msg("seed %llu, round %d: lookup", (unsigned long long)seed,
					 round);
			naive[p][n].lookups += found;
			break;
		case 1:
			entry = add(nodes, p + 1, name);
			if (naive[p][n].lookups && naive[p][n].id != entry.id)
				fail_msg("seed %llu, round %d: add", (unsigned long long)seed,
					 round);
			here += naive[p][n].lookups == 0;
			naive[p][n].id = entry.id;
			naive[p][n].lookups++;
			break;
		default:
			if (naive[p][n].lookups == 0)
				break;
			ng_nodes_forget(nodes, naive[p][n].id, naive[p][n].lookups);
			if (ng_nodes_get(nodes, naive[p][n].id))
				fail_msg("seed %llu, round %d: forget", (unsigned long long)seed,
					 round);
			naive[p][n].lookups = 0;
			here--;
		}
		if (stats_of(nodes).nodes != here)
			fail_msg("seed %llu, round %d: number of nodes", (unsigned long long)seed,
				 round);
	}
	ng_nodes_free(nodes);
}

/* A kernel that lets go of whatever it is asked to: memory stays below the limit. */
static void test_eviction(void **state)
{
	enum { LIMIT = 100000 };
	struct ng_nodes *nodes = make_nodes(LIMIT);
	static ng_node_id ids[20000];
	unsigned next_victim = 0;

	for (unsigned i = 0; i < ng_array_size(ids); i++) {
		char name[NG_PATH_NAME_MAX + 1], want[20];

		sprintf(name, "%u", i);
		ids[i] = add(nodes, PARENT, name).id;
		if (stats_of(nodes).bytes <= LIMIT)
			continue;
		/* Oldest first, until three quarters are left. */
		while (stats_of(nodes).bytes > LIMIT / 4 * 3) {
			ng_node_id parent;
			size_t len;

			assert_true(ng_nodes_next_victim(nodes, &parent, name, &len));
			sprintf(want, "%u", next_victim);
			assert_string_equal(name, want);
			assert_int_equal(len, strlen(want));
			assert_int_equal(parent, PARENT);
			ng_nodes_forget(nodes, ids[next_victim++], 1);
		}
		assert_int_equal(stats_of(nodes).asked_bytes, 0);
	}
	assert_true(next_victim > ng_array_size(ids) / 2);
	ng_nodes_free(nodes);
}

struct drain {
	struct ng_nodes *nodes;
	unsigned victims;
};

static void *run_drain(void *data)
{
	struct drain *drain = data;
	char name[NG_PATH_NAME_MAX + 1];
	ng_node_id parent;
	size_t len;

	while (ng_nodes_next_victim(drain->nodes, &parent, name, &len))
		drain->victims++;
	return NULL;
}

/* A kernel that lets go of nothing is asked once for each node, and again for one that it looks
 * up again; then the thread sleeps until it is told to stop. */
static void test_pinned(void **state)
{
	struct drain drain = {make_nodes(1), 0};
	struct ng_entry entry;
	pthread_t thread;

	for (int i = 0; i < 1000; i++) {
		char name[20];

		sprintf(name, "%d", i);
		add(drain.nodes, PARENT, name);
	}
	assert_int_equal(pthread_create(&thread, NULL, run_drain, &drain), 0);
	while (stats_of(drain.nodes).asked_bytes != stats_of(drain.nodes).bytes)
		usleep(1000);
	assert_true(ng_nodes_lookup(drain.nodes, PARENT, 0, "500", &entry));
	while (stats_of(drain.nodes).asked_bytes != stats_of(drain.nodes).bytes)
		usleep(1000);
	ng_nodes_stop(drain.nodes);
	pthread_join(thread, NULL);
	assert_int_equal(drain.victims, 1001);
	assert_int_equal(stats_of(drain.nodes).nodes, 1000);
	ng_nodes_free(drain.nodes);
}

/* Kinds without memory are not the table's business. */
static void test_foreign(void **state)
{
	struct ng_nodes *nodes = make_nodes(1 << 20);
	struct ng_entry entry = add(nodes, PARENT, "a");

	ng_nodes_forget(nodes, NG_NODE_ROOT, 100);
	ng_nodes_forget(nodes, ng_node_id_make(NG_KIND_COUNT, 0, 1), 1);
	ng_nodes_forget(nodes, entry.id + 1, 1);
	assert_null(ng_nodes_get(nodes, entry.id + 1));
	assert_int_equal(stats_of(nodes).nodes, 1);
	/* More than it has: as if all. */
	ng_nodes_forget(nodes, entry.id, 100);
	assert_int_equal(stats_of(nodes).nodes, 0);
	ng_nodes_free(nodes);
}

static unsigned streams; /* that have not been freed */

static void stream_free(struct ng_stream *stream)
{
	streams--;
	free(stream);
}

static struct ng_entry add_stream(struct ng_nodes *nodes, const char *name)
{
	static const struct ng_stream_ops ops = {.free = stream_free};
	struct ng_node_init init = {
		.kind = NG_KIND_KWIC,
		.parent = PARENT,
		.name = name,
		.query = (const uint8_t *)name,
		.query_bytes = strlen(name),
		.stream = calloc(1, sizeof(*init.stream)),
	};
	struct ng_entry entry = {0};

	assert_non_null(init.stream);
	streams++;
	ng_stream_init(init.stream, &ops, NULL, NULL);
	assert_int_equal(ng_nodes_add(nodes, &init, &entry), 0);
	return entry;
}

/* Every one is a node of its own, shown as the same file. */
static void test_streams(void **state)
{
	struct ng_nodes *nodes = make_nodes(1 << 20);
	struct ng_entry page = add(nodes, PARENT, "page");
	struct ng_entry a = add_stream(nodes, "s"), b = add_stream(nodes, "s"), entry;

	assert_true(a.id != b.id);
	assert_int_equal(a.ino, b.ino);
	assert_int_equal(stats_of(nodes).nodes, 3);
	assert_true(ng_nodes_lookup(nodes, PARENT, 0, "page", &entry));
	ng_nodes_forget(nodes, page.id, 1);
	assert_false(ng_nodes_lookup(nodes, PARENT, 0, "s", &entry));
	ng_nodes_forget(nodes, b.id, 1);
	assert_int_equal(streams, 1);
	ng_nodes_forget(nodes, page.id, 1);
	assert_int_equal(stats_of(nodes).nodes, 1);
	ng_nodes_free(nodes);
	assert_int_equal(streams, 0);
}

/* A stream goes with the last of those who have it open and those who are asking it, whatever the
 * kernel remembers of its name. */
static void test_closed(void **state)
{
	struct ng_nodes *nodes = make_nodes(1 << 20);
	struct ng_entry s = add_stream(nodes, "s"), page = add(nodes, PARENT, "page"), entry;
	const struct ng_node *node;

	ng_nodes_opened(nodes, s.id);
	ng_nodes_opened(nodes, s.id);
	ng_nodes_released(nodes, s.id);
	node = ng_nodes_get(nodes, s.id);
	assert_non_null(node);
	ng_nodes_released(nodes, s.id);
	assert_non_null(node->stream);
	assert_int_equal(streams, 1);
	assert_null(ng_nodes_get(nodes, s.id));
	ng_nodes_put(nodes, node);
	assert_int_equal(streams, 0);
	assert_null(ng_nodes_get(nodes, s.id));
	assert_int_equal(stats_of(nodes).nodes, 2);
	assert_false(ng_nodes_lookup(nodes, PARENT, 0, "s", &entry));
	/* Too many closings, and of what isn't there. */
	ng_nodes_released(nodes, s.id);
	ng_nodes_released(nodes, s.id + 100);
	ng_nodes_opened(nodes, s.id + 100);
	ng_nodes_forget(nodes, s.id, 1);
	/* Others aren't concerned. */
	ng_nodes_opened(nodes, page.id);
	ng_nodes_released(nodes, page.id);
	node = ng_nodes_get(nodes, page.id);
	assert_non_null(node);
	ng_nodes_put(nodes, node);
	assert_int_equal(stats_of(nodes).nodes, 1);
	ng_nodes_free(nodes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ids),      cmocka_unit_test(test_ino),
		cmocka_unit_test(test_content),  cmocka_unit_test(test_random),
		cmocka_unit_test(test_eviction), cmocka_unit_test(test_pinned),
		cmocka_unit_test(test_foreign),  cmocka_unit_test(test_epochs),
		cmocka_unit_test(test_streams),  cmocka_unit_test(test_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
