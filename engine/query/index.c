/* SPDX-License-Identifier: Apache-2.0 */
#include "query/index_internal.h"

#include <inttypes.h>
#include <pthread.h>
#include <sys/stat.h>

#include "base/parallel.h"
#include "format/manifest.h"
#include "format/shardpath.h"
#include "query/facet_list.h"
#include "query/preload.h"

/* Of filters and of occurrences under them, kept for the next question. */
#define CACHE_BYTES (32u << 20)

static size_t section_bytes(const struct ng_shard *shard, uint32_t type)
{
	const uint8_t *data;
	size_t bytes;

	return ng_shard_file_section(shard->file, type, &data, &bytes) ? bytes : 0;
}

static void stats_add(struct ng_index_stats *stats, const struct ng_shard *shard)
{
	stats->numbers += shard->params.docs;
	stats->docs += shard->params.docs;
	stats->text_bytes += shard->params.text_bytes;
	if (shard->removed) {
		stats->docs -= shard->removed->params.docs;
		stats->text_bytes -= shard->removed->params.text_bytes;
		stats->removed_docs += shard->removed->params.docs;
		stats->removed_text_bytes += shard->removed->params.text_bytes;
		stats->index_bytes += ng_shard_file_bytes(shard->removed->file);
	}
	stats->index_bytes += ng_shard_file_bytes(shard->file);
	stats->bwt_bytes += section_bytes(shard, NG_SECTION_BWT_DIRECTORY) +
			    section_bytes(shard, NG_SECTION_BWT_CELLS) +
			    section_bytes(shard, NG_SECTION_BWT_SUPERBLOCKS) +
			    section_bytes(shard, NG_SECTION_FREQUENT);
	stats->sample_bytes += section_bytes(shard, NG_SECTION_SA_SAMPLES) +
			       section_bytes(shard, NG_SECTION_SHORTCUTS) +
			       section_bytes(shard, NG_SECTION_MARK_HINTS);
	stats->meta_bytes += section_bytes(shard, NG_SECTION_META_FRAMES) +
			     section_bytes(shard, NG_SECTION_META_DIRECTORY) +
			     section_bytes(shard, NG_SECTION_META_STARTS);
	stats->text_store_bytes += section_bytes(shard, NG_SECTION_TEXT_FRAMES) +
				   section_bytes(shard, NG_SECTION_TEXT_DIRECTORY);
	stats->doc_bytes += section_bytes(shard, NG_SECTION_DOC_STARTS) +
			    section_bytes(shard, NG_SECTION_SAMPLE_STARTS);
}

/* The manifest and the shard are of one build. */
static int shard_check(const struct ng_manifest *manifest, size_t s, const struct ng_shard *shard,
		       struct ng_error *err)
{
	const struct ng_manifest_shard *entry = &manifest->shards[s];

	if (ng_shard_file_checksum(shard->file) != entry->checksum ||
	    ng_shard_file_bytes(shard->file) != entry->file_bytes ||
	    shard->params.docs != entry->docs || shard->params.text_bytes != entry->text_bytes ||
	    shard->params.sa_rate != manifest->sa_sampling)
		return ng_fail(err, -EUCLEAN, "%s: is not the shard that %s names; %s", shard->path,
			       NG_MANIFEST_NAME,
			       ng_shard_path_outside(entry->file)
				       ? "the index that it is of was made anew since they were "
					 "joined: join them again"
				       : "rebuild the index or fetch it again");
	return 0;
}

/* Shards that are opened side by side. To open one waits a few times for the disk, or for a server,
 * and computes next to nothing. */
#define OPENERS 64u

struct opening {
	struct ng_index *index;
	const char *path;
	struct ng_shard_paths *paths;
	const struct ng_manifest *manifest;
	pthread_mutex_t lock; /* of all that follows, and of paths */
	uint64_t failed_at; /* the first shard that couldn't be opened, of those that were tried */
	struct ng_error *err; /* of that; or NULL */
};

static int path_get(struct opening *opening, const char *name, char **ret_path,
		    struct ng_error *err)
{
	int r;

	pthread_mutex_lock(&opening->lock);
	r = ng_shard_paths_get(opening->paths, name, ret_path, err);
	pthread_mutex_unlock(&opening->lock);
	return r;
}

/* Take out of a shard what the manifest says. */
static int shard_remove(struct opening *opening, const struct ng_manifest_removed *entry,
			struct ng_shard *shard, struct ng_error *err)
{
	ng_cleanup(ng_freep) char *path = NULL;
	int r = entry->file ? path_get(opening, entry->file, &path, err) : 0;

