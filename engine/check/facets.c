/* SPDX-License-Identifier: Apache-2.0 */
/* The facets of a shard: whether they have their form, and whether they say what the metadata
 * says. */
#include "format/facets.h"

#include <inttypes.h>

#include "base/parallel.h"
#include "check/full.h"
#include "check/structure.h"
#include "format/meta_fields.h"

#define BATCH_DOCS 4096u

/* Bytes that are there to align what follows. */
static bool is_zero(const uint8_t *from, const uint8_t *to)
{
	while (from < to)
		if (*from++)
			return false;
	return true;
}

/* Values ascend, each is some document's, and numbers are no wider than they need be. */
static int column_check(struct ng_checker *checker, const struct ng_checked_section *s,
			const struct ng_facet_field *field, uint32_t i)
{
	ng_cleanup(ng_facet_column_clear) struct ng_facet_column column = {0};
	uint64_t docs = field->facets->docs, offset = s->offset + (uint64_t)(field->ids - s->data);
	ng_cleanup(ng_freep) bool *used = calloc(field->values + 1ull, sizeof(*used));
	uint64_t bits = docs * field->width;
	int r = used ? ng_facet_column_open(field, &column) : -ENOMEM;
	bool bad = false;

	if (r == -EUCLEAN) {
		ng_checker_damage(checker, NG_PART_FACETS,
				  s->offset + (uint64_t)(field->frame - s->data),
				  "the values of field %" PRIu32 " don't decompress", i);
		return 0;
	}
	if (r < 0)
		return r;
	for (uint64_t doc = 0; doc < docs && !bad; doc++) {
		if (doc % 65536 == 0 && ng_checker_cancelled(checker))
			return -EINTR;
		used[ng_facet_id(&column, doc, &bad)] = true;
	}
	for (uint32_t v = 0; v < column.values && !bad; v++) {
		size_t len, before_len = 0;
		const uint8_t *value = ng_facet_value(&column, v, &len);
		const uint8_t *before = v ? ng_facet_value(&column, v - 1, &before_len) : NULL;

		bad = !used[v] || (v && ng_bytes_compare(before, before_len, value, len) >= 0);
	}
	bad = bad ||
	      field->width != ng_bits(used[column.values] ? column.values : column.values - 1u);
	bad = bad || (bits % 64 && ng_load64(field->ids + bits / 64 * 8) >> bits % 64);
	bad = bad || !is_zero(field->frame + field->frame_bytes, field->ids);
	if (bad)
		ng_checker_damage(
			checker, NG_PART_FACETS, offset,
			"the numbers and values of field %" PRIu32 " don't fit each other", i);
	return 0;
}

static int fields_check(struct ng_checker *checker, const struct ng_checked_section *s,
			const struct ng_facets *facets)
{
	struct ng_facet_field before = {0};
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < facets->n; i++) {
		struct ng_facet_field field = {0};
		int order = 1;

		r = ng_facets_field(facets, i, &field);
		if (r == 0 && i)
			order = ng_bytes_compare(field.name, field.name_bytes, before.name,
						 before.name_bytes);
		if (r == 0 && !is_zero(field.name + field.name_bytes,
				       field.name + ng_align_up(field.name_bytes, 8)))
			r = -EUCLEAN;
		if (r < 0 || order < 0 || (order == 0 && field.prefix <= before.prefix)) {
			ng_checker_damage(checker, NG_PART_FACETS, s->offset,
					  "field %" PRIu32 " is out of place", i);
			return 0;
		}
		r = field.has_column ? column_check(checker, s, &field, i) : 0;
		before = field;
	}
	return r;
}

int ng_check_facets(const struct ng_checked *checked)
{
	struct ng_checked_section s = {.type = NG_SECTION_FACETS};
	struct ng_checker *checker = checked->checker;
	struct ng_facets facets;

	if (!ng_shard_file_section(checked->file, NG_SECTION_FACETS, &s.data, &s.bytes))
		return 0;
	ng_checked_section(checked, NG_SECTION_FACETS, &s);
	if (ng_facets_open(NULL, s.data, s.bytes, checked->params.docs, &facets) < 0) {
		ng_checker_damage(checker, NG_PART_FACETS, s.offset,
				  "its fields don't fit into it");
		return 0;
	}
	return fields_check(checker, &s, &facets);
}

/* ---- against the metadata ---- */

struct comparison {
	struct ng_full *full;
	struct ng_facets facets;
	struct ng_facet_field fields[NG_FACET_FIELDS_MAX];
	struct ng_facet_column columns[NG_FACET_FIELDS_MAX];
};

