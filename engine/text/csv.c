/* SPDX-License-Identifier: Apache-2.0 */
#include "text/csv.h"

#include <inttypes.h>

#include "base/json.h"
#include "base/printable.h"

#define COLUMNS_MAX 65536u
#define KEEP_BYTES  (16u << 20) /* of a record's memory, between records */

enum state {
	AT_FIELD,   /* nothing of it is read */
	PLAIN,      /* in a field without quotes */
	AT_CR,      /* behind a CR in one, which may end the line */
	QUOTED,     /* in a field with quotes */
	QUOTE_SEEN, /* behind a quote in one: its end, or the first of two */
	CLOSED,     /* behind its end, and a CR or bytes that shouldn't be there */
};

/* A record: its fields one after the other in bytes, and where each ends. */
struct record {
	struct ng_buf bytes, ends; /* ends: of size_t */
	size_t n;                  /* fields */
	size_t n_max;              /* of them kept; more are counted only */
	bool blank;                /* an empty line */
};

struct ng_csv {
	struct ng_csv_params params;
	struct ng_feed feed;
	uint64_t line;        /* at which the feed is, */
	uint64_t record_line; /* and the record began */
	uint64_t blank_lines;
	bool begun, ended; /* the header was read; nothing more is given */
	struct record header, record;
	size_t column; /* of the text */
};

/* ---- records ---- */

static int field_end(struct record *record)
{
	if (record->n++ >= record->n_max)
		return 0;
	return ng_buf_append(&record->ends, &record->bytes.len, sizeof(record->bytes.len));
}

static const uint8_t *field_of(const struct record *record, size_t i, size_t *ret_len)
{
	size_t from = 0, to;

	if (i)
		memcpy(&from, record->ends.data + (i - 1) * sizeof(from), sizeof(from));
	memcpy(&to, record->ends.data + i * sizeof(to), sizeof(to));
	*ret_len = to - from;
	return to ? record->bytes.data + from : (const uint8_t *)"";
}

/* Bytes from p on that are nothing but content. */
static size_t run_of(const uint8_t *p, const uint8_t *end, enum state state, char separator)
{
	const uint8_t *q = p;

	if (state == QUOTED) {
		while (q < end && *q != '"' && *q != '\n')
			q++;
	} else {
		while (q < end && *q != (uint8_t)separator && *q != '\n' && *q != '\r')
			q++;
	}
	return (size_t)(q - p);
}

struct parser {
	struct ng_csv *csv;
	struct record *record;
	enum state state;
	bool junk; /* bytes behind a closing quote */
	bool done; /* the record's line has ended */
};

static int put(struct parser *p, const void *data, size_t len)
{
	uint64_t max = p->csv->params.max_bytes;

	if (max && len > max - ng_min(max, (uint64_t)p->record->bytes.len))
		return -EFBIG;
	return ng_buf_append(&p->record->bytes, data, len);
}

static int end_field(struct parser *p, bool end_of_line)
{
	p->record->blank = end_of_line && !p->record->n && !p->record->bytes.len &&
			   (p->state == AT_FIELD || p->state == AT_CR);
	p->state = AT_FIELD;
	p->done = end_of_line;
	return field_end(p->record);
}

/* One byte that isn't plain content, or the first of a field. */
static int special(struct parser *p, uint8_t c)
{
	int r;

	if (p->state == AT_CR && c != '\n') {
		/* It was content after all. */
		p->state = PLAIN;
		r = put(p, "\r", 1);
		if (r < 0)
			return r;
	}
	if (p->state == QUOTED) {
		p->csv->line += c == '\n';
		if (c != '"')
			return put(p, &c, 1);
		p->state = QUOTE_SEEN;
		return 0;
	}
	if (p->state == QUOTE_SEEN && c == '"') {
		p->state = QUOTED;
		return put(p, &c, 1);
	}
	if (p->state == AT_FIELD && c == '"') {
		p->state = QUOTED;
		return 0;
	}
	if (c == (uint8_t)p->csv->params.separator)
		return end_field(p, false);
	if (c == '\n') {
		p->csv->line++;
		return end_field(p, true);
	}
	if (p->state == QUOTE_SEEN || p->state == CLOSED) {
		/* A CR before the line's end is fine, anything else is told when it's reached. */
		p->junk |= c != '\r' || p->state == CLOSED;
		p->state = CLOSED;
		return 0;
	}
	if (c == '\r') {
		p->state = AT_CR;
		return 0;
	}
	p->state = PLAIN;
	return put(p, &c, 1);
}

