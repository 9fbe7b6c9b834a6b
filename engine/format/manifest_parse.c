/* SPDX-License-Identifier: Apache-2.0 */
/* A manifest from JSON text, every field of it checked. */
#include "format/manifest_text.h"

#include <inttypes.h>

#include "format/params.h"
#include "format/shardfile.h"
#include "format/shardpath.h"

/* What "x_" at the beginning of a field's name says: that it may be passed over. */
#define PASSED_OVER "x_"

/* The integer at key, in [min, max]. */
static int get_number(const json_t *object, const char *key, uint64_t min, uint64_t max,
		      uint64_t *ret_value, struct ng_error *err)
{
	const json_t *json = json_object_get(object, key);
	json_int_t value = json_integer_value(json);

	if (!json_is_integer(json) || value < 0 || (uint64_t)value < min || (uint64_t)value > max)
		return ng_fail(err, -EPROTO,
			       "\"%s\" is not a whole number from %" PRIu64 " to %" PRIu64, key,
			       min, max);
	*ret_value = (uint64_t)value;
	return 0;
}

static int get_checksum(const json_t *object, uint64_t *ret_value, struct ng_error *err)
{
	const char *text = json_string_value(json_object_get(object, "checksum"));

	if (!text || strlen(text) != NG_MANIFEST_DIGITS || !ng_manifest_is_hex(text))
		return ng_fail(err, -EPROTO, "\"checksum\" is not a string of 16 hex digits");
	*ret_value = strtoull(text, NULL, 16);
	return 0;
}

/* All fields of an object are among these, or of those that may be passed over. */
static int check_fields(json_t *object, const char *const *known, struct ng_error *err)
{
	const char *name;
	json_t *value;

	json_object_foreach(object, name, value)
	{
		const char *const *at = known;

		while (*at && strcmp(*at, name) != 0)
			at++;
		if (!*at && strncmp(name, PASSED_OVER, strlen(PASSED_OVER)) != 0)
			return ng_fail(err, -EPROTO,
				       "has a field \"%s\", which this program doesn't know; use a "
				       "newer one",
				       name);
	}
	return 0;
}

/* The fields of a file, which is the caller's even after an error. */
static int parse_file(json_t *json, uint64_t docs_min, uint64_t docs_max, uint64_t text_max,
		      struct ng_manifest_removed *ret, struct ng_error *err)
{
	const char *file = json_string_value(json_object_get(json, "file"));
	int r;

	if (!file || !ng_shard_path_ok(file))
		return ng_fail(err, -EPROTO,
			       "\"file\" is not a file name of letters, digits, '.', '_' and '-' "
			       "without a leading dot, nor a plain path to such a file");
	r = get_number(json, "docs", docs_min, docs_max, &ret->docs, err);
	if (!r)
		r = get_number(json, "text_bytes", 0, text_max, &ret->text_bytes, err);
	if (!r)
		r = get_number(json, "file_bytes", 0, INT64_MAX, &ret->file_bytes, err);
	if (!r)
		r = get_checksum(json, &ret->checksum, err);
	if (r)
		return r;
	ret->file = strdup(file);
	return ret->file ? 0 : ng_fail(err, -ENOMEM, "out of memory");
}

static int parse_removed(json_t *json, struct ng_manifest_shard *s, struct ng_error *err)
{
	static const char *const known[] = {"file",       "docs",     "held", "text_bytes",
					    "file_bytes", "checksum", NULL};
	struct ng_error why;
	int r;

	if (!json)
		return 0;
	if (!json_is_object(json))
		return ng_fail(err, -EPROTO, "\"removed\" is not an object");
	r = check_fields(json, known, &why);
	if (!r)
		r = parse_file(json, 1, s->docs, s->text_bytes, &s->removed, &why);
	if (!r)
		r = get_number(json, "held", 0, s->removed.docs, &s->removed.held, &why);
	return r ? ng_fail(err, r, "\"removed\": %s", why.text) : 0;
}

