/* SPDX-License-Identifier: Apache-2.0 */
#include "check/structure.h"

#include <inttypes.h>

#include "format/ef.h"
#include "format/shardlayout.h"

bool ng_checked_section(const struct ng_checked *checked, uint32_t type,
			struct ng_checked_section *ret_section)
{
	uint32_t n;
	const struct ng_shard_entry *e = ng_shard_file_entries(checked->file, &n);

	for (; n > 0; n--, e++) {
		if (e->type != type)
			continue;
		ret_section->type = type;
		ret_section->offset = e->offset;
		return ng_shard_file_section(checked->file, type, &ret_section->data,
					     &ret_section->bytes);
	}
	ng_checker_damage(checked->checker, type, NG_NO_OFFSET, "is missing");
	return false;
}

/* Whether other sections can be read with the parameters. */
static bool params_check(struct ng_checked *checked)
{
	struct ng_shard_params *params = &checked->params;
	struct ng_checker *checker = checked->checker;
	struct ng_checked_section s;

	if (!ng_checked_section(checked, NG_SECTION_PARAMS, &s))
		return false;
	if (s.bytes != sizeof(*params)) {
		ng_checker_damage(checker, s.type, s.offset, "has %zu bytes instead of %zu",
				  s.bytes, sizeof(*params));
		return false;
	}
	memcpy(params, s.data, sizeof(*params));
	for (size_t i = 0; i < ng_array_size(params->reserved); i++)
		if (params->reserved[i])
			ng_checker_damage(checker, s.type,
					  s.offset + offsetof(struct ng_shard_params, reserved) +
						  i * sizeof(params->reserved[i]),
					  "a reserved number is not 0");
	if (params->rows == 0 || params->rows >> 40 || params->docs == 0 ||
	    params->docs > params->rows || params->text_bytes != params->rows - params->docs) {
		ng_checker_damage(checker, s.type, s.offset,
				  "%" PRIu64 " rows, %" PRIu64 " documents and %" PRIu64
				  " bytes of text don't fit each other",
				  params->rows, params->docs, params->text_bytes);
		return false;
	}
	if (params->sa_rate < NG_SA_RATE_MIN || params->sa_rate > NG_SA_RATE_MAX) {
		ng_checker_damage(checker, s.type, s.offset, "a sampling of %u is out of range",
				  params->sa_rate);
		return false;
	}
	return true;
}

/* The number of samples, which other sections must have, too. */
static bool samples_count(struct ng_checked *checked)
{
	struct ng_checked_section s;
	struct ng_ef starts;

	if (!ng_checked_section(checked, NG_SECTION_SAMPLE_STARTS, &s))
		return false;
	if (ng_ef_open(NULL, s.data, s.bytes, &starts) < 0 ||
	    starts.n != checked->params.docs + 1 || starts.last < checked->params.docs ||
	    starts.last > checked->params.rows) {
		ng_checker_damage(checked->checker, s.type, s.offset,
				  "doesn't hold where the samples of %" PRIu64 " documents begin",
				  checked->params.docs);
		return false;
	}
	checked->n_samples = starts.last;
	return true;
}

static void bwt_close(struct ng_checked *checked)
{
	ng_bwt_close(checked->bwt);
}

int ng_check_structure(struct ng_checker *checker, const struct ng_shard_file *file)
{
	ng_cleanup(bwt_close) struct ng_checked checked = {.checker = checker, .file = file};
	int r;

	if (!params_check(&checked) || !samples_count(&checked))
		return 0;
	r = ng_check_bwt(&checked);
	if (r == 0 && checked.bwt)
		r = ng_check_frequent(&checked);
	if (r == 0)
		r = ng_check_samples(&checked);
	if (r == 0)
		r = ng_check_documents(&checked);
	if (r == 0)
		r = ng_check_facets(&checked);
	return r;
}