	if (r < 0 || !entry->file)
		return r;
	r = ng_shard_remove(shard, path, err);
	if (r == -ENOENT)
		return ng_fail(err, -EUCLEAN,
			       "%s is gone, which says what was removed from %s; it may have been "
			       "removed from again, or merged, since it was joined",
			       path, shard->path);
	if (r < 0)
		return r;
	if (ng_shard_file_checksum(shard->removed->file) != entry->checksum ||
	    ng_shard_file_bytes(shard->removed->file) != entry->file_bytes ||
	    shard->removed->params.docs != entry->docs ||
	    shard->removed->params.text_bytes != entry->text_bytes)
		return ng_fail(err, -EUCLEAN, "%s: is not the file that %s names", path,
			       NG_MANIFEST_NAME);
	return 0;
}

/* One that was left where it was may be gone. */
static int shard_open(struct opening *opening, uint64_t s, struct ng_error *err)
{
	const struct ng_manifest_shard *entry = &opening->manifest->shards[s];
	struct ng_shard **shard = &opening->index->shards[s];
	ng_cleanup(ng_freep) char *file = NULL;
	int r = path_get(opening, entry->file, &file, err);

	if (r < 0)
		return r;
	r = ng_shard_open(file, shard, err);
	if (r == -ENOENT && ng_shard_path_outside(entry->file))
		return ng_fail(err, -EUCLEAN,
			       "%s: %s is gone; the index that it is of was merged, or made anew, "
			       "since they were joined: join them again",
			       opening->path, file);
	if (r < 0)
		return r;
	ng_shard_share(*shard, opening->index->decoders);
	r = shard_check(opening->manifest, s, *shard, err);
	return r ? r : shard_remove(opening, &entry->removed, *shard, err);
}

static int open_one(void *userdata, uint64_t s)
{
	struct opening *opening = userdata;
	struct ng_error err = {""};
	int r = shard_open(opening, s, &err);

	if (r == 0)
		return 0;
	pthread_mutex_lock(&opening->lock);
	if (s < opening->failed_at) {
		opening->failed_at = s;
		if (opening->err)
			*opening->err = err;
	}
	pthread_mutex_unlock(&opening->lock);
	return r;
}

static int shards_open(struct ng_index *index, const char *path, const char *outside,
		       const struct ng_manifest *manifest, struct ng_error *err)
{
	ng_cleanup(ng_shard_paths_freep) struct ng_shard_paths *paths = NULL;
	struct opening opening = {.index = index,
				  .path = path,
				  .manifest = manifest,
				  .failed_at = UINT64_MAX,
				  .err = err};
	int r = ng_shard_paths_new(path, outside, &paths, err);

	if (r < 0)
		return r;
	opening.paths = paths;
	index->shards = calloc(manifest->n_shards + 1, sizeof(*index->shards));
	index->first_doc = calloc(manifest->n_shards + 1, sizeof(*index->first_doc));
	if (!index->shards || !index->first_doc)
		return ng_fail(err, -ENOMEM, "%s: out of memory", path);
	index->n_shards = (uint32_t)manifest->n_shards;
	pthread_mutex_init(&opening.lock, NULL);
	r = ng_parallel(index->n_shards, OPENERS, open_one, &opening);
	pthread_mutex_destroy(&opening.lock);
	for (uint32_t s = 0; r == 0 && s < index->n_shards; s++) {
		index->first_doc[s + 1] = index->first_doc[s] + index->shards[s]->params.docs;
		stats_add(&index->stats, index->shards[s]);
	}
	return r;
}

static uint64_t manifest_bytes(const char *path)
{
	ng_cleanup(ng_freep) char *file = NULL;
	struct stat st;

	if (asprintf(&file, "%s/" NG_MANIFEST_NAME, path) < 0 || stat(file, &st) < 0)
		return 0;
	return (uint64_t)st.st_size;
}

int ng_index_open(const char *path, unsigned threads, struct ng_index **ret_index,
		  struct ng_error *err)
{
	return ng_index_open_with(path, &(struct ng_index_options){.threads = threads}, ret_index,
				  err);
}

int ng_index_open_with(const char *path, const struct ng_index_options *options,
		       struct ng_index **ret_index, struct ng_error *err)
{
	ng_cleanup(ng_manifest_clear) struct ng_manifest manifest = {0};
	ng_cleanup(ng_index_closep) struct ng_index *index = NULL;
	int r = ng_manifest_read(path, &manifest, err);

	if (r < 0)
		return r;
	index = calloc(1, sizeof(*index));
	if (!index || ng_pool_new(options->threads, &index->pool) < 0 ||
	    ng_decoders_new(&index->decoders) < 0 || ng_cache_new(CACHE_BYTES, &index->cache) < 0 ||
	    !(index->facets = malloc(sizeof(*index->facets))))
		return ng_fail(err, -ENOMEM, "%s: out of memory", path);
	ng_facet_list_init(index->facets);
	r = shards_open(index, path, options->outside, &manifest, err);
	if (r < 0)
		return r;
	/* Where it may take long, it is for whoever can say so. */
	if (!ng_preload_is_remote(index))
		ng_preload_ask(index, ng_preload_most());
	index->stats.index_bytes += manifest_bytes(path);
	index->stats.shards = index->n_shards;
	index->stats.sa_sampling = manifest.sa_sampling;
	index->stats.format_version = manifest.format_version;
	*ret_index = ng_steal_ptr(&index);
	return 0;
}

