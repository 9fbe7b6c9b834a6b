/* SPDX-License-Identifier: Apache-2.0 */
#include "bwt/segment.h"

int ng_segment_damaged(const char *path, const char *what, struct ng_error *err)
{
	return ng_fail(err, -EUCLEAN, "%s: damaged: %s; rebuild the index or fetch it again", path,
		       what);
}

int ng_segment_section(const struct ng_shard_file *file, const char *path, uint32_t type,
		       const uint8_t **ret_data, size_t *ret_bytes, struct ng_error *err)
{
	char what[64];

	if (ng_shard_file_section(file, type, ret_data, ret_bytes))
		return 0;
	snprintf(what, sizeof(what), "section %s is missing", ng_section_name(type));
	return ng_segment_damaged(path, what, err);
}

int ng_segment_frames(const struct ng_shard_file *file, const char *path, uint32_t data_type,
		      uint32_t directory_type, struct ng_frames **ret_frames, struct ng_error *err)
{
	const uint8_t *data, *directory;
	size_t data_bytes, directory_bytes;
	int r = ng_segment_section(file, path, data_type, &data, &data_bytes, err);

	if (r == 0)
		r = ng_segment_section(file, path, directory_type, &directory, &directory_bytes,
				       err);
	if (r < 0)
		return r;
	r = ng_frames_open(ng_shard_file_pages(file), data, data_bytes, directory, directory_bytes,
			   ret_frames);
	if (r == -EUCLEAN)
		return ng_segment_damaged(path, "compressed frames don't fit", err);
	return r < 0 ? ng_fail(err, r, "%s: out of memory", path) : 0;
}

int ng_segment_starts(const struct ng_shard_file *file, const char *path, uint32_t type,
		      uint64_t docs, uint64_t last, struct ng_ef *ret_starts, struct ng_error *err)
{
	const uint8_t *data;
	size_t bytes;
	int r = ng_segment_section(file, path, type, &data, &bytes, err);

	if (r < 0)
		return r;
	if (ng_ef_open(ng_shard_file_pages(file), data, bytes, ret_starts) < 0 ||
	    ret_starts->n != docs + 1 || ret_starts->last != last)
		return ng_segment_damaged(path, "document starts don't fit", err);
	return 0;
}

static int params_open(const struct ng_shard_file *file, const char *path,
		       struct ng_shard_params *params, struct ng_error *err)
{
	const uint8_t *data;
	size_t bytes;
	int r = ng_segment_section(file, path, NG_SECTION_PARAMS, &data, &bytes, err);

	if (r < 0)
		return r;
	if (bytes != sizeof(*params))
		return ng_segment_damaged(path, "parameters of a wrong size", err);
	if (!ng_pages_ok(ng_shard_file_pages(file), data, bytes))
		return ng_segment_damaged(path, "parameters with a wrong checksum", err);
	memcpy(params, data, sizeof(*params));
	if (params->rows == 0 || params->rows >> 40 || params->sa_rate < NG_SA_RATE_MIN ||
	    params->sa_rate > NG_SA_RATE_MAX || params->docs == 0 || params->docs > params->rows ||
	    params->text_bytes != params->rows - params->docs)
		return ng_segment_damaged(path, "parameters out of range", err);
	return 0;
}

static int bwt_open(const struct ng_shard_file *file, const char *path, struct ng_segment *segment,
		    struct ng_error *err)
{
	struct ng_bwt_parts parts = {.rows = segment->params.rows,
				     .mark_shift = ng_mark_shift(segment->params.sa_rate),
				     .pages = ng_shard_file_pages(file)};
	const struct {
		uint32_t type;
		const uint8_t **data;
		size_t *bytes;
	} sections[] = {
		{NG_SECTION_BWT_DIRECTORY, &parts.directory, &parts.directory_bytes},
		{NG_SECTION_BWT_CELLS, &parts.cells, &parts.cells_bytes},
		{NG_SECTION_BWT_SUPERBLOCKS, &parts.superblocks, &parts.superblocks_bytes},
		{NG_SECTION_MARK_HINTS, &parts.hints, &parts.hints_bytes},
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ng_array_size(sections); i++)
		r = ng_segment_section(file, path, sections[i].type, sections[i].data,
				       sections[i].bytes, err);
	if (r < 0)
		return r;
	r = ng_bwt_open(&parts, &segment->bwt);
	if (r == -EUCLEAN)
		return ng_segment_damaged(path, "the BWT's sections don't fit", err);
	return r < 0 ? ng_fail(err, r, "%s: out of memory", path) : 0;
}

static int samples_open(const struct ng_shard_file *file, const char *path,
			struct ng_segment *segment, struct ng_error *err)
{
	const uint8_t *data;
	size_t bytes;
	int r = ng_segment_section(file, path, NG_SECTION_SA_SAMPLES, &data, &bytes, err);

	if (r < 0)
		return r;
	if (ng_packed_open(ng_shard_file_pages(file), data, bytes, &segment->samples) < 0 ||
	    segment->samples.n != ng_bwt_marks(segment->bwt))
		return ng_segment_damaged(path, "suffix array samples of a wrong number", err);
	return ng_segment_starts(file, path, NG_SECTION_SAMPLE_STARTS, segment->params.docs,
				 segment->samples.n, &segment->sample_starts, err);
}

int ng_segment_open(const struct ng_shard_file *file, const char *path,
		    struct ng_segment *ret_segment, struct ng_error *err)
{
	ng_cleanup(ng_segment_close) struct ng_segment segment = {0};
	int r = params_open(file, path, &segment.params, err);

	if (r == 0)
		r = bwt_open(file, path, &segment, err);
	if (r == 0)
		r = samples_open(file, path, &segment, err);
	if (r == 0)
		r = ng_segment_starts(file, path, NG_SECTION_DOC_STARTS, segment.params.docs,
				      segment.params.rows, &segment.doc_starts, err);
	if (r < 0)
		return r;
	*ret_segment = segment;
	segment.bwt = NULL;
	return 0;
}

void ng_segment_close(struct ng_segment *segment)
{
	segment->bwt = ng_bwt_close(segment->bwt);
}
