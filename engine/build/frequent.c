#include "build/frequent.h"

struct finder {
	const uint8_t *text;
	const int32_t *sa;
	uint64_t min_count;
	struct ng_kmer *kmers;
	size_t n, cap;
	uint8_t path[NG_KMER_MAX_BYTES];
};

static int add(struct finder *f, unsigned len, uint64_t begin, uint64_t end)
{
	struct ng_kmer *kmer;

	if (f->n == f->cap) {
		size_t cap = 2 * f->cap + 1024;
		struct ng_kmer *grown = reallocarray(f->kmers, cap, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		f->kmers = grown;
		f->cap = cap;
	}
	kmer = &f->kmers[f->n++];
	*kmer = (struct ng_kmer){.len = len, .row = begin, .count = end - begin};
	for (unsigned i = 0; i < len; i++)
		kmer->last[i] = f->path[len - 1 - i];
	return 0;
}

/* The byte at depth of suffix i; its pattern holds no separator, and the text ends with one, so
 * that there is one. */
static uint8_t byte_at(const struct finder *f, uint64_t i, unsigned depth)
{
	return f->text[(uint64_t)f->sa[i] + depth];
}

/* The end of the suffixes from begin on that have the same byte at depth: galloping, then binary
 * search. */
static uint64_t same_end(const struct finder *f, uint64_t begin, uint64_t end, unsigned depth)
{
	uint8_t byte = byte_at(f, begin, depth);
	uint64_t step = 1, lo = begin, hi;

	while (lo + step < end && byte_at(f, lo + step, depth) == byte) {
		lo += step;
		step *= 2;
	}
	hi = ng_min(lo + step, end);
	while (hi - lo > 1) {
		uint64_t middle = lo + (hi - lo) / 2;

		if (byte_at(f, middle, depth) == byte)
			lo = middle;
		else
			hi = middle;
	}
	return hi;
}

/* The frequent patterns that extend the one of suffixes [begin, end). */
static int extend(struct finder *f, uint64_t begin, uint64_t end, unsigned depth)
{
	int r = 0;

	for (uint64_t at = begin, next; r == 0 && at < end; at = next) {
		next = same_end(f, at, end, depth);
		f->path[depth] = byte_at(f, at, depth);
		if (f->path[depth] == 0 || (depth > 0 && next - at < f->min_count))
			continue;
		r = add(f, depth + 1, at, next);
		if (r == 0 && depth + 1 < NG_KMER_MAX_BYTES && next - at >= f->min_count)
			r = extend(f, at, next, depth + 1);
	}
	return r;
}

int ng_frequent_find(const uint8_t *text, const int32_t *sa, uint64_t n, uint64_t min_count,
		     struct ng_kmer **ret_kmers, size_t *ret_n)
{
	struct finder f = {.text = text, .sa = sa, .min_count = min_count};
	int r = extend(&f, 0, n, 0);

	if (r < 0) {
		free(f.kmers);
		return r;
	}
	*ret_kmers = f.kmers;
	*ret_n = f.n;
	return 0;
}
