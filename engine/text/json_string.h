/* SPDX-License-Identifier: Apache-2.0 */
/* JSON string literals, read (base/json.h writes them). This is the hot path of a build: nearly all
 * of a corpus in JSONL is the string literals that hold its documents. */
#pragma once

#include "base/base.h"
#include "base/buf.h"

/* Decode the literal whose first byte after the opening quote is line[*pos]; on success *pos is
 * the byte after the closing quote. The text replaces what was in ret_text. \u0000 is a NUL byte.
 * Half a surrogate pair and invalid UTF-8 are refused, or become U+FFFD when replace is set: one
 * for each escape, and for each longest piece of bytes that could have begun a character. Returns
 * 0, -ENOMEM, or -EBADMSG with the reason (and the byte of the line, from 1) in err: also for no
 * closing quote, an unescaped control character, a bad escape. O(length); room for the rest of the
 * line is reserved, but only touched as needed. */
int ng_json_string_decode(const uint8_t *line, size_t len, size_t *pos, bool replace,
			  struct ng_buf *ret_text, struct ng_error *err);

/* The same literal as it is, checked, with its quotes, appended to buf: escapes stay, those of half
 * a surrogate pair as well. Bytes that are no UTF-8 are refused or replaced. */
int ng_json_string_copy(const uint8_t *line, size_t len, size_t *pos, bool replace,
			struct ng_buf *buf, struct ng_error *err);
