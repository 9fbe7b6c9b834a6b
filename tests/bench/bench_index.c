/* SPDX-License-Identifier: Apache-2.0 */
/* What an index takes on disk, and what a first query reads of it.
 *
 *   bench_index sizes INDEX
 *       bytes of the parts of all shards, one key=value a line: bwt (sections bwt directory,
 *       cells, superblocks, frequent patterns), marks (of the sampled rows; a part of bwt), search
 *       (all but metadata and text store), file
 *   bench_index cold INDEX QUERIES N
 *       4 KiB pages of the shard files that a fresh process brings into the page cache when it
 *       opens the index, when it then counts one query, and when it then locates an occurrence and
 *       reads up to 1,000 bytes of its document; and how long each takes. Means over the first N
 *       queries.
 *       The files must not be mapped by anyone else, a mount for instance. */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "bwt/bwt_internal.h"
#include "bwt/bwt_read.h"
#include "bwt/cell_decode.h"
#include "format/manifest.h"
#include "query/index_internal.h"
#include "query/preload.h"
#include "queries.h"

/* ---- sizes ---- */

struct sizes {
	uint64_t bwt, marks, search, file;
};

static uint64_t section_bytes(const struct ng_shard *shard, uint32_t type)
{
	const uint8_t *data;
	size_t bytes;

	return ng_shard_file_section(shard->file, type, &data, &bytes) ? bytes : 0;
}

/* Adds what the marked rows of a cell take: its number of them, the count before it, and the
 * positions. */
static int marks_of_cell(const struct ng_shard *shard, uint64_t cell, struct sizes *sizes,
			 uint64_t *marks)
{
	unsigned shift = ng_mark_shift(shard->params.sa_rate), size;
	const uint8_t *begin, *end;
	struct ng_cell_facts facts;
	const char *why;

	size = ng_bwt_cell_size(shard->bwt, cell);
	if (!ng_bwt_cell_find(shard->bwt, cell, &begin, &end) ||
	    !ng_cell_decode(begin, end, size, shift, &facts, &why))
		return -EUCLEAN;
	sizes->marks += 1 + 3 + ng_marks_bytes(facts.n_marks, size, shift);
	*marks += facts.n_marks;
	return 0;
}

static int sizes_of_shard(const struct ng_shard *shard, struct sizes *sizes)
{
	uint64_t other = 0, marks = 0, file;
	int r = 0;

	for (uint32_t type = NG_SECTION_BWT_DIRECTORY; type <= NG_SECTION_FREQUENT; type++)
		sizes->bwt += section_bytes(shard, type);
	for (uint32_t type = NG_SECTION_META_FRAMES; type <= NG_SECTION_TEXT_DIRECTORY; type++)
		other += section_bytes(shard, type);
	file = ng_shard_file_bytes(shard->file);
	sizes->file += file;
	sizes->search += file - other;
	for (uint64_t cell = 0; r == 0 && cell < ng_bwt_cells(shard->bwt); cell++)
		r = marks_of_cell(shard, cell, sizes, &marks);
	/* Every sample has its mark. */
	return r == 0 && marks != shard->sa.numbers.n ? -EUCLEAN : r;
}

static int print_sizes(const char *path, struct ng_error *err)
{
	ng_cleanup(ng_index_closep) struct ng_index *index = NULL;
	struct sizes sizes = {0};
	int r = ng_index_open(path, 1, &index, err);

	for (uint32_t i = 0; r == 0 && i < index->n_shards; i++) {
		r = sizes_of_shard(index->shards[i], &sizes);
		if (r < 0)
			ng_fail(err, r, "%s: marks and samples differ in number", path);
	}
	if (r < 0)
		return r;
	printf("bwt=%llu\nmarks=%llu\nsearch=%llu\nfile=%llu\n", (unsigned long long)sizes.bwt,
	       (unsigned long long)sizes.marks, (unsigned long long)sizes.search,
	       (unsigned long long)sizes.file);
	return 0;
}

/* ---- cold ---- */

/* Drop a file from the page cache (when drop is set), and count its pages there. */
static int resident(const char *dir, const char *name, bool drop, uint64_t *pages)
{
	ng_cleanup(ng_freep) char *path = NULL;
	ng_cleanup(ng_freep) unsigned char *in_core = NULL;
	ng_cleanup(ng_closep) int fd = -1;
	void *map;
	size_t n;
	off_t bytes;
	int r = 0;

	if (asprintf(&path, "%s/%s", dir, name) < 0)
		return -ENOMEM;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || (bytes = lseek(fd, 0, SEEK_END)) <= 0)
		return -errno;
	if (drop && (fsync(fd) < 0 || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) != 0))
		return -EIO;
	n = ng_div_up((uint64_t)bytes, NG_PAGE_BYTES);
	in_core = malloc(n);
	map = mmap(NULL, (size_t)bytes, PROT_READ, MAP_SHARED, fd, 0);
	if (!in_core || map == MAP_FAILED)
		return -ENOMEM;
	if (mincore(map, (size_t)bytes, in_core) < 0)
		r = -errno;
	munmap(map, (size_t)bytes);
	for (size_t i = 0; r == 0 && i < n; i++)
		*pages += in_core[i] & 1;
	return r;
}

static int resident_all(const char *dir, const struct ng_manifest *manifest, bool drop,
			uint64_t *ret_pages)
{
	uint64_t pages = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < manifest->n_shards; i++)
		r = resident(dir, manifest->shards[i].file, drop, &pages);
	*ret_pages = pages;
	return r;
}

#define READ_BYTES 1000u

enum { OPEN, QUERY, READ, PHASES };

