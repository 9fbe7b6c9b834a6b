/* SPDX-License-Identifier: Apache-2.0 */
/* One JSON object, a line of JSONL or longer: the document's text out of one string in it, and
 * everything else as it is.
 *
 * The text is decoded here; all else is checked and copied as it was written, without the white
 * space around it. So metadata comes back digit for digit and escape for escape (integers of any
 * length and 0.10 included), and the text, nearly all of a corpus, passes through no tree of
 * objects.
 *
 * It is JSON as Python's json module writes and reads it: NaN, Infinity and -Infinity are numbers;
 * a string may hold an escape of half a surrogate pair, unless it is the text; a name may stand in
 * an object twice (readers take the last), unless it leads to the text. Refused are what is no JSON
 * object in UTF-8, and more than 2,048 levels. */
#pragma once

#include "base/buf.h"
#include "text/field.h"

#define NG_JSON_LEVELS 2048u

struct ng_jsonl_options {
	const struct ng_field *field; /* of the text */
	bool replace; /* half a surrogate pair in the text, and invalid UTF-8 anywhere, become
		       * U+FFFD instead of an error */
};

/* Parse line[0..len-1] (no newline behind it). The text replaces what is in ret_text; the object
 * without it is appended to ret_meta, compact: without the member that the text is, or, where it
 * stands in an array, with null in its place, so that others keep their numbers. Both may hold
 * anything after an error. Returns 0, -ENOMEM, or with the reason in err
 *   -EBADMSG   the line is no JSON object, or its text no Unicode
 *   -ENOMSG    it is an object without the text's field, or in which it is no string
 *   -ENOTUNIQ  it is an object in which a name that leads to the text stands twice
 * O(len). Thread-safe on different buffers. */
int ng_jsonl_parse(const uint8_t *line, size_t len, const struct ng_jsonl_options *options,
		   struct ng_buf *ret_text, struct ng_buf *ret_meta, struct ng_error *err);

/* Whether that is a JSON object as above, and on one line; it may have one level more, around what
 * was read: 1, 0, or -ENOMEM. O(len). */
int ng_json_is_object(const uint8_t *json, size_t len);
