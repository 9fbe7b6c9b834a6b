/* SPDX-License-Identifier: Apache-2.0 */
/* Times of queries on one index, in one thread and warm: every measurement is made once unmeasured
 * before it counts.
 *
 *   bench_engine count INDEX QUERIES REPS     ng_count of each query
 *   bench_engine batch INDEX QUERIES REPS     ng_batch_count of all of them
 *   bench_engine fold INDEX QUERIES REPS      ng_fold_find of each query
 *   bench_engine folds INDEX QUERIES REPS     the same, white space and typography folded, too
 *   bench_engine words INDEX QUERIES REPS     ng_word_find, of the number, of each query
 *   bench_engine locate INDEX QUERIES REPS    ng_find, and ng_locate of the first occurrence
 *   bench_engine extract INDEX BYTES N        ng_doc_read at N random places
 *
 * One more argument is the kernel of rank, avx2 or portable; otherwise it is the best that the
 * processor has.
 *
 * QUERIES: one percent-encoded query a line. Prints key=value pairs on one line. */
#include <time.h>

#include "query/batch.h"
#include "query/fold.h"
#include "query/index_internal.h"
#include "queries.h"
#include "query/word_find.h"

#define SEED 20240607u

static double now_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static int count_all(const struct ng_index *index, const struct queries *queries, uint64_t *ret_sum)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < queries->n; i++) {
		size_t len;
		const uint8_t *query = query_at(queries, i, &len);
		uint64_t count;
		int r = ng_count(index, query, len, NULL, &count);

		if (r < 0)
			return r;
		sum += count;
	}
	*ret_sum = sum;
	return 0;
}

static int batch_all(const struct ng_index *index, const struct queries *queries, uint64_t *ret_sum)
{
	ng_cleanup(ng_freep) struct ng_pattern *patterns = calloc(queries->n, sizeof(*patterns));
	ng_cleanup(ng_freep) uint64_t *counts = calloc(queries->n, sizeof(*counts));
	uint64_t sum = 0;
	int r;

	if (!patterns || !counts)
		return -ENOMEM;
	for (size_t i = 0; i < queries->n; i++)
		patterns[i].bytes = query_at(queries, i, &patterns[i].len);
	r = ng_batch_count(index, queries->n, patterns, NULL, counts);
	for (size_t i = 0; i < queries->n; i++)
		sum += counts[i];
	if (r == 0)
		*ret_sum = sum;
	return r;
}

static int fold_all_by(const struct ng_index *index, unsigned folds, const struct queries *queries,
		       uint64_t *ret_sum)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < queries->n; i++) {
		ng_cleanup(ng_ranges_clear) struct ng_ranges ranges = NG_RANGES_INIT;
		size_t len;
		const uint8_t *query = query_at(queries, i, &len);
		int r = ng_fold_find_by(index, folds, query, len, NULL, &ranges);

		if (r < 0)
			return r;
		sum += ranges.count;
	}
	*ret_sum = sum;
	return 0;
}

static int fold_all(const struct ng_index *index, const struct queries *queries, uint64_t *ret_sum)
{
	return fold_all_by(index, NG_FOLD_CASE, queries, ret_sum);
}

static int folds_all(const struct ng_index *index, const struct queries *queries, uint64_t *ret_sum)
{
	return fold_all_by(index, NG_FOLD_CASE | NG_FOLD_SPACE | NG_FOLD_FORM, queries, ret_sum);
}

static int words_all(const struct ng_index *index, const struct queries *queries, uint64_t *ret_sum)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < queries->n; i++) {
		ng_cleanup(ng_ranges_clear) struct ng_ranges ranges = NG_RANGES_INIT;
		size_t len;
		const uint8_t *query = query_at(queries, i, &len);
		uint64_t count = 0;
		int r = ng_ranges_find(index, query, len, NULL, &ranges);

		if (r == 0)
			r = ng_word_find(index, &ranges, query, len, NULL, NULL, &count);
		if (r < 0)
			return r;
		sum += count;
	}
	*ret_sum = sum;
	return 0;
}

static int locate_all(const struct ng_index *index, const struct queries *queries,
		      uint64_t *ret_found)
{
	struct ng_index_stats stats;
	ng_cleanup(ng_freep) struct ng_interval *by_shard = NULL;
	uint64_t found = 0;

	ng_index_stats(index, &stats);
	by_shard = calloc(stats.shards, sizeof(*by_shard));
	if (!by_shard)
		return -ENOMEM;
	for (size_t i = 0; i < queries->n; i++) {
		size_t len, n = 0;
		const uint8_t *query = query_at(queries, i, &len);
		struct ng_match match;
		int r = ng_find(index, query, len, NULL, by_shard);

		if (r == 0)
			r = ng_locate(index, by_shard, 0, 1, NULL, &match, &n);
		if (r < 0)
			return r;
		found += n;
	}
	*ret_found = found;
	return 0;
}

