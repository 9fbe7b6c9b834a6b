#include "bwt/decoded.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/statvfs.h>

#include "base/sigbus.h"
#include "base/tempfile.h"
#include "bwt/bwt_internal.h"
#include "bwt/bwt_read.h"

/* A block decoded takes some 20 KiB: rather more entries than blocks that there is room for. */
#define ENTRY_BYTES (8u << 10)

/* The file grows by so much at a time. */
#define CHUNK_BYTES (4u << 20)

/* Lines of a head and of a record fit into a byte. */
_Static_assert(NG_MAX_BLOCK <= 4 * NG_DECODED_STRETCH, "a head has four stretches at most");
_Static_assert(sizeof(struct ng_decoded_head) + 4 * 256 * sizeof(uint64_t) < 256 * NG_DECODED_LINE,
	       "a head");

struct ng_decoded_room {
	pthread_mutex_t lock; /* of all that changes */
	int fd;
	const uint8_t *data; /* the file, mapped */
	uint64_t limit, reserved, used;
	struct ng_sigbus *fault;
	bool lost; /* something could not be written out. Read and written atomically */
	/* Where a block is made: */
	uint8_t *block;
	struct ng_bwt_rows rows;
};

/* What a block takes. */
struct size {
	unsigned n_symbols;
	size_t stretch, head, record, all;
};

static void size_make(unsigned n_symbols, unsigned rows, struct size *ret)
{
	size_t counts = (n_symbols + 1) * sizeof(uint16_t);

	ret->n_symbols = n_symbols;
	ret->stretch = (n_symbols + 1) * sizeof(uint64_t);
	ret->head = ng_align_up(sizeof(struct ng_decoded_head) +
					ng_div_up(rows, NG_DECODED_STRETCH) * ret->stretch,
				NG_DECODED_LINE);
	ret->record = ng_align_up(NG_DECODED_CELL + NG_DECODED_CELL / 8 + counts, NG_DECODED_LINE);
	ret->all = ret->head + ng_div_up(rows, NG_DECODED_CELL) * ret->record;
}

static struct ng_decoded_room *room_free(struct ng_decoded_room *room)
{
	if (!room)
		return NULL;
	if (room->fault)
		ng_sigbus_unwatch(room->fault);
	if (room->data)
		munmap((void *)room->data, room->limit);
	if (room->fd >= 0)
		close(room->fd);
	pthread_mutex_destroy(&room->lock);
	free(room->block);
	free(room);
	return NULL;
}

static void room_freep(struct ng_decoded_room **room)
{
	room_free(*room);
}

static int room_new(const char *dir, uint64_t limit, struct ng_decoded_room **ret_room)
{
	ng_cleanup(room_freep) struct ng_decoded_room *room = calloc(1, sizeof(*room));
	struct rlimit file_limit;
	struct size largest;
	void *data;
	int r;

	if (!room)
		return -ENOMEM;
	pthread_mutex_init(&room->lock, NULL);
	room->limit = limit;
	room->fd = ng_tempfile_open(dir);
	if (room->fd < 0)
		return room->fd;
	size_make(NG_DECODED_SYMBOLS, NG_MAX_BLOCK, &largest);
	room->block = malloc(largest.all);
	if (!room->block)
		return -ENOMEM;
	/* Beyond that limit SIGXFSZ would end the process. */
	if (getrlimit(RLIMIT_FSIZE, &file_limit) == 0 && limit > file_limit.rlim_cur)
		return -EFBIG;
	/* A hole, which takes no room. */
	if (ftruncate(room->fd, (off_t)limit) < 0)
		return -errno;
	data = mmap(NULL, limit, PROT_READ, MAP_SHARED, room->fd, 0);
	if (data == MAP_FAILED)
		return -errno;
	room->data = data;
	madvise(data, limit, MADV_RANDOM);
	r = ng_sigbus_watch(data, limit, &room->fault);
	if (r < 0)
		return r;
	*ret_room = ng_steal_ptr(&room);
	return 0;
}

int ng_decoded_new(const char *dir, uint64_t limit_bytes, unsigned visits,
		   struct ng_decoded **ret_decoded)
{
	ng_cleanup(ng_decoded_freep) struct ng_decoded *decoded = calloc(1, sizeof(*decoded));
	/* What is less than a page has room for no block. */
	uint64_t limit = ng_max(limit_bytes / NG_PAGE_BYTES, (uint64_t)1) * NG_PAGE_BYTES;
	uint64_t entries = 1;
	int r;

