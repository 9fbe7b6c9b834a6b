/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the JSON of a document's metadata, value by value, whatever its numbers, escapes and
 * depth: what other readers refuse of it (see mkngramfs(1), METADATA) is read here. */
#pragma once

#include "base/buf.h"

/* A place in the JSON. What is read was checked when it was written, but may come from a stranger:
 * nothing is read beyond end, and what is no JSON is -EUCLEAN where that shows. */
struct ng_meta_place {
	const uint8_t *at, *end;
};

/* Over white space. */
void ng_meta_skip_space(struct ng_meta_place *p);

/* Over white space, and over c, if that is next: whether it is. */
bool ng_meta_take(struct ng_meta_place *p, uint8_t c);

/* Over white space and a string literal, which is decoded and appended to buf; half a surrogate
 * pair is U+FFFD. -EUCLEAN, -ENOMEM. */
int ng_meta_string(struct ng_meta_place *p, struct ng_buf *buf);

/* Over an array or an object, which begins here. -EUCLEAN. */
int ng_meta_skip_nested(struct ng_meta_place *p);

/* Over a number, or one of JSON's words, which begins here. */
void ng_meta_skip_word(struct ng_meta_place *p);