static int piece(struct parser *p)
{
	struct ng_feed *feed = &p->csv->feed;
	const uint8_t *data = feed->data, *end = data + feed->len;
	int r = 0;

	while (r == 0 && !p->done && data < end) {
		size_t n = p->state == PLAIN || p->state == QUOTED
				   ? run_of(data, end, p->state, p->csv->params.separator)
				   : 0;

		if (n)
			r = put(p, data, n);
		else
			r = special(p, *data);
		data += ng_max(n, (size_t)1);
	}
	ng_feed_take(feed, (size_t)(data - feed->data));
	return r;
}

/* Read a record, empty lines too: 1, 0 at the end. */
static int read_record(struct ng_csv *csv, struct record *record, struct ng_error *why,
		       struct ng_error *err)
{
	struct parser p = {.csv = csv, .record = record};
	int r;

	record->bytes.len = record->ends.len = record->n = 0;
	if (record->bytes.cap > KEEP_BYTES)
		ng_buf_free(&record->bytes);
	csv->record_line = csv->line;
	while (!p.done) {
		r = ng_feed_look(&csv->feed, 1, err);
		if (r < 0)
			return r;
		if (!csv->feed.len) {
			if (p.state == AT_FIELD && !record->n)
				return 0;
			if (p.state == QUOTED) {
				csv->ended = true;
				return ng_fail(
					why, -EBADMSG,
					"a quote is opened in this record, and the file ends "
					"before it is closed");
			}
			r = end_field(&p, true);
		} else {
			r = piece(&p);
		}
		if (r < 0) {
			csv->ended = true;
			return r;
		}
	}
	if (p.junk)
		return ng_fail(why, -EBADMSG,
			       "bytes behind the quote that closes a field (a quote within quotes "
			       "is written twice)");
	return 1;
}

/* ---- the header ---- */

static bool is_column(const struct record *header, size_t i, const uint8_t *name, size_t len)
{
	size_t n;
	const uint8_t *column = field_of(header, i, &n);

	return n == len && memcmp(column, name, n) == 0;
}

/* The column of a name; n: there is none. */
static size_t find_column(const struct record *header, const uint8_t *name, size_t len)
{
	size_t i = 0;

	while (i < header->n && !is_column(header, i, name, len))
		i++;
	return i;
}

/* No column is that of the text: say which there are. */
static int fail_column(const struct ng_csv *csv, struct ng_error *why)
{
	struct ng_buf names ng_cleanup(ng_buf_free) = NG_BUF_INIT;
	char shown[NG_PRINTABLE_NAME_BYTES];
	int r = 0;

	for (size_t i = 0; r == 0 && i < csv->header.n && names.len < 500; i++) {
		size_t len;
		const uint8_t *name = field_of(&csv->header, i, &len);

		ng_printable((const char *)name, len, shown, sizeof(shown));
		r = ng_buf_printf(&names, "%s%.100s", i ? ", " : "", shown);
	}
	if (r < 0)
		return r;
	return ng_fail(why, -EBADMSG,
		       "no column \"%s\"; its columns are %.*s (--text-field names the one with "
		       "the text, --format=text takes the file as one document)",
		       csv->params.field, (int)names.len, (const char *)names.data);
}

static int read_header(struct ng_csv *csv, struct ng_error *why, struct ng_error *err)
{
	const char *field = csv->params.field;
	int r = ng_feed_look(&csv->feed, 3, err);

	if (r < 0)
		return r;
	if (csv->feed.len >= 3 && memcmp(csv->feed.data, "\xef\xbb\xbf", 3) == 0)
		ng_feed_take(&csv->feed, 3);
	do {
		r = read_record(csv, &csv->header, why, err);
		if (r <= 0)
			return r;
		csv->blank_lines += csv->header.blank;
	} while (csv->header.blank);
	if (csv->header.n > COLUMNS_MAX)
		return ng_fail(why, -EBADMSG, "a header of %zu columns, more than %u",
			       csv->header.n, COLUMNS_MAX);
	csv->record.n_max = csv->header.n;
	csv->column = find_column(&csv->header, (const uint8_t *)field, strlen(field));
	if (csv->column == csv->header.n)
		return fail_column(csv, why);
	for (size_t i = 0; i < csv->header.n; i++) {
		size_t len;
		const uint8_t *name = field_of(&csv->header, i, &len);

		if (len && memchr(name, 0, len))
			return ng_fail(why, -EBADMSG, "a NUL in the name of column %zu", i + 1);
		if (find_column(&csv->header, name, len) < i) {
			char shown[NG_PRINTABLE_NAME_BYTES];

			ng_printable((const char *)name, len, shown, sizeof(shown));
			return ng_fail(why, -EBADMSG, "two columns are named \"%.200s\"", shown);
		}
	}
	return 1;
}

