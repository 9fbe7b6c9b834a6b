/* One line of JSONL: the document's text out of one field, and all other fields as they are.
 *
 * The text is decoded here; everything else is copied as it was written, without the white space
 * around it, and jansson judges it. So metadata comes back digit for digit and escape for escape
 * (integers beyond 64 bits and 0.10 included), and the text, nearly all of a corpus, passes
 * through no tree of objects.
 *
 * Refused: what is no JSON object in UTF-8; half a surrogate pair; a field name twice in one
 * object (readers differ in which they keep, so one would be lost); a number beyond the range of a
 * double; a NUL in the name of a field; more than 2,048 levels. */
#pragma once

#include "base/base.h"
#include "base/buf.h"

/* Parse line[0..len-1] (no newline). field: name of the text's field, decoded. The text replaces
 * what is in ret_text; the object of all other fields is appended to ret_meta, compact. Both may
 * hold anything after an error. Returns 0, -ENOMEM, or with the reason in err
 *   -EBADMSG  the line is no JSON object
 *   -ENOMSG   it is one, but the text's field is missing or no string
 * O(len). Thread-safe on different buffers. */
int ng_jsonl_parse(const uint8_t *line, size_t len, const char *field, struct ng_buf *ret_text,
		   struct ng_buf *ret_meta, struct ng_error *err);
