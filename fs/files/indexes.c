/* SPDX-License-Identifier: Apache-2.0 */
#include "files/indexes.h"

#include <pthread.h>
#include <sys/stat.h>
#include <time.h>

#include "format/manifest.h"
#include "names/node_number.h"
#include "names/path.h"

struct place {
	char *path; /* absolute, since the daemon leaves its directory; links are followed anew
		     * whenever the index is opened */
	char *name;
	struct ng_mounted_index *current;
	int64_t tried_s; /* when it was opened again last; under recovering */
};

struct ng_indexes {
	pthread_mutex_t lock;       /* of current and refs */
	pthread_mutex_t recovering; /* whoever exchanges current */
	struct ng_listings *listings;
	struct ng_opening opening;
	size_t n;
	struct place places[];
};

/* The name that a path's last component gives, or NULL without memory. A path that ends in "." or
 * ".." is resolved first. */
static char *index_name(const char *path)
{
	ng_cleanup(ng_freep) char *copy = strdup(path), *real = NULL;
	const char *base;
	size_t len;

	for (int resolved = 0;; resolved = 1) {
		if (!copy)
			return NULL;
		for (len = strlen(copy); len > 1 && copy[len - 1] == '/'; len--)
			copy[len - 1] = '\0';
		base = strrchr(copy, '/');
		base = base ? base + 1 : copy;
		if (resolved || (strcmp(base, ".") != 0 && strcmp(base, "..") != 0))
			break;
		real = realpath(path, NULL);
		free(copy);
		copy = real ? strdup(real) : NULL;
	}
	len = strlen(base);
	if (len > 6 && strcmp(base + len - 6, ".ngram") == 0)
		len -= 6;
	return strndup(base, len);
}

static char *absolute_path(const char *path)
{
	ng_cleanup(ng_freep) char *here = NULL;
	char *absolute;

	if (path[0] == '/')
		return strdup(path);
	here = getcwd(NULL, 0);
	if (!here || asprintf(&absolute, "%s/%s", here, path) < 0)
		return NULL;
	return absolute;
}

static void close_index(struct ng_indexes *indexes, struct ng_mounted_index *index)
{
	if (!index)
		return;
	ng_listings_drop(indexes->listings, index->index);
	ng_file_tree_free(index->files);
	ng_index_close(index->index);
	free(index);
}

static int open_index(struct ng_indexes *indexes, const char *path, unsigned number,
		      struct ng_mounted_index **ret_index, struct ng_error *err)
{
	struct ng_mounted_index *index = calloc(1, sizeof(*index));
	ng_cleanup(ng_freep) char *manifest = NULL;
	struct ng_index_options options = {.threads = indexes->opening.threads,
					   .outside = indexes->opening.outside};
	struct ng_index_stats stats;
	struct stat st;
	int r;

	if (!index || asprintf(&manifest, "%s/%s", path, NG_MANIFEST_NAME) < 0) {
		free(index);
		return ng_fail(err, -ENOMEM, "%s: %s", path, strerror(ENOMEM));
	}
	r = ng_index_open_with(path, &options, &index->index, err);
	if (r == 0 && stat(manifest, &st) < 0) {
		r = ng_fail(err, -errno, "%s: %s", manifest, strerror(errno));
		ng_index_close(index->index);
	}
	if (r < 0) {
		free(index);
		return r;
	}
	r = ng_file_tree_new(index->index, &index->files);
	if (r < 0) {
		ng_index_close(index->index);
		free(index);
		return ng_fail(err, r, "%s: %s", path, strerror(-r));
	}
	index->mtime = st.st_mtim;
	index->refs = 1;
	ng_index_stats(index->index, &stats);
	index->docs = stats.docs;
	index->text_bytes = stats.text_bytes;
	index->numbers = stats.numbers;
	index->doc_width = ng_path_width(stats.numbers);
	if (stats.text_bytes >> ng_node_value_bits(number) ||
	    stats.numbers >> ng_node_doc_bits(number)) {
		close_index(indexes, index);
		return ng_fail(err, -E2BIG, "%s: more than 2^%u bytes or 2^%u documents in %s",
			       path, ng_node_value_bits(number), ng_node_doc_bits(number),
			       number ? "an index that is not the first of several; name it first, "
					"or mount it alone"
				      : "one index");
	}
	*ret_index = index;
	return 0;
}

