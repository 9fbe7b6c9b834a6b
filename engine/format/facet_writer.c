/* SPDX-License-Identifier: Apache-2.0 */
#include "format/facet_writer.h"

#include <assert.h>
#include <zstd.h>

#include "base/dictionary.h"
#include "format/meta_fields.h"
#include "format/shardfile.h"

/* All values of all fields that become columns by themselves. */
#define TABLES_BYTES (16u << 20)

/* A field with more values than this is no facet, and no column unless asked for, if most documents
 * have one of their own: a path or a title. */
#define VALUES_FEW 64u

#define TABLE_LEVEL 19

/* A field, and what documents have there: nothing, 0, or the number of a value, from 1 on, in the
 * order of their first documents. */
struct field {
	uint8_t *name;
	size_t name_bytes;
	uint32_t prefix;
	bool asked;  /* for by the options */
	bool seen;   /* in a document */
	bool column; /* false: it has too many values */
	struct ng_dictionary values;
	struct ng_buf ids; /* of the documents up to the last that has a value, id_bytes each */
	unsigned id_bytes;
	uint64_t with; /* documents that have one */
};

struct ng_facet_writer {
	uint64_t docs;
	struct field *fields[NG_FACET_FIELDS_MAX]; /* by name, then prefix */
	uint32_t n;
	bool others;
	uint32_t columns;  /* that nobody has asked for */
	size_t text_bytes; /* of all fields that weren't asked for */
	struct ng_meta_fields meta;
};

static void values_drop(struct ng_facet_writer *writer, struct field *field)
{
	if (!field->asked)
		writer->text_bytes -= field->values.text.len;
	ng_dictionary_clear(&field->values);
	ng_buf_free(&field->ids);
	field->column = false;
}

static int field_order(const struct field *field, const void *name, size_t len, uint32_t prefix)
{
	int order = ng_bytes_compare(field->name, field->name_bytes, name, len);

	return order ? order : (field->prefix > prefix) - (field->prefix < prefix);
}

/* The first field that isn't before that one. */
static uint32_t field_at(const struct ng_facet_writer *writer, const void *name, size_t len,
			 uint32_t prefix)
{
	uint32_t lo = 0, hi = writer->n;

	while (lo < hi) {
		uint32_t middle = lo + (hi - lo) / 2;

		if (field_order(writer->fields[middle], name, len, prefix) < 0)
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo;
}

static int field_insert(struct ng_facet_writer *writer, uint32_t at, const void *name, size_t len,
			uint32_t prefix, bool asked)
{
	struct field *field = calloc(1, sizeof(*field));

	if (!field || !(field->name = malloc(len + 1))) {
		free(field);
		return -ENOMEM;
	}
	memcpy(field->name, name, len);
	field->name_bytes = len;
	field->prefix = prefix;
	field->asked = asked;
	field->column = asked || writer->columns < NG_FACET_COLUMNS;
	field->id_bytes = 1;
	memmove(&writer->fields[at + 1], &writer->fields[at],
		(writer->n - at) * sizeof(writer->fields[0]));
	writer->fields[at] = field;
	writer->n++;
	writer->columns += field->column && !asked;
	return 0;
}

int ng_facet_writer_new(const struct ng_facet_options *options, struct ng_facet_writer **ret_writer)
{
	ng_cleanup(ng_facet_writer_freep) struct ng_facet_writer *writer =
		calloc(1, sizeof(*writer));

	if (!writer)
		return -ENOMEM;
	for (size_t i = 0; i < options->n; i++) {
		const struct ng_facet_spec *spec = &options->specs[i];
		size_t len = strlen(spec->name);
		uint32_t at = field_at(writer, spec->name, len, spec->prefix);
		int r;

		if (writer->n == NG_FACET_FIELDS_MAX)
			break;
		if (at < writer->n &&
		    field_order(writer->fields[at], spec->name, len, spec->prefix) == 0)
			continue;
		r = field_insert(writer, at, spec->name, len, spec->prefix, true);
		if (r < 0)
			return r;
	}
	*ret_writer = ng_steal_ptr(&writer);
	return 0;
}

struct ng_facet_writer *ng_facet_writer_free(struct ng_facet_writer *writer)
{
	if (!writer)
		return NULL;
	for (uint32_t i = 0; i < writer->n; i++) {
		values_drop(writer, writer->fields[i]);
		free(writer->fields[i]->name);
		free(writer->fields[i]);
	}
	ng_meta_fields_clear(&writer->meta);
	free(writer);
	return NULL;
}

/* ---- values ---- */

/* Whether a new value makes it too many, or too much. */
static bool is_beyond(const struct ng_facet_writer *writer, const struct field *field, size_t len)
{
	if (field->asked)
		return field->values.n == NG_FACET_VALUES_MAX ||
		       field->values.text.len + len + 4 * (field->values.n + 1ull) >
			       NG_FACET_TABLE_MAX;
	return field->values.n == NG_FACET_VALUES || len > NG_FACET_VALUE_BYTES ||
	       writer->text_bytes + len > TABLES_BYTES;
}

/* Numbers in more bytes each. */
static int ids_widen(struct field *field, unsigned id_bytes)
{
	struct ng_buf wide = NG_BUF_INIT;
	size_t n;
	int r;

	assert(field->id_bytes > 0 && id_bytes > field->id_bytes);
	n = field->ids.len / field->id_bytes;
	r = ng_buf_zero(&wide, n * id_bytes);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++)
		memcpy(wide.data + i * id_bytes, field->ids.data + i * field->id_bytes,
		       field->id_bytes);
	ng_buf_free(&field->ids);
	field->ids = wide;
	field->id_bytes = id_bytes;
	return 0;
}

