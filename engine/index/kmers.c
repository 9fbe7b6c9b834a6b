#include "index/kmers.h"

/* For a, and for what follows it (the separator, then each byte): the first such row; and one more,
 * the end. */
#define BOUNDS (256u * NG_SYMBOLS + 1)

int ng_kmers_write(uint64_t (*pairs)[NG_SYMBOLS], uint64_t docs, struct ng_buf *buf)
{
	ng_cleanup(ng_freep) uint64_t *bounds = malloc(BOUNDS * sizeof(*bounds));
	uint64_t row = 1 + docs; /* behind the end of text and the separators */

	if (!bounds)
		return -ENOMEM;
	for (unsigned i = 0; i < BOUNDS - 1; i++) {
		bounds[i] = row;
		row += pairs[i / NG_SYMBOLS][i % NG_SYMBOLS];
	}
	bounds[BOUNDS - 1] = row;
	return ng_ef_encode(bounds, BOUNDS, buf);
}

int ng_kmers_open(const uint8_t *data, size_t bytes, uint64_t rows, struct ng_kmers *ret_kmers)
{
	struct ng_kmers kmers;
	int r = ng_ef_open(data, bytes, &kmers.bounds);

	if (r < 0)
		return r;
	if (kmers.bounds.n != BOUNDS || kmers.bounds.last != rows)
		return -EUCLEAN;
	*ret_kmers = kmers;
	return 0;
}

void ng_kmers_rows(const struct ng_kmers *kmers, uint8_t a, uint8_t b, uint64_t *ret_lo,
		   uint64_t *ret_hi)
{
	uint64_t i = (uint64_t)a * NG_SYMBOLS + b + 1;

	*ret_lo = ng_ef_get(&kmers->bounds, i);
	*ret_hi = ng_ef_get(&kmers->bounds, i + 1);
}
