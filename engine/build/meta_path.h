/* SPDX-License-Identifier: Apache-2.0 */
/* What a path leads to in a document's metadata, however deep it is. */
#pragma once

#include "text/field.h"

/* Whether the field has the value in json[0..len-1], the metadata of a document as mkngramfs(1)
 * makes it: 1 or 0. It is sought among the document's own fields, in "metadata", and then among the
 * others. A string is compared decoded, anything else as it stands there, and with the strings in
 * it as JSON needs them written. Of a name that stands twice in an object the last one counts.
 * O(len) for each part of the path. -EUCLEAN: it is no JSON object; -ENOMEM. */
int ng_meta_path_is(const uint8_t *json, size_t len, const struct ng_field *field,
		    const char *value);