static int id_put(struct field *field, uint64_t doc, uint32_t id)
{
	unsigned need = id >> 16 ? 4 : id >> 8 ? 2 : 1;
	int r = need > field->id_bytes ? ids_widen(field, need) : 0;

	/* Documents in between have none. */
	if (r == 0)
		r = ng_buf_zero(&field->ids, doc * field->id_bytes - field->ids.len);
	return r < 0 ? r : ng_buf_append(&field->ids, &id, field->id_bytes);
}

static uint32_t id_get(const struct field *field, uint64_t doc)
{
	uint32_t id = 0;

	if (doc < field->ids.len / field->id_bytes)
		memcpy(&id, field->ids.data + doc * field->id_bytes, field->id_bytes);
	return id;
}

static int value_add(struct ng_facet_writer *writer, struct field *field, const uint8_t *bytes,
		     size_t len)
{
	uint32_t number;
	int r;

	field->seen = true;
	if (!field->column)
		return 0;
	len = ng_meta_prefix(bytes, len, field->prefix);
	number = ng_dictionary_find(&field->values, bytes, len);
	if (number == field->values.n) {
		if (is_beyond(writer, field, len)) {
			values_drop(writer, field);
			return 0;
		}
		r = ng_dictionary_add(&field->values, bytes, len);
		if (r < 0)
			return r;
		if (!field->asked)
			writer->text_bytes += len;
	}
	field->with++;
	return id_put(field, writer->docs, number + 1);
}

int ng_facet_writer_add(struct ng_facet_writer *writer, const char *meta, size_t meta_bytes)
{
	struct ng_meta_fields *fields = &writer->meta;
	int r = ng_meta_fields_read(fields, (const uint8_t *)meta, meta_bytes);

	for (size_t i = 0; r == 0 && i < fields->n; i++) {
		const uint8_t *name = ng_meta_name(fields, &fields->list[i]);
		size_t len = fields->list[i].name_bytes;
		uint32_t at = field_at(writer, name, len, 0);
		bool listed = at < writer->n && field_order(writer->fields[at], name, len, 0) == 0;

		if (!listed && (writer->n == NG_FACET_FIELDS_MAX || len > NG_FACET_NAME_MAX)) {
			writer->others = true;
		} else if (!listed) {
			r = field_insert(writer, at, name, len, 0, false);
		}
		/* It, and prefixes of it. */
		for (; r == 0 && at < writer->n; at++) {
			struct field *field = writer->fields[at];

			if (ng_bytes_compare(field->name, field->name_bytes, name, len) != 0)
				break;
			r = value_add(writer, field, ng_meta_value(fields, &fields->list[i]),
				      fields->list[i].value_bytes);
		}
	}
	if (r == 0)
		writer->docs++;
	return r;
}

uint64_t ng_facet_writer_bytes(const struct ng_facet_writer *writer)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < writer->n; i++)
		bytes += writer->fields[i]->ids.cap;
	return bytes;
}

/* ---- the section ---- */

static int by_bytes(const void *pa, const void *pb, void *userdata)
{
	const struct ng_dictionary *values = userdata;
	size_t a_len, b_len;
	const uint8_t *a = ng_dictionary_get(values, *(const uint32_t *)pa, &a_len);
	const uint8_t *b = ng_dictionary_get(values, *(const uint32_t *)pb, &b_len);

	return ng_bytes_compare(a, a_len, b, b_len);
}

/* Append the compressed table; what each number becomes is in *ret_orders, [n + 1], by the number
 * as it is kept. */