	if (!decoded)
		return -ENOMEM;
	while (entries < limit / ENTRY_BYTES)
		entries *= 2;
	decoded->mask = entries - 1;
	decoded->visits = visits;
	decoded->entries = calloc(entries, sizeof(*decoded->entries));
	if (!decoded->entries)
		return -ENOMEM;
	r = room_new(dir, limit, &decoded->room);
	if (r < 0)
		return r;
	*ret_decoded = ng_steal_ptr(&decoded);
	return 0;
}

struct ng_decoded *ng_decoded_free(struct ng_decoded *decoded)
{
	if (decoded) {
		room_free(decoded->room);
		free(decoded->entries);
	}
	free(decoded);
	return NULL;
}

uint64_t ng_decoded_bytes(struct ng_decoded *decoded)
{
	uint64_t used;

	pthread_mutex_lock(&decoded->room->lock);
	used = decoded->room->used;
	pthread_mutex_unlock(&decoded->room->lock);
	return used;
}

bool ng_decoded_faulted(struct ng_decoded *decoded)
{
	struct ng_decoded_room *room = decoded->room;

	if (ng_sigbus_seen(room->fault) || __atomic_load_n(&room->lost, __ATOMIC_RELAXED))
		return true;
	/* Pages that could not be written are dropped without a SIGBUS, and come back as zeroes;
	 * only a call that waits for the file's pages reports it, once. This one waits for the
	 * first. */
	if (sync_file_range(room->fd, 0, 1, SYNC_FILE_RANGE_WAIT_BEFORE) == 0 ||
	    (errno != EIO && errno != ENOSPC && errno != EDQUOT))
		return false;
	__atomic_store_n(&room->lost, true, __ATOMIC_RELAXED);
	return true;
}

/* Make the file's next chunk its own, so that what is written there can be kept: false where the
 * filesystem has no room, or would have less left than the file takes. */
static bool room_grow(struct ng_decoded_room *room)
{
	uint64_t chunk = ng_min(room->limit - room->reserved, (uint64_t)CHUNK_BYTES);
	uint64_t reserved = room->reserved + chunk;
	struct statvfs vfs;

	if (fstatvfs(room->fd, &vfs) < 0 || vfs.f_bavail * vfs.f_frsize < reserved + chunk ||
	    posix_fallocate(room->fd, (off_t)room->reserved, (off_t)chunk))
		return false;
	room->reserved = reserved;
	return true;
}

/* Put room->block into the file, where it stays; NULL: there is no more room. It is written, not
 * stored into the mapping, where a disk without room would be a SIGBUS. */