/* What it has taken before an error is the caller's to free. */
static int parse_shard(json_t *json, struct ng_manifest_shard *s, struct ng_error *err)
{
	static const char *const known[] = {"file",     "docs",    "text_bytes", "file_bytes",
					    "checksum", "removed", NULL};
	struct ng_manifest_removed file = {0};
	int r;

	if (!json_is_object(json))
		return ng_fail(err, -EPROTO, "not an object");
	r = check_fields(json, known, err);
	if (!r)
		r = parse_file(json, 0, INT64_MAX, INT64_MAX, &file, err);
	*s = (struct ng_manifest_shard){.file = file.file,
					.docs = file.docs,
					.text_bytes = file.text_bytes,
					.file_bytes = file.file_bytes,
					.checksum = file.checksum};
	return r ? r : parse_removed(json_object_get(json, "removed"), s, err);
}

/* A name that no file before has. */
static int take_name(json_t *names, const char *file, struct ng_error *err)
{
	if (json_object_get(names, file))
		return ng_fail(err, -EPROTO, "file \"%s\" stands there twice", file);
	return json_object_set_new(names, file, json_true()) < 0
		       ? ng_fail(err, -ENOMEM, "out of memory")
		       : 0;
}

static int parse_shards(const json_t *array, struct ng_manifest *m, struct ng_error *err)
{
	ng_cleanup(ng_json_decrefp) json_t *names = json_object();
	uint64_t docs = 0, text_bytes = 0, file_bytes = 0;
	struct ng_error why;
	int r;

	if (!json_is_array(array))
		return ng_fail(err, -EPROTO, "\"shards\" is not an array");
	if (json_array_size(array) > UINT32_MAX)
		return ng_fail(err, -EPROTO, "too many shards");
	m->shards = calloc(json_array_size(array) + 1, sizeof(*m->shards));
	if (!m->shards || !names)
		return ng_fail(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < json_array_size(array); i++) {
		struct ng_manifest_shard *s = &m->shards[i];

		m->n_shards++;
		r = parse_shard(json_array_get(array, i), s, &why);
		if (!r)
			r = take_name(names, s->file, &why);
		if (!r && s->removed.file)
			r = take_name(names, s->removed.file, &why);
		if (r)
			return ng_fail(err, r, "shard %zu: %s", i, why.text);
		docs += s->docs;
		text_bytes += s->text_bytes;
		file_bytes += s->file_bytes;
		if (file_bytes <= INT64_MAX)
			file_bytes += s->removed.file_bytes;
		/* Each is below 2^63, and so was the sum before: no wrap-around goes unseen. */
		if (docs > INT64_MAX || text_bytes > INT64_MAX || file_bytes > INT64_MAX)
			return ng_fail(err, -EPROTO, "shard %zu: the sizes' sums overflow", i);
	}
	return 0;
}

/* The features that a manifest requires, all of them known. */
static int parse_requires(const json_t *array, unsigned *ret_features, struct ng_error *err)
{
	if (!array)
		return 0;
	if (!json_is_array(array))
		return ng_fail(err, -EPROTO, "\"requires\" is not an array");
	for (size_t i = 0; i < json_array_size(array); i++) {
		const char *feature = json_string_value(json_array_get(array, i));
		unsigned known = 0;

		while (known < NG_MANIFEST_FEATURES &&
		       (!feature || strcmp(feature, ng_manifest_feature_names[known])))
			known++;
		if (known == NG_MANIFEST_FEATURES)
			return ng_fail(err, -EPROTO,
				       "requires \"%s\", which this program doesn't know; use a "
				       "newer one",
				       feature ? feature : "?");
		*ret_features |= 1u << known;
	}
	return 0;
}

static int check_format(const json_t *root, uint64_t *ret_version, struct ng_error *err)
{
	const char *format = json_string_value(json_object_get(root, "format"));
	int r;

	if (!format || strcmp(format, NG_MANIFEST_FORMAT_NAME))
		return ng_fail(err, -EPROTO, "\"format\" is not \"" NG_MANIFEST_FORMAT_NAME "\"");
	r = get_number(root, "format_version", 1, UINT32_MAX, ret_version, err);
	if (r)
		return r;
	if (*ret_version != NG_FORMAT_VERSION)
		return ng_format_refuse(NULL, *ret_version, err);
	return 0;
}