/* Whether they have the same shards. */
static bool is_same(const struct ng_mounted_index *a, const struct ng_mounted_index *b)
{
	return ng_index_continues(a->index, b->index) && ng_index_continues(b->index, a->index);
}

/* Whether it has to be opened again to be right. */
static bool is_broken(const struct ng_mounted_index *index)
{
	return ng_index_faulted(index->index) || ng_index_changed(index->index);
}

static void keep_epoch(struct ng_mounted_index *index, const struct ng_mounted_index *old)
{
	index->epoch = old->epoch;
	index->incarnation = old->incarnation;
	index->since = old->since;
}

static int open_place(struct ng_indexes *indexes, const char *path, struct ng_error *err)
{
	struct place *place = &indexes->places[indexes->n];
	int r;

	indexes->n++; /* from here on ng_indexes_free frees it */
	place->name = index_name(path);
	place->path = absolute_path(path);
	/* A path that leads nowhere may have no name: opening it says why. */
	r = open_index(indexes, path, (unsigned)(indexes->n - 1), &place->current, err);
	if (r < 0)
		return r;
	if (!place->name || !place->path)
		return ng_fail(err, -ENOMEM, "%s: %s", path, strerror(ENOMEM));
	for (const struct place *other = indexes->places; other < place; other++) {
		if (strcmp(other->name, place->name) == 0)
			return ng_fail(err, -EEXIST,
				       "%s and %s would both be shown as \"%s\"; "
				       "rename one of them, or mount it elsewhere",
				       other->path, place->path, place->name);
	}
	return 0;
}

int ng_indexes_new(const char *const *paths, size_t n_paths, const struct ng_opening *opening,
		   struct ng_listings *listings, struct ng_indexes **ret_indexes,
		   struct ng_error *err)
{
	struct ng_indexes *indexes = calloc(1, sizeof(*indexes) + n_paths * sizeof(struct place));
	int r = 0;

	if (!indexes)
		return ng_fail(err, -ENOMEM, "%s", strerror(ENOMEM));
	pthread_mutex_init(&indexes->lock, NULL);
	pthread_mutex_init(&indexes->recovering, NULL);
	indexes->listings = listings;
	indexes->opening = *opening;
	for (size_t i = 0; r == 0 && i < n_paths; i++)
		r = open_place(indexes, paths[i], err);
	if (r < 0)
		ng_indexes_free(indexes);
	else
		*ret_indexes = indexes;
	return r;
}

struct ng_indexes *ng_indexes_free(struct ng_indexes *indexes)
{
	if (!indexes)
		return NULL;
	for (size_t i = 0; i < indexes->n; i++) {
		close_index(indexes, indexes->places[i].current);
		free(indexes->places[i].path);
		free(indexes->places[i].name);
	}
	pthread_mutex_destroy(&indexes->lock);
	pthread_mutex_destroy(&indexes->recovering);
	free(indexes);
	return NULL;
}

size_t ng_indexes_count(const struct ng_indexes *indexes)
{
	return indexes->n;
}

const char *ng_indexes_path(const struct ng_indexes *indexes, size_t i)
{
	return indexes->places[i].path;
}

const char *ng_indexes_name(const struct ng_indexes *indexes, size_t i)
{
	return indexes->places[i].name;
}

static struct ng_mounted_index *get(struct ng_indexes *indexes, size_t i)
{
	struct ng_mounted_index *index;

	pthread_mutex_lock(&indexes->lock);
	index = indexes->places[i].current;
	index->refs++;
	pthread_mutex_unlock(&indexes->lock);
	return index;
}

static int64_t now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

