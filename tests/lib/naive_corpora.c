/* SPDX-License-Identifier: Apache-2.0 */
/* The corpora of naive.h. */
#include "naive.h"

static void *need(void *p)
{
	if (!p) {
		fprintf(stderr, "out of memory\n");
		abort();
	}
	return p;
}

void naive_words(uint64_t *rng, uint8_t *text, size_t len)
{
	for (size_t i = 0; i < len;) {
		uint64_t r = scratch_random(rng);
		/* Word numbers with a frequency that falls with them, and letters out of them. */
		uint64_t id = (r % 4096) * (r >> 20 & 4095) / 4096 >> (r >> 40) % 6;
		uint64_t letters = id;
		size_t n;

		letters = scratch_random(&letters);
		n = 1u + (id > 8) + (id > 40) + (id > 60 ? letters % 7 : 0);
		for (size_t k = 0; k < n && i < len; k++, letters >>= 5)
			text[i++] = (uint8_t)("etaoinshrdlucmfwypvbgkqjxz"[(letters & 31) % 26]);
		if (i < len)
			text[i++] = (r >> 50) % 12 ? ' ' : '\n';
	}
}

static void no_documents(struct naive *c, uint64_t a, uint64_t b)
{
}

static void empty_documents(struct naive *c, uint64_t n, uint64_t b)
{
	for (uint64_t i = 0; i < n; i++)
		naive_add(c, NULL, 0);
}

/* One letter n times. */
static void letter(struct naive *c, uint64_t byte, uint64_t n)
{
	uint8_t *text = need(malloc(n));

	memset(text, (int)byte, n);
	naive_add(c, text, n);
	free(text);
}

static void abcabc(struct naive *c, uint64_t a, uint64_t b)
{
	naive_add(c, "abcabc", 6);
}

static void two_halves(struct naive *c, uint64_t a, uint64_t b)
{
	naive_add(c, "ab", 2);
	naive_add(c, "cd", 2);
}

static void all_bytes(struct naive *c, uint64_t backwards, uint64_t b)
{
	uint8_t text[256];

	for (unsigned i = 0; i < 256; i++)
		text[i] = (uint8_t)(backwards ? 255 - i : i);
	naive_add(c, text, sizeof(text));
}

/* Each document one byte longer than the one before. */
static void prefixes(struct naive *c, uint64_t n, uint64_t letters)
{
	uint8_t text[64];

	for (size_t i = 0; i < n; i++) {
		text[i] = (uint8_t)('a' + i % letters);
		naive_add(c, text, i + 1);
	}
}

static void fibonacci(struct naive *c, uint64_t n, uint64_t b)
{
	uint8_t *text = need(malloc(n));
	size_t before = 1, have = 2;

	memcpy(text, "ab", 2);
	while (have < n) {
		size_t add = ng_min(before, n - have);

		memcpy(text + have, text, add);
		before = have;
		have += add;
	}
	naive_add(c, text, n);
	free(text);
}

/* Every string of `order` letters once: a de Bruijn sequence by the greedy rule, the largest letter
 * that makes a string not seen before. */
static void de_bruijn(struct naive *c, uint64_t letters, uint64_t order)
{
	uint64_t states = 1, state = 0, n = 0;
	uint8_t *text, *seen;

	for (uint64_t i = 0; i < order; i++)
		states *= letters;
	text = need(calloc(states + order, 1));
	seen = need(calloc(states, 1));
	for (uint64_t i = 0; i < order; i++)
		text[n++] = 'a';
	for (seen[0] = 1;;) {
		uint64_t next = letters;

		while (next-- > 0 && seen[(state * letters + next) % states])
			continue;
		if (next >= letters)
			break;
		state = (state * letters + next) % states;
		seen[state] = 1;
		text[n++] = (uint8_t)('a' + next);
	}
	naive_add(c, text, n);
	free(text);
	free(seen);
}

/* n random bytes below `letters`, cut into documents at random; some are empty. */
static void random_documents(struct naive *c, uint64_t letters, uint64_t n)
{
	uint64_t rng = letters * 1000003 + n;
	uint8_t *text = need(malloc(n));
	/* Few letters from 'a' on, many from 0 on. */
	unsigned first = letters <= 26 ? 'a' : 0;

	for (uint64_t i = 0; i < n; i++)
		text[i] = (uint8_t)(first + scratch_random(&rng) % letters);
	for (uint64_t at = 0, len; at < n; at += len) {
		uint64_t r = scratch_random(&rng);

		len = r % 16 ? ng_min(r >> 8 & (r & 64 ? 15 : 511), n - at) : 0;
		naive_add(c, text + at, len);
	}
	free(text);
}

/* What the sorter has to escape: the bytes 0 to 6 in every combination of up to three. */
static void low_combinations(struct naive *c, uint64_t a, uint64_t b)
{
	for (unsigned n = 1; n <= 3; n++) {
		unsigned combinations = n == 1 ? 7 : n == 2 ? 49 : 343;

		for (unsigned i = 0; i < combinations; i++) {
			uint8_t text[3] = {(uint8_t)(i % 7), (uint8_t)(i / 7 % 7),
					   (uint8_t)(i / 49)};

			naive_add(c, text, n);
		}
	}
}

/* Low bytes, their neighbours and 0xff in random order, in documents. */
static void low_random(struct naive *c, uint64_t n, uint64_t seed)
{
	static const uint8_t bytes[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 0xfe, 0xff, 0, 0, 1};
	uint64_t rng = seed;
	uint8_t text[64];

	while (c->n < n) {
		size_t len = scratch_random(&rng) % sizeof(text);

		for (size_t i = 0; i < len; i++)
			text[i] = bytes[scratch_random(&rng) % sizeof(bytes)];
		naive_add(c, text, len);
	}
}

