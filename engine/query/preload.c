/* SPDX-License-Identifier: Apache-2.0 */
#include "query/preload.h"

#include "base/machine.h"
#include "base/parallel.h"
#include "base/prefetch.h"
#include "query/index_internal.h"

/* Read by a thread before it reports, and how many do. */
#define PIECE_BYTES (1u << 20)
#define READERS     16u

/* The share of the machine's memory that is asked for by default. */
#define MEMORY_SHARE 8u

/* In the order in which they are worth their memory. */
static const uint32_t sections[] = {
	/* to count */
	NG_SECTION_FREQUENT,
	NG_SECTION_BWT_DIRECTORY,
	NG_SECTION_BWT_SUPERBLOCKS,
	NG_SECTION_PAGE_SUMS,
	/* to find places and documents */
	NG_SECTION_MARK_HINTS,
	NG_SECTION_SAMPLE_STARTS,
	NG_SECTION_DOC_STARTS,
	/* to read them */
	NG_SECTION_META_STARTS,
	NG_SECTION_META_DIRECTORY,
	NG_SECTION_TEXT_DIRECTORY,
};

struct piece {
	const struct ng_shard *shard;
	const uint8_t *data;
	size_t bytes;
};

/* Call take(userdata, piece) for each piece of up to piece_bytes, until most_bytes are taken. */
static void pieces_walk(const struct ng_index *index, size_t piece_bytes, uint64_t most_bytes,
			void (*take)(void *userdata, const struct piece *piece), void *userdata)
{
	for (size_t i = 0; i < ng_array_size(sections); i++) {
		for (uint32_t s = 0; s < index->n_shards && most_bytes; s++) {
			struct piece piece = {.shard = index->shards[s]};
			size_t left;

			if (!ng_shard_file_section(piece.shard->file, sections[i], &piece.data,
						   &left))
				continue;
			left = (size_t)ng_min((uint64_t)left, most_bytes);
			most_bytes -= left;
			for (; left; left -= piece.bytes, piece.data += piece.bytes) {
				piece.bytes = ng_min(left, piece_bytes);
				take(userdata, &piece);
			}
		}
	}
}

static void add_bytes(void *userdata, const struct piece *piece)
{
	*(uint64_t *)userdata += piece->bytes;
}

uint64_t ng_preload_bytes(const struct ng_index *index)
{
	uint64_t bytes = 0;

	pieces_walk(index, SIZE_MAX, UINT64_MAX, add_bytes, &bytes);
	return bytes;
}

uint64_t ng_preload_most(void)
{
	return ng_machine_memory() / MEMORY_SHARE;
}

bool ng_preload_is_remote(const struct ng_index *index)
{
	for (uint32_t s = 0; s < index->n_shards; s++) {
		const struct ng_shard_file *file = index->shards[s]->file;

		/* Once a filesystem: to ask may take as long as a read. */
		if (s > 0 && ng_shard_file_same_storage(file, index->shards[s - 1]->file))
			continue;
		if (ng_shard_file_is_remote(file))
			return true;
	}
	return false;
}

static void ask(void *userdata, const struct piece *piece)
{
	ng_prefetch(piece->data, piece->bytes);
}

void ng_preload_ask(const struct ng_index *index, uint64_t most_bytes)
{
	pieces_walk(index, SIZE_MAX, most_bytes, ask, NULL);
}

struct reading {
	struct piece *pieces;
	uint64_t n, total;
	_Atomic uint64_t done; /* bytes */
	const ng_cancel *cancel;
	void (*progress)(void *userdata, uint64_t done, uint64_t total);
	void *userdata;
};

static void add_piece(void *userdata, const struct piece *piece)
{
	struct reading *reading = userdata;

	if (reading->pieces)
		reading->pieces[reading->n] = *piece;
	reading->n++;
	reading->total += piece->bytes;
}

static int piece_read(void *userdata, uint64_t i)
{
	struct reading *reading = userdata;
	const struct piece *piece = &reading->pieces[i];
	const volatile uint8_t *at = piece->data;

	if (ng_cancelled(reading->cancel))
		return -EINTR;
	ng_prefetch(piece->data, piece->bytes);
	for (size_t k = 0; k < piece->bytes; k += NG_PAGE_BYTES)
		(void)at[k];
	if (ng_shard_file_faulted(piece->shard->file))
		return -EIO;
	atomic_fetch_add(&reading->done, piece->bytes);
	if (reading->progress)
		reading->progress(reading->userdata, atomic_load(&reading->done), reading->total);
	return 0;
}

int ng_preload_read(const struct ng_index *index, uint64_t most_bytes, const ng_cancel *cancel,
		    void (*progress)(void *userdata, uint64_t done, uint64_t total), void *userdata,
		    uint64_t *ret_bytes)
{
	ng_cleanup(ng_freep) struct piece *pieces = NULL;
	struct reading reading = {.cancel = cancel, .progress = progress, .userdata = userdata};
	int r;

	pieces_walk(index, PIECE_BYTES, most_bytes, add_piece, &reading);
	pieces = calloc(reading.n + 1, sizeof(*pieces));
	if (!pieces)
		return -ENOMEM;
	reading.pieces = pieces;
	reading.n = reading.total = 0;
	pieces_walk(index, PIECE_BYTES, most_bytes, add_piece, &reading);
	r = ng_parallel(reading.n, READERS, piece_read, &reading);
	if (r == 0)
		*ret_bytes = reading.total;
	return r;
}
