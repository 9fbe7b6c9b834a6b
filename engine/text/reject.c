#include "text/reject.h"

static bool is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

static size_t put(char c, char *ret)
{
	if (is_control(c))
		return (size_t)sprintf(ret, "\\x%02x", (unsigned char)c);
	*ret = c;
	return 1;
}

void ng_reject_name(const char *name, size_t len, char ret[NG_REJECT_NAME_BYTES])
{
	static const char gap[] = "...";
	const size_t part = (NG_REJECT_NAME_BYTES - sizeof(gap)) / 8; /* each byte as \xNN */
	size_t full = 0, n = 0;

	for (size_t i = 0; i < len; i++)
		full += is_control(name[i]) ? 4 : 1;
	for (size_t i = 0; i < len; i++) {
		if (full >= NG_REJECT_NAME_BYTES && i == part) {
			memcpy(ret + n, gap, sizeof(gap) - 1);
			n += sizeof(gap) - 1;
			i = len - part;
		}
		n += put(name[i], ret + n);
	}
	ret[n] = '\0';
}

static void write_cleansed(FILE *file, const char *what)
{
	char c[8];

	for (; *what; what++)
		fwrite(c, 1, put(*what, c), file);
}

void ng_reject_begin(FILE *file, const char *what)
{
	write_cleansed(file, what);
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
		write_cleansed(file, what);
	}
	return ng_reject_end(file, err);
}
