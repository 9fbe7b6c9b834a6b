/* SPDX-License-Identifier: Apache-2.0 */
#include "build/join_shards.h"

#include <pthread.h>
#include <sys/stat.h>

#include "base/parallel.h"
#include "format/shardfile.h"

/* They wait for storage more than they compute. */
#define LOOKERS 16u

/* ---- there, and the one that is meant ---- */

struct look {
	struct ng_join_shard *shards;
	const ng_cancel *cancel;
	pthread_mutex_t lock; /* of the two below */
	size_t failed_at;
	struct ng_error err;
};

/* A file of a part: it must be the one that the part's manifest means. */
static int file_look(const char *part, const char *path, uint64_t file_bytes, uint64_t checksum,
		     struct stat *ret_stat, struct ng_error *err)
{
	uint64_t is = 0;
	int r = ng_shard_file_peek(path, ret_stat, &is, err);

	if (r == -ENOENT)
		return ng_fail(err, -EUCLEAN, "%s: its shard %s is gone", part, path);
	if (r < 0)
		return r;
	if (is != checksum || (uint64_t)ret_stat->st_size != file_bytes)
		return ng_fail(err, -EUCLEAN,
			       "%s: %s is not the shard that its %s names; see ngramfsck(1)", part,
			       path, NG_MANIFEST_NAME);
	return 0;
}

static int shard_look(struct ng_join_shard *shard, struct ng_error *err)
{
	const struct ng_manifest_shard *entry = &shard->entry;
	struct stat st;
	int r = file_look(shard->part, shard->path, entry->file_bytes, entry->checksum, &st, err);

	if (r < 0)
		return r;
	shard->device = st.st_dev;
	shard->inode = st.st_ino;
	return shard->removed ? file_look(shard->part, shard->removed, entry->removed.file_bytes,
					  entry->removed.checksum, &st, err)
			      : 0;
}

static int look_at(void *userdata, uint64_t i)
{
	struct look *look = userdata;
	struct ng_error err = {""};
	int r = ng_cancelled(look->cancel) ? ng_fail(&err, -EINTR, "interrupted")
					   : shard_look(&look->shards[i], &err);

	if (r == 0)
		return 0;
	/* The text of the first, whose code ng_parallel returns. */
	pthread_mutex_lock(&look->lock);
	if (i < look->failed_at) {
		look->failed_at = i;
		look->err = err;
	}
	pthread_mutex_unlock(&look->lock);
	return r;
}

int ng_join_shards_look(struct ng_join_shard *shards, size_t n, const ng_cancel *cancel,
			struct ng_error *err)
{
	struct look look = {.shards = shards, .cancel = cancel, .failed_at = SIZE_MAX};
	int r;

	pthread_mutex_init(&look.lock, NULL);
	r = ng_parallel(n, LOOKERS, look_at, &look);
	pthread_mutex_destroy(&look.lock);
	return r < 0 ? ng_fail(err, r, "%s", look.err.text) : 0;
}

/* ---- once ---- */

typedef int compare(const void *a, const void *b);

static int by_file(const void *a, const void *b)
{
	const struct ng_join_shard *x = *(const struct ng_join_shard *const *)a;
	const struct ng_join_shard *y = *(const struct ng_join_shard *const *)b;

	if (x->device != y->device)
		return x->device < y->device ? -1 : 1;
	return x->inode < y->inode ? -1 : x->inode > y->inode;
}

static int by_contents(const void *a, const void *b)
{
	const struct ng_join_shard *x = *(const struct ng_join_shard *const *)a;
	const struct ng_join_shard *y = *(const struct ng_join_shard *const *)b;

	if (x->entry.checksum != y->entry.checksum)
		return x->entry.checksum < y->entry.checksum ? -1 : 1;
	return x->entry.file_bytes < y->entry.file_bytes
		       ? -1
		       : x->entry.file_bytes > y->entry.file_bytes;
}

int ng_join_shards_once(const struct ng_join_shard *shards, size_t n, struct ng_error *err)
{
	static const struct {
		compare *compare;
		const char *are;
	} ways[] = {{by_file, "are the same file"}, {by_contents, "have the same contents"}};
	ng_cleanup(ng_freep) const struct ng_join_shard **order = calloc(n + 1, sizeof(*order));

	if (!order)
		return ng_fail(err, -ENOMEM, "out of memory");
	for (size_t w = 0; w < ng_array_size(ways); w++) {
		for (size_t i = 0; i < n; i++)
			order[i] = &shards[i];
		qsort(order, n, sizeof(*order), ways[w].compare);
		for (size_t i = 1; i < n; i++) {
			const struct ng_join_shard *a = ng_min(order[i - 1], order[i]);
			const struct ng_join_shard *b = ng_max(order[i - 1], order[i]);

			if (ways[w].compare(&order[i - 1], &order[i]) == 0)
				return ng_fail(err, -EEXIST,
					       "%s: the same shard twice: %s and %s (of %s) %s; "
					       "its documents would count twice",
					       b->part, b->path, a->path, a->part, ways[w].are);
		}
	}
	return 0;
}
