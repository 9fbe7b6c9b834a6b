/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer entry point: a line of a batch from a stranger, with escapes and without. */
#include "fuzz.h"
#include "files/batch.h"

static void require(bool holds)
{
	if (!holds)
		abort();
}

static int digit(uint8_t c)
{
	const char *digits = "0123456789abcdef0123456789ABCDEF", *at = strchr(digits, c);

	return c && at ? (int)(at - digits) % 16 : -1;
}

/* Whether query is what the line means: each byte of it, in order, and nothing behind. */
static bool means(const uint8_t *line, size_t len, bool escaped, const uint8_t *query, size_t n)
{
	size_t at = 0, i = 0;

	while (at < len && i < n) {
		if (escaped && line[at] == '%') {
			if (digit(line[at + 1]) * 16 + digit(line[at + 2]) != query[i])
				return false;
			at += 2;
		} else if (line[at] != query[i]) {
			return false;
		}
		at++;
		i++;
	}
	return at == len && i == n;
}

static bool has_bad_escape(const uint8_t *line, size_t len)
{
	for (size_t at = 0; at < len; at++) {
		if (line[at] != '%')
			continue;
		if (len - at < 3 || digit(line[at + 1]) < 0 || digit(line[at + 2]) < 0)
			return true;
		at += 2;
	}
	return false;
}

static void check(const uint8_t *text, size_t len, bool escaped)
{
	const struct ng_asked_line line = {text, len, false}, cut = {text, len, true};
	uint8_t *query ng_cleanup(ng_freep) = malloc(ng_max(len, (size_t)1));
	size_t n = SIZE_MAX;
	const char *why = ng_line_query(&line, escaped, query, &n);

	if (!why) {
		require(n >= 1 && n <= len && text[len - 1] != '\r');
		require(means(text, len, escaped, query, n));
	} else {
		require(n == SIZE_MAX && *why && !strchr(why, '\n') && !strchr(why, '\t'));
		require(len == 0 || text[len - 1] == '\r' || len > NG_BATCH_QUERY_MAX ||
			(escaped && has_bad_escape(text, len)));
	}
	require(ng_line_query(&cut, escaped, query, &n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check(data, size, false);
	check(data, size, true);
	return 0;
}

uint8_t *fuzz_seed(unsigned number, size_t *ret_size)
{
	static const char *const seeds[] = {
		"of the", "a%2Fb", "100%",     "%25%00%ff", "%",  "%zz",
		"a\r",    "%0D",   "%0d%0a\r", " the ",     "%4", "\xe4\xb8%AD",
	};
	uint8_t *seed;

	if (number >= ng_array_size(seeds))
		return NULL;
	*ret_size = strlen(seeds[number]);
	seed = malloc(*ret_size);
	if (seed)
		memcpy(seed, seeds[number], *ret_size);
	return seed;
}
