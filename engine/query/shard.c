#include "query/shard.h"

static int damaged(const char *path, const char *what, struct ng_error *err)
{
	return ng_fail(err, -EUCLEAN, "%s: damaged: %s; rebuild the index or fetch it again", path,
		       what);
}

/* A section that must be there. */
static int section(const struct ng_shard *shard, uint32_t type, const uint8_t **ret_data,
		   size_t *ret_bytes, struct ng_error *err)
{
	char what[64];

	if (ng_shard_file_section(shard->file, type, ret_data, ret_bytes))
		return 0;
	snprintf(what, sizeof(what), "section %s is missing", ng_section_name(type));
	return damaged(shard->path, what, err);
}

static int params_open(struct ng_shard *shard, struct ng_error *err)
{
	struct ng_shard_params *params = &shard->params;
	const uint8_t *data;
	size_t bytes;
	int r = section(shard, NG_SECTION_PARAMS, &data, &bytes, err);

	if (r < 0)
		return r;
	if (bytes != sizeof(*params))
		return damaged(shard->path, "parameters of a wrong size", err);
	memcpy(params, data, sizeof(*params));
	if (params->rows == 0 || params->rows >> 40 || params->sa_rate < NG_SA_RATE_MIN ||
	    params->sa_rate > NG_SA_RATE_MAX || params->docs == 0 || params->docs > params->rows ||
	    params->text_bytes != params->rows - params->docs)
		return damaged(shard->path, "parameters out of range", err);
	return 0;
}

static int bwt_open(struct ng_shard *shard, struct ng_error *err)
{
	struct ng_bwt_parts parts = {.rows = shard->params.rows,
				     .mark_shift = ng_mark_shift(shard->params.sa_rate)};
	const struct {
		uint32_t type;
		const uint8_t **data;
		size_t *bytes;
	} sections[] = {
		{NG_SECTION_BWT_TABLES, &parts.tables, &parts.tables_bytes},
		{NG_SECTION_BWT_MAP, &parts.map, &parts.map_bytes},
		{NG_SECTION_BWT_BLOCKS, &parts.blocks, &parts.blocks_bytes},
		{NG_SECTION_BWT_REGIONS, &parts.regions, &parts.regions_bytes},
		{NG_SECTION_MARK_HINTS, &parts.hints, &parts.hints_bytes},
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ng_array_size(sections); i++)
		r = section(shard, sections[i].type, sections[i].data, sections[i].bytes, err);
	if (r < 0)
		return r;
	r = ng_bwt_open(&parts, &shard->bwt);
	return r == -EUCLEAN ? damaged(shard->path, "the BWT's sections don't fit", err) : r;
}

static int starts_open(struct ng_shard *shard, uint32_t type, uint64_t last, struct ng_ef *ret_ef,
		       struct ng_error *err)
{
	const uint8_t *data;
	size_t bytes;
	int r = section(shard, type, &data, &bytes, err);

	if (r < 0)
		return r;
	if (ng_ef_open(data, bytes, ret_ef) < 0 || ret_ef->n != shard->params.docs + 1 ||
	    ret_ef->last != last)
		return damaged(shard->path, "document starts don't fit", err);
	return 0;
}

static int samples_open(struct ng_shard *shard, struct ng_error *err)
{
	const struct ng_shard_params *params = &shard->params;
	struct ng_packed numbers;
	const uint8_t *data;
	size_t bytes;
	int r = section(shard, NG_SECTION_SA_SAMPLES, &data, &bytes, err);

	if (r < 0)
		return r;
	if (ng_packed_open(data, bytes, &numbers) < 0 || numbers.n != ng_bwt_marks(shard->bwt))
		return damaged(shard->path, "suffix array samples of a wrong number", err);
	r = starts_open(shard, NG_SECTION_SAMPLE_STARTS, numbers.n, &shard->sample_starts, err);
	if (r < 0)
		return r;
	r = section(shard, NG_SECTION_SHORTCUTS, &data, &bytes, err);
	if (r < 0)
		return r;
	if (ng_permutation_open(&numbers, data, bytes, &shard->sa) < 0)
		return damaged(shard->path, "permutation shortcuts that don't fit the samples",
			       err);
	if (!ng_shard_file_section(shard->file, NG_SECTION_KMERS, &data, &bytes))
		return 0;
	if (ng_kmers_open(data, bytes, params->rows, &shard->kmers) < 0)
		return damaged(shard->path, "the table of short patterns doesn't fit", err);
	shard->has_kmers = true;
	return 0;
}