int ng_csv_has_column(const uint8_t *head, size_t len, char separator, const char *field)
{
	struct ng_csv csv = {
		.params = {.separator = separator},
		.feed = {.data = head, .len = len, .ended = true},
		.header = {.n_max = COLUMNS_MAX},
	};
	int r;

	if (len >= 3 && memcmp(head, "\xef\xbb\xbf", 3) == 0)
		ng_feed_take(&csv.feed, 3);
	do
		r = read_record(&csv, &csv.header, NULL, NULL);
	while (r > 0 && csv.header.blank);
	if (r != -ENOMEM)
		r = r > 0 && csv.header.n <= COLUMNS_MAX &&
		    find_column(&csv.header, (const uint8_t *)field, strlen(field)) < csv.header.n;
	ng_buf_free(&csv.header.bytes);
	ng_buf_free(&csv.header.ends);
	return r;
}

/* ---- documents ---- */

int ng_csv_new(const struct ng_csv_params *params, struct ng_csv **ret_csv)
{
	struct ng_csv *csv = calloc(1, sizeof(*csv));

	if (!csv)
		return -ENOMEM;
	csv->params = *params;
	csv->feed = (struct ng_feed){.next = params->next, .userdata = params->userdata};
	csv->line = 1;
	csv->header.n_max = COLUMNS_MAX;
	*ret_csv = csv;
	return 0;
}

struct ng_csv *ng_csv_free(struct ng_csv *csv)
{
	if (!csv)
		return NULL;
	ng_feed_free(&csv->feed);
	ng_buf_free(&csv->header.bytes);
	ng_buf_free(&csv->header.ends);
	ng_buf_free(&csv->record.bytes);
	ng_buf_free(&csv->record.ends);
	free(csv);
	return NULL;
}

static int append_meta(const struct ng_csv *csv, struct ng_buf *meta)
{
	const char *before = "{";
	int r = 0;

	for (size_t i = 0; r == 0 && i < csv->header.n; i++) {
		size_t name_len, len;
		const uint8_t *name = field_of(&csv->header, i, &name_len);
		const uint8_t *value = field_of(&csv->record, i, &len);

		if (i == csv->column)
			continue;
		r = ng_buf_append(meta, before, 1);
		if (r == 0)
			r = ng_json_string(meta, name, name_len);
		if (r == 0)
			r = ng_buf_append(meta, ":", 1);
		if (r == 0)
			r = ng_json_string(meta, value, len);
		before = ",";
	}
	return r < 0 ? r : ng_buf_append(meta, *before == ',' ? "}" : "{}", *before == ',' ? 1 : 2);
}

int ng_csv_next(struct ng_csv *csv, const uint8_t **ret_text, size_t *ret_len, struct ng_buf *meta,
		struct ng_error *why, struct ng_error *err)
{
	int r;

	if (csv->ended)
		return 0;
	if (!csv->begun) {
		csv->begun = true;
		r = read_header(csv, why, err);
		csv->ended = r <= 0;
		if (r <= 0)
			return r;
	}
	do {
		r = read_record(csv, &csv->record, why, err);
		if (r <= 0)
			return r;
		csv->blank_lines += csv->record.blank;
	} while (csv->record.blank);
	if (csv->record.n != csv->header.n)
		return ng_fail(why, -EBADMSG, "%zu fields, where the header has %zu", csv->record.n,
			       csv->header.n);
	*ret_text = field_of(&csv->record, csv->column, ret_len);
	r = append_meta(csv, meta);
	return r < 0 ? r : 1;
}

uint64_t ng_csv_line(const struct ng_csv *csv)
{
	return csv->record_line;
}

uint64_t ng_csv_blank_lines(const struct ng_csv *csv)
{
	return csv->blank_lines;
}
