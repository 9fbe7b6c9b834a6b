/* SPDX-License-Identifier: Apache-2.0 */
/* What to say about an object without the field of the text: which field could be meant. */
#pragma once

#include "base/base.h"

/* Write into err that there is no field of that name (an argument of --text-field), and the fields
 * of the object line[0..len-1], which must be JSON, that are strings: the longest first, as
 * arguments of --text-field. Strings in objects within objects are among them, and those in the
 * first element of an array. Always returns -ENOMSG. O(len). */
int ng_json_hint(const uint8_t *line, size_t len, const char *name, struct ng_error *err);
