/* JSON string literals, read (base/json.h writes them). This is the hot path of a build: nearly all
 * of a corpus in JSONL is the string literals that hold its documents. */
#pragma once

#include "base/base.h"
#include "base/buf.h"

/* Decode the literal whose first byte after the opening quote is line[*pos]; on success *pos is
 * the byte after the closing quote. The text replaces what was in ret_text. \u0000 is a NUL byte.
 * Returns 0, -ENOMEM, or -EBADMSG with the reason (and the byte of the line, from 1) in err: no
 * closing quote, an unescaped control character, a bad escape, half a surrogate pair, invalid
 * UTF-8. O(length); room for the rest of the line is reserved, but only touched as needed. */
int ng_json_string_decode(const uint8_t *line, size_t len, size_t *pos, struct ng_buf *ret_text,
			  struct ng_error *err);
