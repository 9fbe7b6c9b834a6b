/* SPDX-License-Identifier: Apache-2.0 */
/* Text of others on terminals and in logs: names of files and members of archives, fields of an
 * index from a stranger. It must not move a cursor, hide what follows, or begin a line of its own.
 *
 * What is no character of UTF-8, control characters (C0, DEL, C1), separators of lines, and
 * characters that aren't seen or turn the direction of what follows stand as \xNN, a byte each; so
 * $'...' of the shell gives the name back. A backslash stands for itself, and printable text is not
 * changed by being made so again. */
#pragma once

#include "base/base.h"

/* Room for a name in a message, with something left for what the message says of it. */
#define NG_PRINTABLE_NAME_BYTES 768

/* Make text[0..len-1] printable. What doesn't fit into size bytes, 16 at least, loses its middle,
 * where "..." stands then: both ends of a message matter. Ends with NUL. O(len). */
void ng_printable(const char *text, size_t len, char *ret, size_t size);

/* Format one line, without a newline at its end, and make it printable in the same way. */
void ng_printable_vformat(char *ret, size_t size, const char *fmt, va_list ap)
	__attribute__((__format__(printf, 3, 0)));

/* Write text, made printable; of any length. Errors are those of the stream. */
void ng_printable_write(FILE *out, const char *text);

/* Say one line, for a person: formatted, made printable, and written with its newline at once. */
void ng_say(FILE *out, const char *fmt, ...) __attribute__((__format__(printf, 2, 3)));