typedef int (*ask_all)(const struct ng_index *index, const struct queries *queries,
		       uint64_t *ret_result);

static int bench_queries(const struct ng_index *index, const char *path, unsigned long reps,
			 ask_all ask)
{
	ng_cleanup(queries_clear) struct queries queries = {0};
	double begin = 0, seconds;
	uint64_t result = 0;
	int r = queries_read(path, &queries);

	/* The first pass is to warm up. */
	for (unsigned long i = 0; r == 0 && i <= reps; i++) {
		if (i == 1)
			begin = now_seconds();
		r = ask(index, &queries, &result);
	}
	seconds = now_seconds() - begin;
	if (r < 0)
		return r;
	printf("queries=%zu us_per_query=%.4f %s=%llu\n", queries.n,
	       seconds * 1e6 / (double)(reps * queries.n), ask == locate_all ? "occ" : "sum",
	       (unsigned long long)result);
	return 0;
}

struct place {
	uint64_t doc, offset;
};

/* n places, each of `len` bytes within one document, every such place being as likely. */
static int choose_places(const struct ng_index *index, size_t len, size_t n, struct place *places)
{
	struct ng_index_stats stats;
	ng_cleanup(ng_freep) uint64_t *ends = NULL; /* of the documents' places, added up */
	uint64_t total = 0, seed = SEED;

	ng_index_stats(index, &stats);
	ends = calloc(stats.docs + 1, sizeof(*ends));
	if (!ends)
		return -ENOMEM;
	for (uint64_t doc = 0; doc < stats.docs; doc++) {
		uint64_t bytes;
		int r = ng_doc_bytes(index, doc, &bytes);

		if (r < 0)
			return r;
		total += bytes >= len ? bytes - len + 1 : 0;
		ends[doc] = total;
	}
	if (!total)
		return -ENODATA;
	for (size_t i = 0; i < n; i++) {
		uint64_t at = random_next(&seed) % total, lo = 0, hi = stats.docs;

		while (lo < hi) {
			uint64_t mid = lo + (hi - lo) / 2;

			if (ends[mid] <= at)
				lo = mid + 1;
			else
				hi = mid;
		}
		places[i] = (struct place){lo, at - (lo ? ends[lo - 1] : 0)};
	}
	return 0;
}

static int bench_extract(const struct ng_index *index, size_t len, size_t n)
{
	ng_cleanup(ng_freep) struct place *places = calloc(n, sizeof(*places));
	ng_cleanup(ng_freep) uint8_t *buf = malloc(len);
	double begin = 0, seconds;
	int r;

	if (!places || !buf)
		return -ENOMEM;
	r = choose_places(index, len, n, places);
	for (int pass = 0; pass < 2; pass++) {
		begin = now_seconds();
		for (size_t i = 0; r == 0 && i < n; i++) {
			size_t got = 0;

			r = ng_doc_read(index, places[i].doc, places[i].offset, len, NULL, buf,
					&got);
			if (r == 0 && got != len)
				r = -EIO;
		}
	}
	seconds = now_seconds() - begin;
	if (r < 0)
		return r;
	printf("us_per_extract=%.4f\n", seconds * 1e6 / (double)n);
	return 0;
}

int main(int argc, char **argv)
{
	ng_cleanup(ng_index_closep) struct ng_index *index = NULL;
	struct ng_error err = {""};
	unsigned long n;
	int r;

	if (argc < 5 || argc > 6 || (n = strtoul(argv[4], NULL, 10)) == 0) {
		fprintf(stderr, "usage: bench_engine count|batch|fold|folds|words|locate INDEX "
				"QUERIES REPS [KERNEL]\n"
				"       bench_engine extract INDEX BYTES N [KERNEL]\n");
		return 2;
	}
	r = ng_index_open(argv[2], 1, &index, &err);
	for (uint32_t i = 0; r == 0 && argc == 6 && i < index->n_shards; i++)
		r = ng_bwt_use_kernel(index->shards[i]->bwt, argv[5]);
	if (r == 0) {
		size_t bytes = strtoul(argv[3], NULL, 10);

		if (strcmp(argv[1], "count") == 0)
			r = bench_queries(index, argv[3], n, count_all);
		else if (strcmp(argv[1], "batch") == 0)
			r = bench_queries(index, argv[3], n, batch_all);
		else if (strcmp(argv[1], "fold") == 0)
			r = bench_queries(index, argv[3], n, fold_all);
		else if (strcmp(argv[1], "folds") == 0)
			r = bench_queries(index, argv[3], n, folds_all);
		else if (strcmp(argv[1], "words") == 0)
			r = bench_queries(index, argv[3], n, words_all);
		else if (strcmp(argv[1], "locate") == 0)
			r = bench_queries(index, argv[3], n, locate_all);
		else
			r = bytes ? bench_extract(index, bytes, n) : -EINVAL;
	}
	if (r < 0)
		fprintf(stderr, "bench_engine: %s\n", err.text[0] ? err.text : strerror(-r));
	return r < 0;
}
