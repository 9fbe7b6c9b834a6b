#include "query/index_internal.h"

#include <inttypes.h>
#include <sys/stat.h>

#include "format/manifest.h"
#include "query/facet_list.h"

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
	stats->docs += shard->params.docs;
	stats->text_bytes += shard->params.text_bytes;
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
		return ng_fail(err, -EUCLEAN,
			       "%s: is not the shard that %s names; rebuild the index or fetch it "
			       "again",
			       shard->path, NG_MANIFEST_NAME);
	return 0;
}

static int shards_open(struct ng_index *index, const char *path, const struct ng_manifest *manifest,
		       struct ng_error *err)
{
	index->shards = calloc(manifest->n_shards + 1, sizeof(*index->shards));
	index->first_doc = calloc(manifest->n_shards + 1, sizeof(*index->first_doc));
	if (!index->shards || !index->first_doc)
		return ng_fail(err, -ENOMEM, "%s: out of memory", path);
	for (size_t s = 0; s < manifest->n_shards; s++) {
		ng_cleanup(ng_freep) char *file = NULL;
		int r;

		if (asprintf(&file, "%s/%s", path, manifest->shards[s].file) < 0)
			return ng_fail(err, -ENOMEM, "%s: out of memory", path);
		r = ng_shard_open(file, &index->shards[s], err);
		if (r < 0)
			return r;
		index->n_shards++;
		r = shard_check(manifest, s, index->shards[s], err);
		if (r < 0)
			return r;
		index->first_doc[s + 1] = index->first_doc[s] + index->shards[s]->params.docs;
		stats_add(&index->stats, index->shards[s]);
	}
	return 0;
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
	ng_cleanup(ng_manifest_clear) struct ng_manifest manifest = {0};
	ng_cleanup(ng_index_closep) struct ng_index *index = NULL;
	int r = ng_manifest_read(path, &manifest, err);

	if (r < 0)
		return r;
	index = calloc(1, sizeof(*index));
	if (!index || ng_pool_new(threads, &index->pool) < 0 ||
	    ng_cache_new(CACHE_BYTES, &index->cache) < 0 ||
	    !(index->facets = malloc(sizeof(*index->facets))))
		return ng_fail(err, -ENOMEM, "%s: out of memory", path);
	ng_facet_list_init(index->facets);
	r = shards_open(index, path, &manifest, err);
	if (r < 0)
		return r;
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

		if (!ng_shard_file_take_damage(shard->file, &type, &offset))
			continue;
		snprintf(ret_text->text, sizeof(ret_text->text),
			 "%s: section %s: offset %" PRIu64 ": the page that begins here doesn't "
			 "have the checksum that it should",
			 basename(shard->path), ng_section_name(type), offset);
		return true;
	}
	return false;
}

bool ng_index_faulted(const struct ng_index *index)
{
	for (uint32_t s = 0; s < index->n_shards; s++)
		if (ng_shard_file_faulted(index->shards[s]->file))
			return true;
	return false;
}

bool ng_index_changed(const struct ng_index *index)
{
	for (uint32_t s = 0; s < index->n_shards; s++)
		if (ng_shard_file_changed(index->shards[s]->file))
			return true;
	return false;
}

bool ng_index_continues(const struct ng_index *index, const struct ng_index *older)
{
	if (index->n_shards < older->n_shards)
		return false;
	for (uint32_t s = 0; s < older->n_shards; s++)
		if (ng_shard_file_checksum(index->shards[s]->file) !=
		    ng_shard_file_checksum(older->shards[s]->file))
			return false;
	return true;
}

const struct ng_shard *ng_index_shard_of(const struct ng_index *index, uint64_t doc,
					 uint64_t *ret_local)
{
	uint32_t lo = 0, hi = index->n_shards;

	if (doc >= index->stats.docs)
		return NULL;
	while (hi - lo > 1) {
		uint32_t middle = lo + (hi - lo) / 2;

		if (index->first_doc[middle] <= doc)
			lo = middle;
		else
			hi = middle;
	}
	*ret_local = doc - index->first_doc[lo];
	return index->shards[lo];
}