static const uint8_t *room_put(struct ng_decoded_room *room, size_t bytes)
{
	const uint8_t *put = room->data + room->used;

	if (bytes > room->limit - room->used)
		return NULL;
	while (room->used + bytes > room->reserved)
		if (!room_grow(room))
			return NULL;
	for (size_t done = 0; done < bytes;) {
		ssize_t n = pwrite(room->fd, room->block + done, bytes - done,
				   (off_t)(room->used + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return NULL;
		done += (size_t)n;
	}
	room->used += bytes;
	return put;
}

static void head_fill(const struct ng_bwt *bwt, uint64_t superblock, const uint8_t *page,
		      unsigned n_symbols, struct ng_decoded_head *head)
{
	unsigned n_cells = ng_min(ng_block_cells(page), NG_MAX_CELLS);
	const uint8_t *bases = page + ng_block_bases_at(n_symbols, n_cells);

	head->n_symbols = n_symbols;
	head->separator = NG_DECODED_ABSENT;
	memset(head->index_of, NG_DECODED_ABSENT, sizeof(head->index_of));
	for (unsigned k = 0; k < n_symbols; k++) {
		unsigned symbol = page[NG_BLOCK_HEAD + k];

		if (k == ng_block_separator(page)) {
			symbol = NG_SEPARATOR;
			head->separator = k;
		} else {
			/* Of one that a damaged alphabet has twice the first counts. */
			head->index_of[symbol] = (uint8_t)ng_min(head->index_of[symbol], k);
		}
		head->byte_of[k] = (uint8_t)symbol;
		head->before[k] = ng_superblocks_count(&bwt->superblocks, superblock, symbol) +
				  ng_field(bases, (uint64_t)k * bwt->base_width, bwt->base_width);
	}
}

/* How many of each symbol there were in the stretch. Of two rows the second is counted elsewhere,
 * since it often equals the first, and would have to wait for it. */
struct tally {
	uint16_t count[2][NG_DECODED_SYMBOLS + 1];
};

static void record_fill(const struct ng_bwt_rows *rows, unsigned n_symbols, unsigned begin,
			struct tally *tally, uint8_t *record)
{
	unsigned n = ng_min(rows->n - begin, NG_DECODED_CELL), marks = 0;
	uint16_t *counts = (void *)(record + NG_DECODED_CELL + NG_DECODED_CELL / 8);
	const uint8_t *symbols = rows->symbol + begin;

	memcpy(record, symbols, n);
	memcpy(record + NG_DECODED_CELL, rows->marks + begin / 64, NG_DECODED_CELL / 8);
	for (unsigned k = 0; k <= n_symbols; k++)
		counts[k] = (uint16_t)(tally->count[0][k] + tally->count[1][k]);
	for (unsigned i = 0; i + 1 < n; i += 2) {
		tally->count[0][symbols[i]]++;
		tally->count[1][symbols[i + 1]]++;
	}
	if (n % 2)
		tally->count[0][symbols[n - 1]]++;
	for (unsigned i = 0; i < n; i += 64)
		marks += (unsigned)__builtin_popcountll(rows->marks[(begin + i) / 64]);
	tally->count[0][n_symbols] = (uint16_t)(tally->count[0][n_symbols] + marks);
}

/* What is before a stretch: what is before the last one, and in it. */
static void stretch_begin(struct ng_decoded_head *head, unsigned stretch, struct tally *tally)
{
	unsigned n = head->n_symbols + 1;
	uint64_t *now = head->before + (size_t)stretch * n;
	const uint64_t *last = now - n;

	for (unsigned k = 0; k < n; k++)
		now[k] = last[k] + tally->count[0][k] + tally->count[1][k];
	memset(tally, 0, sizeof(*tally));
}

/* False where the block is damaged. Rows that a damaged map leads to it, though it doesn't have
 * them, are behind its last grain. */
static bool block_fill(const struct ng_bwt *bwt, const struct ng_bwt_rows *rows,
		       const uint8_t *page, const struct size *size, uint8_t *data)
{
	struct ng_decoded_head *head = (void *)data;
	struct tally tally = {{{0}}};

	memset(data, 0, size->all);
	if (rows->n % NG_GRAIN && rows->start + rows->n != bwt->rows)
		return false;
	head_fill(bwt, rows->start >> NG_SUPERBLOCK_LOG, page, size->n_symbols, head);
	head->before[size->n_symbols] = rows->marks_before;
	data += size->head;
	for (unsigned begin = 0; begin < rows->n; begin += NG_DECODED_CELL, data += size->record) {
		if (begin && begin % NG_DECODED_STRETCH == 0)
			stretch_begin(head, begin / NG_DECODED_STRETCH, &tally);
		record_fill(rows, size->n_symbols, begin, &tally, data);
	}
	return true;
}

static bool entry_make(struct ng_decoded *decoded, const struct ng_bwt *bwt,
		       struct ng_decoded_entry *entry, const uint8_t *page)
{
	struct ng_decoded_room *room = decoded->room;
	uint64_t number = (uint64_t)(page - bwt->blocks) / NG_PAGE_BYTES;
	const uint8_t *data;
	struct size size;

	if (entry->head || __atomic_load_n(&decoded->full, __ATOMIC_RELAXED))
		return entry->head && entry->page == page;
	if (ng_bwt_read_indices(bwt, number, &room->rows) < 0 ||
	    room->rows.n_symbols > NG_DECODED_SYMBOLS)
		return false;
	size_make(room->rows.n_symbols, room->rows.n, &size);
	if (!block_fill(bwt, &room->rows, page, &size, room->block))
		return false;
	data = room_put(room, size.all);
	if (!data) {
		__atomic_store_n(&decoded->full, true, __ATOMIC_RELAXED);
		return false;
	}
	entry->page = page;
	entry->first_row = (uint32_t)room->rows.start;
	entry->first_row_high = (uint8_t)(room->rows.start >> 32);
	entry->head_lines = (uint8_t)(size.head / NG_DECODED_LINE);
	entry->record_lines = (uint8_t)(size.record / NG_DECODED_LINE);
	entry->n_grains = (uint16_t)ng_div_up(room->rows.n, NG_GRAIN);
	entry->stretch_words = (uint8_t)(size.n_symbols + 1);
	__atomic_store_n(&entry->head, (const void *)data, __ATOMIC_RELEASE);
	return true;
}

bool ng_decoded_make(struct ng_decoded *decoded, const struct ng_bwt *bwt,
		     struct ng_decoded_entry *entry, const uint8_t *page)
{
	bool made;

	if (pthread_mutex_trylock(&decoded->room->lock))
		return false;
	made = entry_make(decoded, bwt, entry, page);
	/* One that can't be is counted anew. */
	if (!made)
		__atomic_store_n(&entry->visits, 0, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&decoded->room->lock);
	return made;
}