/* Put the same index, opened anew, into the place of old, which the caller holds. */
static void recover(struct ng_indexes *indexes, size_t i, struct ng_mounted_index *old)
{
	struct place *place = &indexes->places[i];
	struct ng_mounted_index *fresh;

	/* One who tries is enough; the others get what there is. */
	if (pthread_mutex_trylock(&indexes->recovering))
		return;
	if (place->tried_s != now_s()) {
		place->tried_s = now_s();
		if (!is_broken(old)) {
			atomic_store(&old->suspect, false);
		} else if (open_index(indexes, place->path, (unsigned)i, &fresh, NULL) == 0) {
			bool same = is_same(fresh, old);

			keep_epoch(fresh, old);
			pthread_mutex_lock(&indexes->lock);
			if (same && place->current == old) {
				place->current = fresh;
				fresh = old;
			}
			pthread_mutex_unlock(&indexes->lock);
			ng_indexes_put(indexes, fresh);
		}
	}
	pthread_mutex_unlock(&indexes->recovering);
}

const struct ng_mounted_index *ng_indexes_get(struct ng_indexes *indexes, size_t i)
{
	struct ng_mounted_index *index = get(indexes, i);

	if (!atomic_load(&index->suspect))
		return index;
	recover(indexes, i, index);
	ng_indexes_put(indexes, index);
	return get(indexes, i);
}

const struct ng_mounted_index *ng_indexes_hold(struct ng_indexes *indexes,
					       const struct ng_mounted_index *index)
{
	pthread_mutex_lock(&indexes->lock);
	((struct ng_mounted_index *)index)->refs++;
	pthread_mutex_unlock(&indexes->lock);
	return index;
}

void ng_indexes_suspect(struct ng_indexes *indexes, size_t i)
{
	pthread_mutex_lock(&indexes->lock);
	atomic_store(&indexes->places[i].current->suspect, true);
	pthread_mutex_unlock(&indexes->lock);
}

void ng_indexes_put(struct ng_indexes *indexes, const struct ng_mounted_index *index)
{
	struct ng_mounted_index *mine = (struct ng_mounted_index *)index;
	bool last;

	if (!index)
		return;
	pthread_mutex_lock(&indexes->lock);
	last = --mine->refs == 0;
	pthread_mutex_unlock(&indexes->lock);
	if (last)
		close_index(indexes, mine);
}

/* Open place i again; *ret_index stays NULL when it is as it was. */
static int reopen(struct ng_indexes *indexes, const struct place *place,
		  struct ng_mounted_index **ret_index, struct ng_error *err)
{
	const struct ng_mounted_index *old = place->current;
	struct ng_mounted_index *index;
	int r = open_index(indexes, place->path, (unsigned)(place - indexes->places), &index, err);

	if (r < 0)
		return r;
	keep_epoch(index, old);
	if (is_same(index, old)) {
		if (is_broken(old))
			*ret_index = index;
		else
			close_index(indexes, index);
		return 0;
	}
	index->epoch++;
	if (!ng_index_continues(index->index, old->index)) {
		index->incarnation++;
		index->since = index->epoch;
	}
	if (index->incarnation == NG_NODE_INCARNATION_LIMIT) {
		close_index(indexes, index);
		return ng_fail(err, -EOVERFLOW,
			       "%s: was replaced, not appended to, too often; mount it again",
			       place->path);
	}
	*ret_index = index;
	return 0;
}

int ng_indexes_reopen(struct ng_indexes *indexes, bool *ret_changed, struct ng_error *err)
{
	ng_cleanup(ng_freep) struct ng_mounted_index **fresh = calloc(indexes->n, sizeof(*fresh));
	int r = fresh ? 0 : ng_fail(err, -ENOMEM, "%s", strerror(ENOMEM));

	pthread_mutex_lock(&indexes->recovering);
	for (size_t i = 0; r == 0 && i < indexes->n; i++)
		r = reopen(indexes, &indexes->places[i], &fresh[i], err);
	if (r == 0) {
		pthread_mutex_lock(&indexes->lock);
		for (size_t i = 0; i < indexes->n; i++) {
			struct ng_mounted_index *old = indexes->places[i].current;

			ret_changed[i] = fresh[i];
			if (fresh[i]) {
				indexes->places[i].current = fresh[i];
				fresh[i] = old;
			}
		}
		pthread_mutex_unlock(&indexes->lock);
	}
	pthread_mutex_unlock(&indexes->recovering);
	/* The old ones, which live on while requests use them, or those that nobody has seen. */
	for (size_t i = 0; fresh && i < indexes->n; i++)
		ng_indexes_put(indexes, fresh[i]);
	return r;
}
