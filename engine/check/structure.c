#include "check/structure.h"

#include <inttypes.h>

#include "index/packed.h"
#include "index/shardlayout.h"

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
	if (params->rows == 0 || params->rows >> 40 || params->docs >= params->rows ||
	    params->text_bytes != params->rows - 1 - params->docs) {
		ng_checker_damage(checker, s.type, s.offset,
				  "%" PRIu64 " rows, %" PRIu64 " documents and %" PRIu64
				  " bytes of text don't fit each other",
				  params->rows, params->docs, params->text_bytes);
		return false;
	}
	if (params->primary >= params->rows || params->sa_log < 2 || params->sa_log > 10 ||
	    params->isa_log < 6 || params->isa_log > 16) {
		ng_checker_damage(checker, s.type, s.offset,
				  "the primary row or a sampling is out of range");
		return false;
	}
	checked->sa_rate = 1ull << params->sa_log;
	checked->n_samples = (params->rows - 1) / checked->sa_rate + 1;
	return true;
}

int ng_check_samples(const struct ng_checked *checked)
{
	ng_cleanup(ng_freep) uint8_t *seen = NULL;
	struct ng_checker *checker = checked->checker;
	struct ng_checked_section s;
	struct ng_packed sa;

	if (!ng_checked_section(checked, NG_SECTION_SA_SAMPLES, &s))
		return 0;
	if (ng_packed_open(s.data, s.bytes, &sa) < 0) {
		ng_checker_damage(checker, s.type, s.offset, "its numbers don't fit into it");
		return 0;
	}
	if (sa.n != checked->n_samples) {
		ng_checker_damage(checker, s.type, s.offset,
				  "%" PRIu64 " samples instead of %" PRIu64, sa.n,
				  checked->n_samples);
		return 0;
	}
	seen = calloc(sa.n / 8 + 1, 1);
	if (!seen)
		return -ENOMEM;
	for (uint64_t i = 0; i < sa.n; i++) {
		uint64_t value = ng_packed_get(&sa, i);
		uint64_t offset = (uint64_t)(sa.data - s.data) + i * sa.width / 8;

		if (i % (1u << 20) == 0 && ng_checker_cancelled(checker))
			return -EINTR;
		if (value >= sa.n)
			ng_checker_damage(checker, s.type, s.offset + offset,
					  "sample %" PRIu64 " is beyond the text", i);
		else if (seen[value / 8] >> (value % 8) & 1)
			ng_checker_damage(
				checker, s.type, s.offset + offset,
				"sample %" PRIu64 " is a position that another sample has, too", i);
		else
			seen[value / 8] |= (uint8_t)(1u << (value % 8));
	}
	return 0;
}

static void bwt_close(struct ng_checked *checked)
{
	ng_bwt_close(checked->bwt);
}

int ng_check_structure(struct ng_checker *checker, const struct ng_shard_file *file)
{
	ng_cleanup(bwt_close) struct ng_checked checked = {.checker = checker, .file = file};
	int r;

	if (!params_check(&checked))
		return 0;
	r = ng_check_bwt(&checked);
	if (r == 0 && checked.bwt)
		r = ng_check_kmers(&checked);
	if (r == 0)
		r = ng_check_samples(&checked);
	if (r == 0)
		r = ng_check_documents(&checked);
	return r;
}