static int frames_open(struct ng_shard *shard, uint32_t data_type, uint32_t directory_type,
		       struct ng_frames **ret_frames, struct ng_error *err)
{
	const uint8_t *data, *directory;
	size_t data_bytes, directory_bytes;
	int r = section(shard, data_type, &data, &data_bytes, err);

	if (r == 0)
		r = section(shard, directory_type, &directory, &directory_bytes, err);
	if (r < 0)
		return r;
	r = ng_frames_open(data, data_bytes, directory, directory_bytes, ret_frames);
	return r == -EUCLEAN ? damaged(shard->path, "compressed frames don't fit", err) : r;
}

static int documents_open(struct ng_shard *shard, struct ng_error *err)
{
	const uint8_t *data;
	size_t bytes;
	int r = starts_open(shard, NG_SECTION_DOC_STARTS, shard->params.rows, &shard->doc_starts,
			    err);

	if (r == 0)
		r = frames_open(shard, NG_SECTION_META_FRAMES, NG_SECTION_META_DIRECTORY,
				&shard->meta, err);
	if (r == 0)
		r = starts_open(shard, NG_SECTION_META_STARTS, ng_frames_raw_bytes(shard->meta),
				&shard->meta_starts, err);
	if (r < 0 || !ng_shard_file_section(shard->file, NG_SECTION_TEXT_FRAMES, &data, &bytes))
		return r;
	r = frames_open(shard, NG_SECTION_TEXT_FRAMES, NG_SECTION_TEXT_DIRECTORY, &shard->text,
			err);
	if (r == 0 && ng_frames_raw_bytes(shard->text) != shard->params.text_bytes)
		return damaged(shard->path, "the text store has a wrong size", err);
	return r;
}

static void shard_closep(struct ng_shard **shard)
{
	ng_shard_close(*shard);
}

int ng_shard_open(const char *path, struct ng_shard **ret_shard, struct ng_error *err)
{
	ng_cleanup(shard_closep) struct ng_shard *shard = calloc(1, sizeof(*shard));
	int r;

	if (!shard || !(shard->path = strdup(path)))
		return ng_fail(err, -ENOMEM, "%s: out of memory", path);
	r = ng_shard_file_open(path, &shard->file, err);
	if (r == 0)
		r = params_open(shard, err);
	if (r == 0)
		r = bwt_open(shard, err);
	if (r == 0)
		r = samples_open(shard, err);
	if (r == 0)
		r = documents_open(shard, err);
	if (r == -ENOMEM)
		ng_fail(err, r, "%s: out of memory", path);
	if (r == 0 && ng_shard_file_faulted(shard->file))
		r = damaged(path, "a part of it cannot be read", err);
	if (r < 0)
		return r;
	*ret_shard = ng_steal_ptr(&shard);
	return 0;
}

struct ng_shard *ng_shard_close(struct ng_shard *shard)
{
	if (!shard)
		return NULL;
	ng_frames_free(shard->meta);
	ng_frames_free(shard->text);
	ng_bwt_close(shard->bwt);
	ng_shard_file_close(shard->file);
	free(shard->path);
	free(shard);
	return NULL;
}

int ng_shard_result(const struct ng_shard *shard, int r)
{
	return r >= 0 && ng_shard_file_faulted(shard->file) ? -EUCLEAN : r;
}