struct ng_index *ng_index_close(struct ng_index *index)
{
	if (!index)
		return NULL;
	ng_pool_free(index->pool);
	ng_cache_free(index->cache);
	if (index->facets)
		ng_facet_list_clear(index->facets);
	free(index->facets);
	for (uint32_t s = 0; s < index->n_shards; s++)
		ng_shard_close(index->shards[s]);
	ng_decoders_free(index->decoders);
	free(index->shards);
	free(index->first_doc);
	free(index);
	return NULL;
}

void ng_index_stats(const struct ng_index *index, struct ng_index_stats *ret_stats)
{
	*ret_stats = index->stats;
}

bool ng_index_take_damage(const struct ng_index *index, struct ng_error *ret_text)
{
	for (uint32_t s = 0; s < index->n_shards; s++) {
		const struct ng_shard *shard = index->shards[s];
		uint64_t offset;
		uint32_t type;

		const char *path = shard->path;
		if (!ng_shard_file_take_damage(shard->file, &type, &offset)) {
			if (!shard->removed ||
			    !ng_shard_file_take_damage(shard->removed->file, &type, &offset))
				continue;
			path = shard->removed->path;
		}
		snprintf(ret_text->text, sizeof(ret_text->text),
			 "%s: section %s: offset %" PRIu64 ": the page that begins here doesn't "
			 "have the checksum that it should",
			 basename(path), ng_section_name(type), offset);
		return true;
	}
	return false;
}

bool ng_index_faulted(const struct ng_index *index)
{
	for (uint32_t s = 0; s < index->n_shards; s++)
		if (ng_shard_faulted(index->shards[s]))
			return true;
	return false;
}

static bool shard_changed(const struct ng_shard *shard)
{
	return ng_shard_file_changed(shard->file) ||
	       (shard->removed && ng_shard_file_changed(shard->removed->file));
}

bool ng_index_changed(const struct ng_index *index)
{
	for (uint32_t s = 0; s < index->n_shards; s++)
		if (shard_changed(index->shards[s]))
			return true;
	return false;
}

/* The shard of a number below stats.numbers. */
static uint32_t shard_number(const struct ng_index *index, uint64_t doc)
{
	uint32_t lo = 0, hi = index->n_shards;

	while (hi - lo > 1) {
		uint32_t middle = lo + (hi - lo) / 2;

		if (index->first_doc[middle] <= doc)
			lo = middle;
		else
			hi = middle;
	}
	return lo;
}

bool ng_index_doc_changed(const struct ng_index *index, uint64_t doc)
{
	return doc < index->stats.numbers && shard_changed(index->shards[shard_number(index, doc)]);
}

/* Of what was removed from a shard; 0: nothing was. */
static uint64_t removed_checksum(const struct ng_shard *shard)
{
	return shard->removed ? ng_shard_file_checksum(shard->removed->file) : 0;
}

bool ng_index_continues(const struct ng_index *index, const struct ng_index *older)
{
	if (index->n_shards < older->n_shards)
		return false;
	for (uint32_t s = 0; s < older->n_shards; s++)
		if (ng_shard_file_checksum(index->shards[s]->file) !=
			    ng_shard_file_checksum(older->shards[s]->file) ||
		    removed_checksum(index->shards[s]) != removed_checksum(older->shards[s]))
			return false;
	return true;
}

bool ng_index_waits(const struct ng_index *index)
{
	for (uint32_t s = 0; s < index->n_shards; s++)
		if (ng_pages_cold(ng_shard_file_pages(index->shards[s]->file)))
			return true;
	return false;
}

int ng_index_run(const struct ng_index *index, uint64_t n, int (*body)(void *userdata, uint64_t i),
		 void *userdata)
{
	return ng_pool_run(index->pool, n > 1 && ng_index_waits(index), n, body, userdata);
}

size_t ng_index_part(const struct ng_index *index, size_t most)
{
	return ng_index_waits(index) ? ng_min(most, (size_t)NG_BWT_CHAINS) : most;
}

int ng_index_shard_of(const struct ng_index *index, uint64_t doc, const struct ng_shard **ret_shard,
		      uint64_t *ret_local)
{
	const struct ng_shard *shard;
	bool damaged = false, removed;
	uint32_t s;

	if (doc >= index->stats.numbers)
		return -ENOENT;
	s = shard_number(index, doc);
	shard = index->shards[s];
	doc -= index->first_doc[s];
	removed = ng_shard_has_removed(shard, doc, &damaged);
	if (damaged)
		return ng_shard_damaged(shard);
	if (removed)
		return -ENOENT;
	*ret_local = doc;
	*ret_shard = shard;
	return 0;
}
