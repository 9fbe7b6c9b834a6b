/* SPDX-License-Identifier: Apache-2.0 */
/* What writing a manifest's text and reading it share. */
#pragma once

#include "base/json.h"
#include "format/manifest.h"

#define NG_MANIFEST_FORMAT_NAME "ngramfs"

/* The text's own checksum: its digits stand behind this, once in the text, and count as zeroes. */
#define NG_MANIFEST_CHECKSUM_FIELD "manifest_checksum"
#define NG_MANIFEST_CHECKSUM_KEY   "\"" NG_MANIFEST_CHECKSUM_FIELD "\": \""
#define NG_MANIFEST_DIGITS         16u

#define NG_MANIFEST_OPTIONS_FIELD "x_options"

/* What a manifest may require of its readers: bits of a set, in this order. */
enum ng_manifest_feature {
	NG_MANIFEST_OUTSIDE, /* files are named by paths */
	NG_MANIFEST_REMOVED, /* documents were taken out of shards */
	NG_MANIFEST_FEATURES,
};

extern const char *const ng_manifest_feature_names[NG_MANIFEST_FEATURES];

/* The features that a manifest needs. */
unsigned ng_manifest_features(const struct ng_manifest *manifest);

/* Whether text begins with the digits of a checksum. */
bool ng_manifest_is_hex(const char *text);

/* Offset of the digits of the checksum in a text with a NUL behind it; 0 where they aren't to be
 * found, once. */
size_t ng_manifest_checksum_find(const char *text);

/* The checksum of a text whose digits are at `digits`. -ENOMEM. */
int ng_manifest_checksum(const char *text, size_t len, size_t digits, uint64_t *ret_sum);

static inline void ng_json_decrefp(json_t **json)
{
	json_decref(*json);
}
