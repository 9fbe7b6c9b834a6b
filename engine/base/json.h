/* SPDX-License-Identifier: Apache-2.0 */
/* JSON strings out of any bytes, and JSON in. */
#pragma once

#include <jansson.h>

#include "base/buf.h"

/* Append bytes as a JSON string with its quotes. What isn't UTF-8 becomes U+FFFD, one for each
 * longest piece that could have begun a character (as the Unicode standard recommends). -ENOMEM. */
int ng_json_string(struct ng_buf *buf, const uint8_t *bytes, size_t len);

/* The same, but for names of files: bytes that are no valid UTF-8 become U+FFFD, one each. */
int ng_json_name(struct ng_buf *buf, const char *name, size_t len);

/* What a text of JSON holds, with the flags and the error of jansson, which isn't to be asked
 * itself: it doesn't get by without memory. Returns 0, -ENOMEM, or -EPROTO with ret_why set. */
int ng_json_load(const char *text, size_t len, size_t flags, json_t **ret_json,
		 json_error_t *ret_why);

/* The text of a value, with jansson's flags; the caller frees it. -ENOMEM. */
int ng_json_dump(const json_t *json, size_t flags, char **ret_text);

/* The number that the four hexadecimal digits of an escape at p say. -EBADMSG: [p, end) begins with
 * none. */
int ng_json_hex4(const uint8_t *p, const uint8_t *end, uint32_t *ret);