/* The text is what was written: no bit of it has changed. */
static int check_checksum(const json_t *root, const char *text, size_t len, struct ng_error *err)
{
	ng_cleanup(ng_freep) char *copy = strndup(text, len);
	const char *says = json_string_value(json_object_get(root, NG_MANIFEST_CHECKSUM_FIELD));
	size_t digits;
	uint64_t sum;

	if (!copy)
		return ng_fail(err, -ENOMEM, "out of memory");
	/* A text that has been parsed has no NUL in it. */
	digits = ng_manifest_checksum_find(copy);
	if (!digits || !says || strlen(says) != NG_MANIFEST_DIGITS ||
	    memcmp(says, copy + digits, NG_MANIFEST_DIGITS))
		return ng_fail(err, -EPROTO,
			       "\"" NG_MANIFEST_CHECKSUM_FIELD
			       "\" is not one string of 16 hex digits");
	if (ng_manifest_checksum(text, len, digits, &sum))
		return ng_fail(err, -ENOMEM, "out of memory");
	if (strtoull(says, NULL, 16) != sum)
		return ng_fail(err, -EUCLEAN,
			       "damaged: its checksum is %016" PRIx64 " instead of %s", sum, says);
	return 0;
}

static int parse_options(const json_t *array, struct ng_manifest *m, struct ng_error *err)
{
	ng_cleanup(ng_freep) const char **options = NULL;
	size_t n = json_array_size(array);
	bool ok = json_is_array(array);

	if (!array)
		return 0;
	options = calloc(n + 1, sizeof(*options));
	if (!options)
		return ng_fail(err, -ENOMEM, "out of memory");
	for (size_t i = 0; ok && i < n; i++) {
		options[i] = json_string_value(json_array_get(array, i));
		ok = options[i];
	}
	if (!ok)
		return ng_fail(err, -EPROTO,
			       "\"" NG_MANIFEST_OPTIONS_FIELD "\" is no array of strings");
	return ng_manifest_set_options(m, options, n) < 0 ? ng_fail(err, -ENOMEM, "out of memory")
							  : 0;
}

static int parse_root(json_t *root, struct ng_manifest *m, struct ng_error *err)
{
	static const char *const known[] = {"format",
					    "format_version",
					    NG_MANIFEST_CHECKSUM_FIELD,
					    "sa_sampling",
					    "text_store",
					    "requires",
					    "shards",
					    NULL};
	const json_t *text_store = json_object_get(root, "text_store");
	uint64_t sampling = 0;
	unsigned features = 0;
	int r = parse_requires(json_object_get(root, "requires"), &features, err);

	if (!r)
		r = check_fields(root, known, err);
	if (r)
		return r;
	if (!json_is_boolean(text_store))
		return ng_fail(err, -EPROTO, "\"text_store\" is neither true nor false");
	m->text_store = json_is_true(text_store);
	r = get_number(root, "sa_sampling", NG_SA_RATE_MIN, NG_SA_RATE_MAX, &sampling, err);
	if (!r)
		m->sa_sampling = (uint32_t)sampling;
	if (!r)
		r = parse_options(json_object_get(root, NG_MANIFEST_OPTIONS_FIELD), m, err);
	if (!r)
		r = parse_shards(json_object_get(root, "shards"), m, err);
	if (r)
		return r;
	/* Who doesn't know one of them would be misled. */
	for (unsigned i = 0; i < NG_MANIFEST_FEATURES; i++)
		if (ng_manifest_features(m) & ~features & 1u << i)
			return ng_fail(err, -EPROTO, "doesn't require \"%s\", which it needs",
				       ng_manifest_feature_names[i]);
	return 0;
}

int ng_manifest_parse(const char *text, size_t len, struct ng_manifest *ret_manifest,
		      struct ng_error *err)
{
	ng_cleanup(ng_json_decrefp) json_t *root = NULL;
	ng_cleanup(ng_manifest_clear) struct ng_manifest m = {0};
	json_error_t json_err;
	uint64_t version = 0;
	int r;

	r = ng_json_load(text, len, JSON_REJECT_DUPLICATES, &root, &json_err);
	if (r == -ENOMEM)
		return ng_fail(err, r, "out of memory");
	if (r)
		return ng_fail(err, r, "line %d: %s", json_err.line, json_err.text);
	r = check_format(root, &version, err);
	if (!r)
		r = check_checksum(root, text, len, err);
	if (!r)
		r = parse_root(root, &m, err);
	if (r)
		return r;
	m.format_version = (uint32_t)version;
	*ret_manifest = m;
	m = (struct ng_manifest){0};
	return 0;
}
