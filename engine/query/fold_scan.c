#include "query/fold_scan.h"

/* Places that are tried between two looks at the cancel flag. */
#define TOGETHER 4096u

static void begin_add(struct ng_fold_scan *scan, uint8_t byte)
{
	scan->begins[byte / 64] |= UINT64_C(1) << byte % 64;
}

static bool begins(const struct ng_fold_scan *scan, uint8_t byte)
{
	return scan->begins[byte / 64] >> byte % 64 & 1;
}

int ng_fold_scan_make(const uint8_t *pat, size_t len, struct ng_fold_scan *ret_scan)
{
	struct ng_fold_scan scan = {0};
	struct ng_cases *first;

	scan.room = calloc(len, sizeof(*scan.room));
	if (!scan.room)
		return -ENOMEM;
	first = scan.room + len;
	while (len) {
		unsigned most = 0;

		len -= ng_casefold_last(pat, len, --first);
		for (unsigned k = 0; k < first->n; k++)
			most = ng_max(most, first->of[k].len);
		scan.longest += most;
		scan.n++;
	}
	scan.characters = first;
	for (unsigned k = 0; k < first->n; k++)
		begin_add(&scan, first->of[k].bytes[0]);
	*ret_scan = scan;
	return 0;
}

void ng_fold_scan_clear(struct ng_fold_scan *scan)
{
	free(scan->room);
	*scan = (struct ng_fold_scan){0};
}

/* The case of a character that stands at p: its bytes, or 0. No case begins another. */
static size_t case_at(const struct ng_cases *cases, const uint8_t *p, const uint8_t *end)
{
	for (unsigned k = 0; k < cases->n; k++) {
		size_t n = cases->of[k].len;

		if (n <= (size_t)(end - p) && memcmp(p, cases->of[k].bytes, n) == 0)
			return n;
	}
	return 0;
}

static bool stands_at(const struct ng_fold_scan *scan, const uint8_t *p, const uint8_t *end)
{
	for (size_t i = 0; i < scan->n; i++) {
		size_t n = case_at(&scan->characters[i], p, end);

		if (n == 0)
			return false;
		p += n;
	}
	return true;
}

int ng_fold_scan_holds(const struct ng_fold_scan *scan, const uint8_t *text, size_t len,
		       const ng_cancel *cancel)
{
	for (size_t i = 0; i < len; i++) {
		if (i % TOGETHER == 0 && ng_cancelled(cancel))
			return -EINTR;
		if (begins(scan, text[i]) && stands_at(scan, text + i, text + len))
			return 1;
	}
	return 0;
}
