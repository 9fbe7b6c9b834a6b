/* SPDX-License-Identifier: Apache-2.0 */
#include "format/facet_writer.h"

#include "format/column_writer.h"
#include "format/meta_fields.h"
#include "format/shardfile.h"

/* All values of all fields that become columns by themselves. */
#define TABLES_BYTES (16u << 20)

/* A field with more values than this is no facet, and no column unless asked for, if most documents
 * have one of their own: a path or a title. */
#define VALUES_FEW 64u

/* A field, and the values that documents have there. */
struct field {
	uint8_t *name;
	size_t name_bytes;
	uint32_t prefix;
	bool asked;      /* for by the options */
	bool seen;       /* in a document */
	bool has_column; /* false: it has too many values */
	struct ng_column_writer column;
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
		writer->text_bytes -= field->column.values.text.len;
	ng_column_writer_clear(&field->column);
	field->has_column = false;
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
	field->has_column = asked || writer->columns < NG_FACET_COLUMNS;
	field->column = NG_COLUMN_WRITER_INIT;
	memmove(&writer->fields[at + 1], &writer->fields[at],
		(writer->n - at) * sizeof(writer->fields[0]));
	writer->fields[at] = field;
	writer->n++;
	writer->columns += field->has_column && !asked;
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
		return field->column.values.n == NG_FACET_VALUES_MAX ||
		       field->column.values.text.len + len + 4 * (field->column.values.n + 1ull) >
			       NG_FACET_TABLE_MAX;
	return field->column.values.n == NG_FACET_VALUES || len > NG_FACET_VALUE_BYTES ||
	       writer->text_bytes + len > TABLES_BYTES;
}

static int value_add(struct ng_facet_writer *writer, struct field *field, const uint8_t *bytes,
		     size_t len)
{
	uint32_t number;
	int r;

	field->seen = true;
	if (!field->has_column)
		return 0;
	len = ng_meta_prefix(bytes, len, field->prefix);
	number = ng_dictionary_find(&field->column.values, bytes, len);
	if (number == field->column.values.n) {
		if (is_beyond(writer, field, len)) {
			values_drop(writer, field);
			return 0;
		}
		r = ng_dictionary_add(&field->column.values, bytes, len);
		if (r < 0)
			return r;
		if (!field->asked)
			writer->text_bytes += len;
	}
	return ng_column_writer_put(&field->column, writer->docs, number);
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
		bytes += writer->fields[i]->column.ids.cap;
	return bytes;
}

/* ---- the section ---- */

static int field_write(const struct ng_facet_writer *writer, struct field *field,
		       struct ng_buf *buf)
{
	struct ng_facet_header header = {.name_bytes = (uint32_t)field->name_bytes,
					 .prefix = field->prefix,
					 .values = NG_FACET_NO_COLUMN};
	size_t at = buf->len;
	int r = ng_buf_append(buf, &header, sizeof(header));

	if (r == 0)
		r = ng_buf_append(buf, field->name, field->name_bytes);
	if (r == 0)
		r = ng_buf_zero(buf, ng_align_up(buf->len, 8) - buf->len);
	if (r < 0 || !field->has_column)
		return r;
	r = ng_column_writer_write(&field->column, writer->docs, &header, buf);
	if (r == 0)
		memcpy(buf->data + at, &header, sizeof(header));
	return r;
}

/* Fields of all documents' own, which nobody asked for. */
static void fields_weigh(struct ng_facet_writer *writer)
{
	for (uint32_t i = 0; i < writer->n; i++) {
		struct field *field = writer->fields[i];

		if (field->has_column && !field->asked && field->column.values.n > VALUES_FEW &&
		    2ull * field->column.values.n > field->column.with)
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