static int table_write(struct field *field, struct ng_buf *buf, struct ng_facet_header *header,
		       uint32_t **ret_orders)
{
	struct ng_dictionary *values = &field->values;
	ng_cleanup(ng_buf_free) struct ng_buf table = NG_BUF_INIT;
	ng_cleanup(ng_freep) uint32_t *orders = calloc(values->n + 1ull, sizeof(*orders));
	ng_cleanup(ng_freep) uint32_t *sorted = calloc(values->n + 1ull, sizeof(*sorted));
	size_t bound, frame, len;
	int r = 0;

	if (!orders || !sorted)
		return -ENOMEM;
	for (uint32_t i = 0; i < values->n; i++)
		sorted[i] = i;
	qsort_r(sorted, values->n, sizeof(*sorted), by_bytes, values);
	orders[0] = values->n;
	for (uint32_t i = 0; r == 0 && i < values->n; i++) {
		uint32_t bytes;

		orders[sorted[i] + 1] = i;
		ng_dictionary_get(values, sorted[i], &len);
		bytes = (uint32_t)len;
		r = ng_buf_append(&table, &bytes, sizeof(bytes));
	}
	for (uint32_t i = 0; r == 0 && i < values->n; i++) {
		const uint8_t *value = ng_dictionary_get(values, sorted[i], &len);

		r = ng_buf_append(&table, value, len);
	}
	bound = ZSTD_compressBound(table.len);
	if (r == 0)
		r = ng_buf_reserve(buf, bound);
	if (r < 0)
		return r;
	frame = ZSTD_compress(buf->data + buf->len, bound, table.data, table.len, TABLE_LEVEL);
	if (ZSTD_isError(frame))
		return -ENOMEM;
	buf->len += frame;
	header->table_bytes = (uint32_t)table.len;
	header->frame_bytes = (uint32_t)frame;
	*ret_orders = ng_steal_ptr(&orders);
	return 0;
}

static int align(struct ng_buf *buf)
{
	return ng_buf_zero(buf, ng_align_up(buf->len, 8) - buf->len);
}

static int ids_write(const struct ng_facet_writer *writer, const struct field *field,
		     const uint32_t *orders, unsigned width, struct ng_buf *buf)
{
	uint64_t word = 0, value;
	unsigned have = 0;
	int r = ng_buf_reserve(buf, ng_div_up(writer->docs * width, 64) * 8);

	for (uint64_t doc = 0; r == 0 && width && doc < writer->docs; doc++) {
		value = orders[id_get(field, doc)];
		word |= value << have;
		have += width;
		if (have < 64)
			continue;
		r = ng_buf_append(buf, &word, 8);
		have -= 64;
		word = have ? value >> (width - have) : 0;
	}
	return r == 0 && have ? ng_buf_append(buf, &word, 8) : r;
}

static int field_write(const struct ng_facet_writer *writer, struct field *field,
		       struct ng_buf *buf)
{
	struct ng_facet_header header = {.name_bytes = (uint32_t)field->name_bytes,
					 .prefix = field->prefix,
					 .values = NG_FACET_NO_COLUMN};
	ng_cleanup(ng_freep) uint32_t *orders = NULL;
	size_t at = buf->len;
	int r = ng_buf_append(buf, &header, sizeof(header));

	if (r == 0)
		r = ng_buf_append(buf, field->name, field->name_bytes);
	if (r == 0)
		r = align(buf);
	if (r < 0 || !field->column)
		return r;
	header.values = field->values.n;
	/* Without a document that has none, there need be no number for that. */
	header.width = ng_bits(field->with < writer->docs ? field->values.n : field->values.n - 1);
	r = table_write(field, buf, &header, &orders);
	if (r == 0)
		r = align(buf);
	if (r == 0)
		r = ids_write(writer, field, orders, header.width, buf);
	if (r == 0)
		memcpy(buf->data + at, &header, sizeof(header));
	return r;
}

/* Fields of all documents' own, which nobody asked for. */
static void fields_weigh(struct ng_facet_writer *writer)
{
	for (uint32_t i = 0; i < writer->n; i++) {
		struct field *field = writer->fields[i];

		if (field->column && !field->asked && field->values.n > VALUES_FEW &&
		    2ull * field->values.n > field->with)
			values_drop(writer, field);
	}
}

int ng_facet_writer_finish(struct ng_facet_writer *writer, struct ng_shard_writer *shard,
			   struct ng_error *err)
{
	struct ng_facets_header header = {0, writer->others ? NG_FACETS_OTHERS : 0};
	ng_cleanup(ng_buf_free) struct ng_buf buf = NG_BUF_INIT;
	uint64_t offset;
	int r;

	fields_weigh(writer);
	for (uint32_t i = 0; i < writer->n; i++)
		header.n += writer->fields[i]->seen;
	r = ng_buf_append(&buf, &header, sizeof(header));
	if (r == 0)
		r = ng_buf_zero(&buf, (header.n + 1) * sizeof(offset));
	for (uint32_t i = 0, k = 0; r == 0 && i < writer->n; i++) {
		if (!writer->fields[i]->seen)
			continue;
		ng_store64(buf.data + sizeof(header) + 8ull * k++, buf.len);
		r = field_write(writer, writer->fields[i], &buf);
		values_drop(writer, writer->fields[i]);
	}
	if (r < 0)
		return ng_fail(err, r, "out of memory for facets");
	ng_store64(buf.data + sizeof(header) + 8ull * header.n, buf.len);
	r = ng_shard_writer_section(shard, NG_SECTION_FACETS, err);
	return r < 0 ? r : ng_shard_writer_write(shard, buf.data, buf.len, err);
}
