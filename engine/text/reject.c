/* SPDX-License-Identifier: Apache-2.0 */
#include "text/reject.h"

#include "base/printable.h"

void ng_reject_begin(FILE *file, const char *what)
{
	ng_printable_write(file, what);
	putc('\t', file);
}

void ng_reject_piece(FILE *file, const uint8_t *data, size_t len)
{
	const uint8_t *end = data + len;

	while (data < end) {
		const uint8_t *newline = memchr(data, '\n', (size_t)(end - data));

		fwrite(data, 1, (size_t)((newline ? newline : end) - data), file);
		if (newline)
			putc(' ', file);
		data = newline ? newline + 1 : end;
	}
}

int ng_reject_end(FILE *file, struct ng_error *err)
{
	putc('\n', file);
	if (ferror(file)) {
		int code = errno ? -errno : -EIO;

		return ng_fail(err, code, "cannot write the file of rejected input: %s",
			       strerror(-code));
	}
	return 0;
}

int ng_reject_write(FILE *file, const char *what, const uint8_t *line, size_t len,
		    struct ng_error *err)
{
	if (line) {
		ng_reject_begin(file, what);
		ng_reject_piece(file, line, len);
	} else {
		ng_printable_write(file, what);
	}
	return ng_reject_end(file, err);
}