/* Runs of one byte, of lengths from one to some thousands. */
static void runs(struct naive *c, uint64_t n, uint64_t letters)
{
	uint64_t rng = n, at = 0;
	uint8_t *text = need(malloc(n));

	while (at < n) {
		uint64_t r = scratch_random(&rng);
		uint64_t len = ng_min(1 + (r >> 16 & 4095) % (1ull << r % 13), n - at);

		memset(text + at, (int)('a' + (r >> 40) % letters), len);
		at += len;
	}
	naive_add(c, text, n);
	free(text);
}

/* `copies` documents of len bytes, all the same. */
static void identical(struct naive *c, uint64_t copies, uint64_t len)
{
	uint64_t rng = len;
	uint8_t *text = need(malloc(len));

	naive_words(&rng, text, len);
	for (uint64_t i = 0; i < copies; i++)
		naive_add(c, text, len);
	free(text);
}

/* 260,000 bytes three times, in one document or in three. */
static void repeat(struct naive *c, uint64_t docs, uint64_t len)
{
	uint64_t rng = 7;
	uint8_t *text = need(malloc(3 * len));

	naive_words(&rng, text, len);
	memcpy(text + len, text, len);
	memcpy(text + 2 * len, text, len);
	for (uint64_t i = 0; i < docs; i++)
		naive_add(c, text, 3 * len / docs);
	free(text);
}

/* Prose in documents of all sizes. */
static void prose(struct naive *c, uint64_t n, uint64_t largest)
{
	uint64_t rng = n;
	uint8_t *text = need(malloc(largest));

	while (c->n < n) {
		size_t len = scratch_random(&rng) % largest;

		len = ng_min(len, n - c->n);
		naive_words(&rng, text, len);
		naive_add(c, text, len);
	}
	free(text);
}

/* Random bytes: nothing to compress, so that a block holds few cells. */
static void noise(struct naive *c, uint64_t n, uint64_t b)
{
	uint64_t rng = n;
	uint8_t *text = need(malloc(n + 8));

	for (uint64_t i = 0; i < n; i += 8)
		ng_store64(text + i, scratch_random(&rng));
	naive_add(c, text, n);
	free(text);
}

struct maker {
	const char *name;
	void (*make)(struct naive *corpus, uint64_t a, uint64_t b);
	uint64_t a, b;
};

static const struct maker small[] = {
	{"no documents", no_documents, 0, 0},
	{"one empty document", empty_documents, 1, 0},
	{"70 empty documents", empty_documents, 70, 0},
	{"one byte", letter, 'a', 1},
	{"one NUL", letter, 0, 1},
	{"one 0xff", letter, 0xff, 1},
	{"one letter 100 times", letter, 'a', 100},
	{"NUL 100 times", letter, 0, 100},
	{"0xff 64 times", letter, 0xff, 64},
	{"abcabc", abcabc, 0, 0},
	{"ab, cd", two_halves, 0, 0},
	{"all bytes", all_bytes, 0, 0},
	{"all bytes backwards", all_bytes, 1, 0},
	{"prefixes of aaa", prefixes, 60, 1},
	{"prefixes of abc", prefixes, 50, 3},
	{"fibonacci", fibonacci, 1597, 0},
	{"de bruijn 2", de_bruijn, 2, 10},
	{"de bruijn 4", de_bruijn, 4, 5},
	{"random of 1", random_documents, 1, 1000},
	{"random of 2", random_documents, 2, 2000},
	{"random of 4", random_documents, 4, 2000},
	{"random of 26", random_documents, 26, 2000},
	{"random of 256", random_documents, 256, 3000},
	{"low bytes combined", low_combinations, 0, 0},
	{"low bytes at random", low_random, 2000, 1},
	{"runs", runs, 3000, 3},
	{"40 times 63 bytes", identical, 40, 63},
	{"30 times 64 bytes", identical, 30, 64},
	{"prose", prose, 3000, 500},
};

static const struct maker large[] = {
	{"5,000 empty documents", empty_documents, 5000, 0},
	{"one letter 300,000 times", letter, 'a', 300000},
	{"long fibonacci", fibonacci, 300000, 0},
	{"long runs", runs, 400000, 20},
	{"a repeat in one document", repeat, 1, 260000},
	{"a repeat in three documents", repeat, 3, 260000},
	{"1,000 times 1,000 bytes", identical, 1000, 1000},
	{"1,000 times 1,023 bytes", identical, 1000, 1023},
	{"1,500 times 64 bytes", identical, 1500, 64},
	{"many random of 2", random_documents, 2, 200000},
	{"many random of 256", random_documents, 256, 200000},
	{"many low bytes", low_random, 200000, 2},
};

static const struct maker huge[] = {
	{"noise", noise, 3000000, 0},
	{"prose of three superblocks", prose, 8700000, 100000},
};

bool naive_make(enum naive_size size, size_t i, struct naive *ret_corpus)
{
	static const struct {
		const struct maker *makers;
		size_t n;
	} sizes[] = {
		[NAIVE_SMALL] = {small, ng_array_size(small)},
		[NAIVE_LARGE] = {large, ng_array_size(large)},
		[NAIVE_HUGE] = {huge, ng_array_size(huge)},
	};
	const bool brief = getenv("NG_TEST_BRIEF");
	const size_t at = brief && size == NAIVE_LARGE ? 2 * i : i;
	const struct maker *maker = &sizes[size].makers[at];

	if (at >= sizes[size].n || (size == NAIVE_HUGE && brief))
		return false;
	*ret_corpus = (struct naive){.name = maker->name};
	maker->make(ret_corpus, maker->a, maker->b);
	return true;
}