static void comparison_clear(struct comparison *c)
{
	for (uint32_t i = 0; i < c->facets.n; i++)
		ng_facet_column_clear(&c->columns[i]);
}

static void differs(const struct comparison *c, uint64_t doc, const void *name, size_t len)
{
	ng_checker_damage(c->full->checker, NG_PART_FACETS,
			  ng_full_section_at(c->full, NG_SECTION_FACETS),
			  "document %" PRIu64 " has another value of %.*s in its metadata", doc,
			  (int)len, (const char *)name);
}

static void doc_compare(const struct comparison *c, uint64_t doc, const struct ng_meta_fields *meta)
{
	for (uint32_t i = 0; i < c->facets.n; i++) {
		const struct ng_facet_field *field = &c->fields[i];
		const struct ng_facet_column *column = &c->columns[i];
		const struct ng_meta_field *found =
			ng_meta_fields_find(meta, field->name, field->name_bytes);
		const uint8_t *want = found ? ng_meta_value(meta, found) : NULL, *is;
		size_t want_bytes, is_bytes;
		bool bad = false;
		uint32_t id;

		if (!field->has_column)
			continue;
		id = ng_facet_id(column, doc, &bad);
		if (!found && id == column->values)
			continue;
		if (found && id < column->values) {
			want_bytes = ng_meta_prefix(want, found->value_bytes, field->prefix);
			is = ng_facet_value(column, id, &is_bytes);
			if (ng_bytes_compare(want, want_bytes, is, is_bytes) == 0)
				continue;
		}
		differs(c, doc, field->name, field->name_bytes);
	}
	for (size_t i = 0; i < meta->n && !c->facets.others; i++) {
		const uint8_t *name = ng_meta_name(meta, &meta->list[i]);
		struct ng_facet_field field;

		if (ng_facets_find(&c->facets, name, meta->list[i].name_bytes, 0, &field) != 1)
			differs(c, doc, name, meta->list[i].name_bytes);
	}
}

static int batch_compare(void *userdata, uint64_t batch)
{
	ng_cleanup(ng_meta_fields_clear) struct ng_meta_fields meta = {0};
	ng_cleanup(ng_buf_free) struct ng_buf json = NG_BUF_INIT;
	const struct comparison *c = userdata;
	const struct ng_shard *shard = c->full->shard;
	uint64_t first = batch * BATCH_DOCS, end = ng_min(first + BATCH_DOCS, shard->params.docs);
	uint64_t total = 0;

	for (uint64_t doc = first; doc < end; doc++) {
		bool bad = false;
		uint64_t from = ng_ef_get(&shard->meta_starts, doc, &bad);
		uint64_t to = ng_ef_get(&shard->meta_starts, doc + 1, &bad);
		int r;

		if (ng_checker_cancelled(c->full->checker))
			return -EINTR;
		json.len = 0;
		r = bad || to < from ? -EUCLEAN : ng_buf_reserve(&json, to - from + 1);
		if (r == 0)
			r = ng_frames_read(shard->meta, from, to - from, json.data);
		if (r == 0)
			r = ng_meta_fields_read(&meta, json.data, to - from);
		if (r == -ENOMEM)
			return r;
		if (r == 0)
			doc_compare(c, doc, &meta);
		total += to - from;
	}
	ng_checker_advance(c->full->checker, total);
	return 0;
}

int ng_full_facets(struct ng_full *full)
{
	ng_cleanup(comparison_clear) struct comparison c = {.full = full};
	const struct ng_shard *shard = full->shard;
	const uint8_t *data;
	size_t bytes;
	int r;

	if (!ng_shard_file_section(shard->file, NG_SECTION_FACETS, &data, &bytes))
		return 0;
	r = ng_facets_open(NULL, data, bytes, shard->params.docs, &c.facets);
	for (uint32_t i = 0; r == 0 && i < c.facets.n; i++) {
		r = ng_facets_field(&c.facets, i, &c.fields[i]);
		if (r == 0 && c.fields[i].has_column)
			r = ng_facet_column_open(&c.fields[i], &c.columns[i]);
	}
	if (r < 0)
		return r == -EUCLEAN ? 0 : r; /* the structure's check has said so */
	ng_checker_phase(full->checker, "comparing facets", ng_frames_raw_bytes(shard->meta));
	return ng_parallel(ng_div_up(shard->params.docs, BATCH_DOCS), full->checker->threads,
			   batch_compare, &c);
}
