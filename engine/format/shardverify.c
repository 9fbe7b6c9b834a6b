#include "format/shardlayout.h"

#include <sys/mman.h>
#include <xxhash.h>

/* What is known of a chunk. */
enum {
	CHUNK_BAD = 1,       /* it differs from its sum */
	CHUNK_EXPLAINED = 2, /* by a damage that was reported */
};

struct verification {
	const uint8_t *data; /* of the file, from its beginning */
	const struct ng_shard_entry *entries;
	uint32_t n_sections;
	uint64_t table_offset;
	void (*report)(void *userdata, uint32_t type, uint64_t offset, const char *text);
	void *userdata;
	bool damaged;
	uint8_t *chunks;  /* a byte each */
	uint32_t section; /* number of the one that is being summed */
	XXH3_state_t *sum;
};

static void verification_clear(struct verification *v)
{
	free(v->chunks);
	XXH3_freeState(v->sum);
}

__attribute__((__format__(printf, 4, 5))) static void damage(struct verification *v, uint32_t type,
							     uint64_t offset, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	v->damaged = true;
	if (!v->report)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	v->report(v->userdata, type, offset, text);
}

static const struct ng_shard_entry *chunk_sums(const struct verification *v)
{
	return &v->entries[v->n_sections - 1];
}

/* What the sum of the chunk that begins at lo covers. */
static uint64_t chunk_begin(uint64_t lo)
{
	return ng_max(lo, (uint64_t)NG_PAGE_BYTES);
}

static void verify_chunk(struct verification *v, uint64_t lo, uint64_t hi)
{
	const struct ng_shard_entry *sums = chunk_sums(v);
	uint64_t chunk = lo / NG_SHARD_CHUNK_BYTES;

	lo = chunk_begin(lo);
	hi = ng_min(hi, sums->offset);
	if (lo < hi &&
	    XXH3_64bits(v->data + lo, hi - lo) != ng_load64(v->data + sums->offset + chunk * 8))
		v->chunks[chunk] = CHUNK_BAD;
}

/* The section differs from its sum: where? */
static void section_damaged(struct verification *v, const struct ng_shard_entry *e)
{
	uint64_t end = e->offset + e->bytes;
	bool found = false;

	/* Nothing sums the chunk sums by chunk. */
	for (uint64_t lo = e->offset / NG_SHARD_CHUNK_BYTES * NG_SHARD_CHUNK_BYTES;
	     lo < end && e != chunk_sums(v); lo += NG_SHARD_CHUNK_BYTES) {
		uint8_t *chunk = &v->chunks[lo / NG_SHARD_CHUNK_BYTES];
		uint64_t from = ng_max(lo, e->offset), to = ng_min(lo + NG_SHARD_CHUNK_BYTES, end);

		if (!(*chunk & CHUNK_BAD))
			continue;
		*chunk |= CHUNK_EXPLAINED;
		found = true;
		damage(v, e->type, from,
		       "the %llu bytes from here on don't have the checksums they should",
		       (unsigned long long)(to - from));
	}
	if (!found)
		damage(v, e->type, e->offset, "its %llu bytes don't have the checksum they should",
		       (unsigned long long)e->bytes);
}

/* What no section holds is zero. */
static void verify_zeroes(struct verification *v, uint64_t lo, uint64_t hi)
{
	for (uint64_t i = lo; i < hi; i++) {
		if (!v->data[i])
			continue;
		v->chunks[i / NG_SHARD_CHUNK_BYTES] |= CHUNK_EXPLAINED;
		damage(v, 0, i, "padding is not zero");
		return;
	}
}

/* Feed the bytes [lo, hi) of the file to the sums of the sections there. */
static void verify_sections(struct verification *v, uint64_t lo, uint64_t hi)
{
	for (; v->section < v->n_sections; v->section++) {
		const struct ng_shard_entry *e = &v->entries[v->section];
		uint64_t end = e->offset + e->bytes;
		uint64_t from = ng_max(lo, e->offset), to = ng_min(hi, end);

		if (from < to)
			XXH3_64bits_update(v->sum, v->data + from, to - from);
		if (end > hi)
			return;
		if (XXH3_64bits_digest(v->sum) != e->sum)
			section_damaged(v, e);
		XXH3_64bits_reset(v->sum);
		verify_zeroes(v, end,
			      v->section + 1 < v->n_sections ? e[1].offset : v->table_offset);
	}
}

/* Chunks that differ from their sums though the sections in them don't: when the chunk sums
 * themselves are damaged, that was said; else they were summed wrongly. */
static void verify_rest(struct verification *v)
{
	const struct ng_shard_entry *sums = chunk_sums(v);

	if (XXH3_64bits(v->data + sums->offset, sums->bytes) != sums->sum)
		return;
	for (uint64_t i = 0; i < sums->bytes / 8; i++)
		if (v->chunks[i] == CHUNK_BAD)
			damage(v, NG_SECTION_CHUNK_SUMS, sums->offset + i * 8,
			       "is not the checksum of the bytes from %llu on",
			       (unsigned long long)chunk_begin(i * NG_SHARD_CHUNK_BYTES));
}

/* The kernel's own readahead is off: fetch what comes next while this is summed. */
static void fetch(const struct verification *v, uint64_t lo)
{
	if (lo < v->table_offset)
		madvise((void *)(v->data + lo), ng_min(v->table_offset - lo, NG_SHARD_CHUNK_BYTES),
			MADV_WILLNEED);
}

int ng_shard_file_verify(const struct ng_shard_file *file, const ng_cancel *cancel,
			 void (*report)(void *userdata, uint32_t type, uint64_t offset,
					const char *text),
			 void (*progress)(void *userdata, uint64_t done, uint64_t total),
			 void *userdata)
{
	ng_cleanup(verification_clear) struct verification v = {.report = report,
								.userdata = userdata};
	uint64_t hi;
	size_t bytes;

	v.entries = ng_shard_file_entries(file, &v.n_sections);
	v.table_offset = ng_shard_file_bytes(file) - v.n_sections * sizeof(*v.entries);
	ng_shard_file_section(file, NG_SECTION_CHUNK_SUMS, &v.data, &bytes);
	v.data -= chunk_sums(&v)->offset;
	v.chunks = calloc(ng_div_up(v.table_offset, NG_SHARD_CHUNK_BYTES), 1);
	v.sum = XXH3_createState();
	if (!v.sum || !v.chunks)
		return -ENOMEM;
	XXH3_64bits_reset(v.sum);
	verify_zeroes(&v, sizeof(struct ng_shard_header), NG_PAGE_BYTES);
	for (uint64_t lo = 0; lo < v.table_offset; lo = hi) {
		hi = ng_min(lo + NG_SHARD_CHUNK_BYTES, v.table_offset);
		if (ng_cancelled(cancel))
			return -EINTR;
		fetch(&v, hi);
		verify_chunk(&v, lo, hi);
		verify_sections(&v, lo, hi);
		if (progress)
			progress(userdata, hi, v.table_offset);
	}
	verify_rest(&v);
	if (ng_shard_file_faulted(file))
		damage(&v, 0, 0, "a part of the file could not be read");
	return v.damaged ? -EUCLEAN : 0;
}
