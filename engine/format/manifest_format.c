/* SPDX-License-Identifier: Apache-2.0 */
/* A manifest as JSON text. */
#include "format/manifest_text.h"

#include <inttypes.h>
#include <xxhash.h>

#include "format/shardpath.h"

const char *const ng_manifest_feature_names[NG_MANIFEST_FEATURES] = {
	[NG_MANIFEST_OUTSIDE] = "outside",
	[NG_MANIFEST_REMOVED] = "removed",
};

/* Whether it will be read again. JSON numbers are signed here; no corpus comes near. */
static bool shard_ok(const struct ng_manifest_shard *s)
{
	const struct ng_manifest_removed *removed = &s->removed;

	return ng_shard_path_ok(s->file) && s->docs <= INT64_MAX && s->text_bytes <= INT64_MAX &&
	       s->file_bytes <= INT64_MAX &&
	       (!removed->file ||
		(ng_shard_path_ok(removed->file) && removed->docs && removed->docs <= s->docs &&
		 removed->held <= removed->docs && removed->text_bytes <= s->text_bytes &&
		 removed->file_bytes <= INT64_MAX));
}

bool ng_manifest_is_hex(const char *text)
{
	return strspn(text, "0123456789abcdef") >= NG_MANIFEST_DIGITS;
}

size_t ng_manifest_checksum_find(const char *text)
{
	const char *at = strstr(text, NG_MANIFEST_CHECKSUM_KEY);

	if (!at || strstr(at + 1, "\"" NG_MANIFEST_CHECKSUM_FIELD "\""))
		return 0;
	at += strlen(NG_MANIFEST_CHECKSUM_KEY);
	return ng_manifest_is_hex(at) && at[NG_MANIFEST_DIGITS] == '"' ? (size_t)(at - text) : 0;
}

int ng_manifest_checksum(const char *text, size_t len, size_t digits, uint64_t *ret_sum)
{
	static const char zeroes[] = "0000000000000000";
	XXH3_state_t *state = XXH3_createState();

	if (!state)
		return -ENOMEM;
	XXH3_64bits_reset(state);
	XXH3_64bits_update(state, text, digits);
	XXH3_64bits_update(state, zeroes, NG_MANIFEST_DIGITS);
	XXH3_64bits_update(state, text + digits + NG_MANIFEST_DIGITS,
			   len - digits - NG_MANIFEST_DIGITS);
	*ret_sum = XXH3_64bits_digest(state);
	XXH3_freeState(state);
	return 0;
}

/* Write the checksum into a text that has zeroes in its place. */
static int checksum_put(char *text)
{
	size_t digits = ng_manifest_checksum_find(text);
	char hex[NG_MANIFEST_DIGITS + 1];
	uint64_t sum;
	int r = ng_manifest_checksum(text, strlen(text), digits, &sum);

	if (r == 0) {
		snprintf(hex, sizeof(hex), "%016" PRIx64, sum);
		memcpy(text + digits, hex, NG_MANIFEST_DIGITS);
	}
	return r;
}

static int put_options(const struct ng_manifest *manifest, json_t *root)
{
	json_t *options;

	if (!manifest->n_options)
		return 0;
	options = json_array();
	for (size_t i = 0; i < manifest->n_options; i++)
		if (json_array_append_new(options, json_string(manifest->options[i])) < 0) {
			json_decref(options);
			return -ENOMEM;
		}
	return json_object_set_new(root, NG_MANIFEST_OPTIONS_FIELD, options) < 0 ? -ENOMEM : 0;
}

unsigned ng_manifest_features(const struct ng_manifest *manifest)
{
	unsigned features = 0;

	for (size_t i = 0; i < manifest->n_shards; i++) {
		const struct ng_manifest_shard *shard = &manifest->shards[i];
		const char *removed = shard->removed.file;

		if (ng_shard_path_outside(shard->file) ||
		    (removed && ng_shard_path_outside(removed)))
			features |= 1u << NG_MANIFEST_OUTSIDE;
		if (removed)
			features |= 1u << NG_MANIFEST_REMOVED;
	}
	return features;
}

/* An index that needs none can be read by programs that know of none. */
static int put_requires(const struct ng_manifest *manifest, json_t *root)
{
	unsigned features = ng_manifest_features(manifest);
	json_t *array;

	if (!features)
		return 0;
	array = json_array();
	for (unsigned i = 0; i < NG_MANIFEST_FEATURES; i++)
		if (features & 1u << i &&
		    json_array_append_new(array, json_string(ng_manifest_feature_names[i])) < 0) {
			json_decref(array);
			return -ENOMEM;
		}
	return json_object_set_new(root, "requires", array) < 0 ? -ENOMEM : 0;
}

/* What a manifest says of a file of the index. NULL without memory. */
static json_t *file_json(const char *file, uint64_t docs, uint64_t text_bytes, uint64_t file_bytes,
			 uint64_t checksum)
{
	char hex[NG_MANIFEST_DIGITS + 1];

	snprintf(hex, sizeof(hex), "%016" PRIx64, checksum);
	return json_pack("{s:s, s:I, s:I, s:I, s:s}", "file", file, "docs", (json_int_t)docs,
			 "text_bytes", (json_int_t)text_bytes, "file_bytes", (json_int_t)file_bytes,
			 "checksum", hex);
}

static json_t *shard_json(const struct ng_manifest_shard *s)
{
	const struct ng_manifest_removed *r = &s->removed;
	json_t *json = file_json(s->file, s->docs, s->text_bytes, s->file_bytes, s->checksum);
	json_t *removed;

	if (!json || !r->file)
		return json;
	removed = file_json(r->file, r->docs, r->text_bytes, r->file_bytes, r->checksum);
	if (json_object_set_new(removed, "held", json_integer((json_int_t)r->held)) < 0) {
		json_decref(removed);
		removed = NULL;
	}
	if (json_object_set_new(json, "removed", removed) < 0) {
		json_decref(json);
		return NULL;
	}
	return json;
}

int ng_manifest_format(const struct ng_manifest *manifest, char **ret_text)
{
	ng_cleanup(ng_json_decrefp) json_t *root = NULL;
	ng_cleanup(ng_freep) char *text = NULL;
	char *longer;
	size_t len;
	int r;

	root = json_pack("{s:s, s:I, s:s, s:I, s:b, s:[]}", "format", NG_MANIFEST_FORMAT_NAME,
			 "format_version", (json_int_t)manifest->format_version,
			 NG_MANIFEST_CHECKSUM_FIELD, "0000000000000000", "sa_sampling",
			 (json_int_t)manifest->sa_sampling, "text_store", manifest->text_store,
			 "shards");
	if (!root)
		return -ENOMEM;
	r = put_requires(manifest, root);
	if (r == 0)
		r = put_options(manifest, root);
	if (r < 0)
		return r;
	for (size_t i = 0; i < manifest->n_shards; i++) {
		const struct ng_manifest_shard *s = &manifest->shards[i];

		if (!shard_ok(s))
			return -EINVAL;
		if (json_array_append_new(json_object_get(root, "shards"), shard_json(s)) < 0)
			return -ENOMEM;
	}
	r = ng_json_dump(root, JSON_INDENT(2), &text);
	if (r < 0)
		return r;
	len = strlen(text);
	longer = realloc(text, len + 2);
	if (!longer)
		return -ENOMEM;
	text = longer;
	memcpy(text + len, "\n", 2);
	r = checksum_put(text);
	if (r == 0)
		*ret_text = ng_steal_ptr(&text);
	return r;
}
