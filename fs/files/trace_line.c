/* SPDX-License-Identifier: Apache-2.0 */
#include "files/trace_line.h"

#include "base/json.h"
#include "base/utf8.h"
#include "query/contexts.h"

/* Occurrences looked up at once: most often the first of them are enough. */
#define LOCATE 16u

struct doc {
	struct ng_match match;
	uint64_t number; /* of the occurrence */
};

struct docs {
	struct doc *list; /* [most] */
	size_t n, most;
};

/* Add those of matches, occurrences number `first` and on, that are of another document, while
 * there is room. */
static void add_docs(struct docs *docs, const struct ng_match *matches, size_t n, uint64_t first)
{
	for (size_t i = 0; i < n && docs->n < docs->most; i++) {
		const struct doc found = {matches[i], first + i};
		size_t k = 0;

		while (k < docs->n && docs->list[k].match.doc != found.match.doc)
			k++;
		/* Index order isn't that of the text. */
		if (k == docs->n)
			docs->list[docs->n++] = found;
		else if (found.match.offset < docs->list[k].match.offset)
			docs->list[k] = found;
	}
}

static int find_docs(const struct ng_index *index, const struct ng_maximal *stretch,
		     const ng_cancel *cancel, struct docs *docs)
{
	uint64_t looked = 0, most = ng_max((uint64_t)NG_TRACE_LINE_LOOKED,
					   (uint64_t)docs->most * NG_TRACE_LINE_LOOKED_EACH);
	int r = 0;

	most = ng_min(most, stretch->count);
	while (r == 0 && looked < most && docs->n < docs->most) {
		struct ng_match matches[LOCATE];
		size_t want = (size_t)ng_min(most - looked, (uint64_t)LOCATE), got = 0;

		r = ng_ranges_locate(index, stretch->ranges, looked, want, cancel, matches, &got);
		if (r == 0 && got != want)
			r = -EUCLEAN;
		if (r == 0)
			add_docs(docs, matches, got, looked);
		looked += want;
	}
	return r;
}

/* ---- contexts ---- */

struct contexts {
	uint64_t *numbers;       /* [n], rising */
	struct ng_context *list; /* [n] */
	uint8_t *text;
};

static void contexts_clear(struct contexts *contexts)
{
	free(contexts->numbers);
	free(contexts->list);
	free(contexts->text);
}

static int by_number(const void *pa, const void *pb)
{
	const uint64_t *a = pa, *b = pb;

	return (*a > *b) - (*a < *b);
}

static int contexts_find(const struct ng_index *index, const struct ng_maximal *stretch,
			 const struct docs *docs, uint32_t bytes, const ng_cancel *cancel,
			 struct contexts *ret_contexts)
{
	ng_cleanup(contexts_clear) struct contexts contexts = {
		.numbers = calloc(docs->n, sizeof(*contexts.numbers)),
		.list = calloc(docs->n, sizeof(*contexts.list)),
		.text = malloc(2 * (size_t)bytes * docs->n + 1),
	};
	int r;

	if (!contexts.numbers || !contexts.list || !contexts.text)
		return -ENOMEM;
	for (size_t i = 0; i < docs->n; i++)
		contexts.numbers[i] = docs->list[i].number;
	qsort(contexts.numbers, docs->n, sizeof(*contexts.numbers), by_number);
	r = ng_contexts_at(index, stretch->ranges, docs->n, contexts.numbers, bytes, cancel,
			   contexts.list, contexts.text);
	if (r < 0)
		return r;
	*ret_contexts = contexts;
	contexts = (struct contexts){0};
	return 0;
}

static int append_context(const struct contexts *contexts, size_t n, uint64_t number,
			  uint32_t bytes, struct ng_buf *buf)
{
	const uint64_t *found = bsearch(&number, contexts->numbers, n, sizeof(number), by_number);
	const size_t i = (size_t)(found - contexts->numbers);
	const struct ng_context *context = &contexts->list[i];
	const uint8_t *middle = contexts->text + (2 * i + 1) * bytes;
	size_t before = context->before, after = context->after;
	uint64_t end = context->match.offset + context->bytes;
	int r;

	/* Characters are whole, where there is more. */
	if (context->match.offset > before)
		before -= ng_utf8_tail_bytes(middle - before, before);
	if (context->doc_bytes - end > after)
		after -= ng_utf8_head_bytes(middle, after);
	r = ng_buf_printf(buf, ",\"before\":");
	if (r == 0)
		r = ng_json_string(buf, middle - before, before);
	if (r == 0)
		r = ng_buf_printf(buf, ",\"after\":");
	return r ? r : ng_json_string(buf, middle, after);
}

/* ---- the line ---- */

static int append_docs(const struct ng_trace_line_options *options, const struct docs *docs,
		       const struct ng_maximal *stretch, const struct contexts *contexts,
		       struct ng_buf *buf)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < docs->n; i++) {
		const struct doc *doc = &docs->list[i];

		r = ng_buf_printf(buf, "%s{\"document\":%llu,\"offset\":%llu", i ? "," : "",
				  (unsigned long long)doc->match.doc,
				  (unsigned long long)doc->match.offset);
		if (r == 0 && options->varies)
			r = ng_buf_printf(
				buf, ",\"bytes\":%llu",
				(unsigned long long)ng_ranges_at(stretch->ranges, doc->number)
					->bytes);
		if (r == 0 && options->contexts)
			r = append_context(contexts, docs->n, doc->number, options->context_bytes,
					   buf);
		if (r == 0)
			r = ng_buf_printf(buf, "}");
	}
	return r;
}

static int append_line(const struct ng_trace_line_options *options, const uint8_t *text,
		       const struct ng_maximal *stretch, const struct docs *docs,
		       const struct contexts *contexts, struct ng_buf *buf)
{
	int r = ng_buf_printf(buf, "{\"begin\":%zu,\"end\":%zu,\"text\":", stretch->begin,
			      stretch->end);

	if (r == 0)
		r = ng_json_string(buf, text + stretch->begin, stretch->end - stretch->begin);
	if (r == 0)
		r = ng_buf_printf(buf, ",\"count\":%llu,\"documents\":[",
				  (unsigned long long)stretch->count);
	if (r == 0)
		r = append_docs(options, docs, stretch, contexts, buf);
	return r ? r : ng_buf_printf(buf, "]}\n");
}

int ng_trace_line(const struct ng_index *index, const struct ng_trace_line_options *options,
		  const uint8_t *text, const struct ng_maximal *stretch, const ng_cancel *cancel,
		  struct ng_buf *buf)
{
	ng_cleanup(contexts_clear) struct contexts contexts = {0};
	struct docs docs = {.most = options->docs};
	size_t good = buf->len;
	int r;

	docs.list = calloc(docs.most + 1, sizeof(*docs.list));
	if (!docs.list)
		return -ENOMEM;
	r = find_docs(index, stretch, cancel, &docs);
	if (r == 0 && options->contexts && docs.n)
		r = contexts_find(index, stretch, &docs, options->context_bytes, cancel, &contexts);
	if (r == 0)
		r = append_line(options, text, stretch, &docs, &contexts, buf);
	if (r)
		buf->len = good;
	free(docs.list);
	return r;
}
