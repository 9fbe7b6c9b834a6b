#include "text/detect.h"

#include <strings.h>

#include "text/csv.h"
#include "text/jsonl.h"
#include "text/sniff.h"
#include "text/warc.h"

static bool has_suffix(const char *name, size_t len, const char *suffix)
{
	size_t n = strlen(suffix);

	return len > n && strncasecmp(name + len - n, suffix, n) == 0;
}

/* The name, without what compression adds to it. */
static size_t bare_name_len(const char *name)
{
	static const char *const packed[] = {".gz",  ".bz2", ".xz",   ".zst", ".zstd",
					     ".lz4", ".lz",  ".lzma", ".Z"};
	size_t len = strlen(name);

	for (size_t i = 0; i < ng_array_size(packed); i++)
		if (has_suffix(name, len, packed[i]))
			return len - strlen(packed[i]);
	return len;
}

bool ng_is_blank(const uint8_t *line, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r' && line[i] != '\n')
			return false;
	return true;
}

/* See that the head holds the first line that isn't blank: [*ret_from, *ret_to) of it. Stops short
 * where that line doesn't begin with '{'. */
static int peek_line(struct ng_input *input, uint64_t max_bytes, const struct ng_buf **head,
		     size_t *ret_from, size_t *ret_to, struct ng_error *err)
{
	const struct ng_buf *h = *head;
	size_t from = 0, to = 0;
	int r = 1;

	if (h->len >= 3 && memcmp(h->data, "\xef\xbb\xbf", 3) == 0)
		from = to = 3;
	while (r > 0) {
		const uint8_t *newline;

		while (from < h->len && ng_is_blank(h->data + from, 1))
			from++;
		to = ng_max(to, from);
		if (from < h->len && h->data[from] != '{')
			break;
		newline = to < h->len ? memchr(h->data + to, '\n', h->len - to) : NULL;
		to = newline ? (size_t)(newline - h->data) : h->len;
		if (newline)
			break;
		if (max_bytes && h->len > max_bytes)
			return -EFBIG;
		r = ng_input_peek(input, head, err);
		h = *head;
	}
	*ret_from = from;
	*ret_to = to;
	return r < 0 ? r : 0;
}

static int detect_jsonl(struct ng_input *input, const struct ng_detect_params *params,
			const struct ng_buf *head, bool *ret, struct ng_error *err)
{
	struct ng_buf text ng_cleanup(ng_buf_free) = NG_BUF_INIT;
	struct ng_buf meta ng_cleanup(ng_buf_free) = NG_BUF_INIT;
	size_t name_len = bare_name_len(params->path), from, to;
	int r;

	*ret = has_suffix(params->path, name_len, ".jsonl") ||
	       has_suffix(params->path, name_len, ".ndjson");
	if (*ret || (params->in_tree && !has_suffix(params->path, name_len, ".json")))
		return 0;
	r = peek_line(input, params->max_bytes, &head, &from, &to, err);
	if (r < 0)
		return r;
	if (from == to || head->data[from] != '{')
		return 0;
	r = ng_jsonl_parse(head->data + from, to - from, params->field, &text, &meta, NULL);
	if (r == -ENOMEM)
		return r;
	*ret = r == 0 || (r == -ENOMSG && !params->in_tree);
	return 0;
}

/* By name: most text could be CSV. */
static void detect_csv(const struct ng_detect_params *params, const struct ng_buf *head,
		       struct ng_detected *found)
{
	size_t name_len = bare_name_len(params->path);
	bool csv = has_suffix(params->path, name_len, ".csv");

	if (!csv && !has_suffix(params->path, name_len, ".tsv"))
		return;
	if (params->in_tree &&
	    !ng_csv_has_column(head->data, head->len, csv ? ',' : '\t', params->field)) {
		found->csv_text = !found->binary;
		return;
	}
	*found = (struct ng_detected){.format = csv ? NG_SOURCE_CSV : NG_SOURCE_TSV};
}

/* Tell binary from text; *ret_head is what was looked at. */
static int look(struct ng_input *input, const struct ng_buf **ret_head, struct ng_detected *ret,
		struct ng_error *err)
{
	const struct ng_buf *head;
	int r;

	do {
		r = ng_input_peek(input, &head, err);
		if (r < 0)
			return r;
	} while (r > 0 && head->len < NG_SIGNATURE_HEAD_BYTES);
	*ret = (struct ng_detected){
		.format = NG_SOURCE_TEXT,
		.signature = ng_signature_of(head->data, head->len),
		.binary = ng_sniff_nul(head->data, head->len),
		.empty = !head->len,
	};
	ret->binary |= ret->signature != NULL;
	*ret_head = head;
	return 0;
}

int ng_detect_binary(struct ng_input *input, struct ng_detected *ret, struct ng_error *err)
{
	const struct ng_buf *head;

	return look(input, &head, ret, err);
}

int ng_detect(struct ng_input *input, const struct ng_detect_params *params,
	      struct ng_detected *ret, struct ng_error *err)
{
	struct ng_detected found;
	const struct ng_buf *head;
	bool jsonl;
	int r;

	if (ng_input_is_archive(input)) {
		*ret = (struct ng_detected){.format = NG_SOURCE_TAR};
		return 0;
	}
	r = look(input, &head, &found, err);
	if (r < 0)
		return r;
	/* Whatever its name says: text in UTF-16 is no JSONL. */
	if (!found.signature && ng_warc_begins(head->data, head->len))
		found = (struct ng_detected){.format = NG_SOURCE_WARC};
	else if (!found.signature)
		detect_csv(params, head, &found);
	if (found.signature || found.format != NG_SOURCE_TEXT || found.csv_text) {
		*ret = found;
		return 0;
	}
	r = detect_jsonl(input, params, head, &jsonl, err);
	if (r < 0)
		return r;
	if (jsonl) {
		found.format = NG_SOURCE_JSONL;
		found.binary = false;
	}
	*ret = found;
	return 0;
}