static const char *const phase_names[PHASES] = {"open", "query", "read"};

struct cold {
	int r;
	double pages[PHASES], ms[PHASES];
};

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* What a phase took that began at begin_ms. Pages are those of all phases so far. */
static int phase_end(const char *dir, const struct ng_manifest *manifest, double begin_ms,
		     unsigned phase, struct cold *cold)
{
	uint64_t pages;
	int r;

	cold->ms[phase] = now_ms() - begin_ms;
	r = resident_all(dir, manifest, false, &pages);
	cold->pages[phase] = (double)pages;
	return r;
}

/* The first occurrence's place, and the beginning of its document. */
static int read_one(const struct ng_index *index, const struct ng_interval *by_shard)
{
	struct ng_match match;
	uint8_t buf[READ_BYTES];
	size_t n;
	int r = ng_locate(index, by_shard, 0, 1, NULL, &match, &n);

	/* Queries are of the text; an index without them is another's. */
	if (r == 0 && n == 0)
		return -ENODATA;
	return r < 0 ? r : ng_doc_read(index, match.doc, 0, sizeof(buf), NULL, buf, &n);
}

/* In a process of its own. */
static struct cold measure(const char *dir, const struct ng_manifest *manifest,
			   const uint8_t *query, size_t len)
{
	ng_cleanup(ng_index_closep) struct ng_index *index = NULL;
	ng_cleanup(ng_freep) struct ng_interval *by_shard =
		calloc(manifest->n_shards + 1, sizeof(*by_shard));
	struct cold cold = {by_shard ? 0 : -ENOMEM, {0}, {0}};
	uint64_t left;
	double begin;

	if (cold.r == 0)
		cold.r = resident_all(dir, manifest, true, &left);
	if (cold.r == 0 && left)
		cold.r = -EBUSY;
	begin = now_ms();
	if (cold.r == 0)
		cold.r = ng_index_open(dir, 0, &index, NULL);
	/* Opening asks for it; it counts as opening. */
	if (cold.r == 0)
		cold.r = ng_preload_read(index, ng_preload_most(), NULL, NULL, NULL, &left);
	if (cold.r == 0)
		cold.r = phase_end(dir, manifest, begin, OPEN, &cold);
	begin = now_ms();
	if (cold.r == 0)
		cold.r = ng_find(index, query, len, NULL, by_shard);
	if (cold.r == 0)
		cold.r = phase_end(dir, manifest, begin, QUERY, &cold);
	begin = now_ms();
	if (cold.r == 0)
		cold.r = read_one(index, by_shard);
	if (cold.r == 0)
		cold.r = phase_end(dir, manifest, begin, READ, &cold);
	for (unsigned phase = PHASES - 1; phase > 0; phase--)
		cold.pages[phase] -= cold.pages[phase - 1];
	return cold;
}

static int measure_apart(const char *dir, const struct ng_manifest *manifest, const uint8_t *query,
			 size_t len, struct cold *ret_cold)
{
	int fds[2], status;
	ssize_t n;
	pid_t child;

	if (pipe(fds) < 0)
		return -errno;
	child = fork();
	if (child == 0) {
		struct cold cold = measure(dir, manifest, query, len);

		_exit(write(fds[1], &cold, sizeof(cold)) != sizeof(cold));
	}
	close(fds[1]);
	n = child < 0 ? -1 : read(fds[0], ret_cold, sizeof(*ret_cold));
	close(fds[0]);
	if (child > 0)
		waitpid(child, &status, 0);
	return n == sizeof(*ret_cold) ? ret_cold->r : -ECHILD;
}

static int print_cold(const char *dir, const char *path, size_t n, struct ng_error *err)
{
	ng_cleanup(ng_manifest_clear) struct ng_manifest manifest = {0};
	ng_cleanup(queries_clear) struct queries queries = {0};
	struct cold sum = {0};
	int r = ng_manifest_read(dir, &manifest, err);

	if (r == 0)
		r = queries_read(path, &queries);
	n = ng_min(n, queries.n);
	for (size_t i = 0; r == 0 && i < n; i++) {
		struct cold cold;
		size_t len;
		const uint8_t *query = query_at(&queries, i, &len);

		r = measure_apart(dir, &manifest, query, len, &cold);
		for (unsigned phase = 0; r == 0 && phase < PHASES; phase++) {
			sum.pages[phase] += cold.pages[phase];
			sum.ms[phase] += cold.ms[phase];
		}
	}
	if (r == -EBUSY)
		return ng_fail(err, r, "%s: in use, so that its pages stay in memory", dir);
	if (r < 0)
		return r;
	for (unsigned phase = 0; phase < PHASES; phase++)
		printf("%s_pages=%.1f %s_ms=%.3f%c", phase_names[phase],
		       sum.pages[phase] / (double)n, phase_names[phase], sum.ms[phase] / (double)n,
		       phase + 1 < PHASES ? ' ' : '\n');
	return 0;
}

int main(int argc, char **argv)
{
	struct ng_error err = {""};
	size_t n;
	int r;

	if (argc == 3 && strcmp(argv[1], "sizes") == 0) {
		r = print_sizes(argv[2], &err);
	} else if (argc == 5 && strcmp(argv[1], "cold") == 0 &&
		   (n = strtoul(argv[4], NULL, 10)) > 0) {
		r = print_cold(argv[2], argv[3], n, &err);
	} else {
		fprintf(stderr, "usage: bench_index sizes INDEX\n"
				"       bench_index cold INDEX QUERIES N\n");
		return 2;
	}
	if (r < 0)
		fprintf(stderr, "bench_index: %s\n", err.text[0] ? err.text : strerror(-r));
	return r < 0;
}
