/* SPDX-License-Identifier: Apache-2.0 */
/* The file of rejected input (--skip-bad), and the list of what was passed over (--list-passed).
 * One record a line:
 *
 *   FILE:LINE: REASON<TAB>THE LINE   a line that is no document, byte for byte as it was
 *   FILE: REASON                     a file that could not be read, or not to its end
 *
 * Names and reasons hold no TAB and no newline (they are printable, see printable.h), and a line of
 * input no newline (in an object of JSON that goes over several, each is a blank here); so
 * `cut -s -f 2-` gives back exactly the rejected lines. */
#pragma once

#include "base/base.h"

/* Write a record; what ("FILE:LINE: REASON" or "FILE: REASON") is made printable here; line may be
 * NULL. A negative errno, with err set, when the file cannot be written. */
int ng_reject_write(FILE *file, const char *what, const uint8_t *line, size_t len,
		    struct ng_error *err);

/* The same in pieces, for a line that is longer than memory: its message, then any number of pieces
 * of the line, then the end, which reports errors of all three. */
void ng_reject_begin(FILE *file, const char *what);
void ng_reject_piece(FILE *file, const uint8_t *data, size_t len);
int ng_reject_end(FILE *file, struct ng_error *err);
