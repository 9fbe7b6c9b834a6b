/* SPDX-License-Identifier: Apache-2.0 */
/* Drive a fuzz target without libFuzzer, so that it runs as a regression test with any compiler:
 *
 *   TARGET [FILE...]                              run the target's own seeds and the files
 *   TARGET --mutate N [--seed S] [FILE...]        run N mutations of them, the same for the same S
 *   TARGET --mutate N --seed S --only I [FILE...] only mutation I, to debug it
 *   TARGET --write-seeds DIR                      write the seeds, as a corpus for libFuzzer
 *
 * Exit status: 0 nothing found, 1 an input crashed the target, 2 usage. */
#include "fuzz.h"

#include <getopt.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/buf.h"

#define INPUT_BYTES_MAX (16u << 20)
#define MEMORY_KEPT     (64 << 20)

struct inputs {
	size_t n;
	struct ng_buf *items;
};

/* Shared with the child that runs the target: which mutation it is at. */
struct progress {
	volatile uint64_t at;
};

static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static int add_input(struct inputs *inputs, struct ng_buf *buf)
{
	struct ng_buf *items = realloc(inputs->items, (inputs->n + 1) * sizeof(*inputs->items));

	if (!items)
		return -ENOMEM;
	inputs->items = items;
	items[inputs->n++] = *buf;
	*buf = NG_BUF_INIT;
	return 0;
}

static int read_file(const char *path, struct ng_buf *buf)
{
	ng_cleanup(ng_fclosep) FILE *f = fopen(path, "re");
	uint8_t piece[65536];
	size_t n;

	if (!f)
		return -errno;
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0) {
		int r = buf->len > INPUT_BYTES_MAX ? -EFBIG : ng_buf_append(buf, piece, n);

		if (r)
			return r;
	}
	return ferror(f) ? -EIO : 0;
}

static int collect(struct inputs *inputs, char **paths, int n_paths)
{
	for (unsigned i = 0; fuzz_seed; i++) {
		struct ng_buf buf = NG_BUF_INIT;

		buf.data = fuzz_seed(i, &buf.len);
		if (!buf.data)
			break;
		buf.cap = buf.len;
		if (add_input(inputs, &buf))
			return -ENOMEM;
	}
	for (int i = 0; i < n_paths; i++) {
		struct ng_buf buf = NG_BUF_INIT;
		int r = read_file(paths[i], &buf);

		if (!r)
			r = add_input(inputs, &buf);
		if (r) {
			fprintf(stderr, "%s: %s\n", paths[i], strerror(-r));
			ng_buf_free(&buf);
			return r;
		}
	}
	if (!inputs->n)
		fprintf(stderr, "no input: name files, or give the target seeds\n");
	return inputs->n ? 0 : -EINVAL;
}

/* Numbers where parsers go wrong. */
static uint64_t odd_number(uint64_t *rng)
{
	static const uint64_t numbers[] = {0,
					   1,
					   0x7f,
					   0xff,
					   0x7fff,
					   0xffff,
					   0x7fffffff,
					   0xffffffff,
					   INT64_MAX,
					   UINT64_MAX,
					   UINT64_MAX - 4095,
					   4096};

	return numbers[next_random(rng) % ng_array_size(numbers)];
}

static int mutate_once(struct ng_buf *buf, const struct ng_buf *other, uint64_t *rng)
{
	size_t at = buf->len ? next_random(rng) % buf->len : 0;
	size_t n = next_random(rng) % 64 + 1, width = (size_t)1 << next_random(rng) % 4;
	uint64_t number;

	/* Headers and tables are at the ends of a file. */
	if (next_random(rng) % 2)
		at = next_random(rng) % 2 ? at % 128 : buf->len - ng_min(buf->len, at % 128 + 1);
	at = ng_min(at, buf->len);
	n = ng_min(n, buf->len - at);
	switch (next_random(rng) % 7) {
	case 0:
		for (size_t i = 0; i < n; i++)
			buf->data[at + i] = (uint8_t)next_random(rng);
		return 0;
	case 1:
		if (n)
			buf->data[at] ^= (uint8_t)(1u << next_random(rng) % 8);
		return 0;
	case 2:
		number = odd_number(rng);
		if (n)
			memcpy(buf->data + at, &number, ng_min(n, width));
		return 0;
	case 3: /* cut something out */
		if (n)
			memmove(buf->data + at, buf->data + at + n, buf->len - at - n);
		buf->len -= n;
		return 0;
	case 4: /* cut the end off */
		buf->len = at;
		return 0;
	case 5: /* insert a repetition */
		if (ng_buf_zero(buf, n))
			return -ENOMEM;
		if (n)
			memmove(buf->data + at + n, buf->data + at, buf->len - n - at);
		return 0;
	default: /* a piece of another input */
		n = ng_min(n, other->len);
		if (n)
			memcpy(buf->data + at,
			       other->data + next_random(rng) % (other->len - n + 1), n);
		return 0;
	}
}

/* Input i: of the inputs themselves, or a mutation of one. */
static int run_one(const struct inputs *inputs, uint64_t i, bool mutate, uint64_t seed)
{
	const struct ng_buf *from = &inputs->items[i % inputs->n];
	ng_cleanup(ng_buf_free) struct ng_buf buf = NG_BUF_INIT;
	uint64_t rng = seed + i;
	uint8_t *exact;

	if (ng_buf_append(&buf, from->data, from->len))
		return -ENOMEM;
	for (uint64_t k = mutate ? next_random(&rng) % 4 + 1 : 0; k; k--)
		if (mutate_once(&buf, &inputs->items[next_random(&rng) % inputs->n], &rng))
			return -ENOMEM;
	/* Memory that ends with the input, so that sanitizers see a byte too many being read. */
	exact = malloc(buf.len ? buf.len : 1);
	if (!exact)
		return -ENOMEM;
	if (buf.len)
		memcpy(exact, buf.data, buf.len);
	LLVMFuzzerTestOneInput(exact, buf.len);
	free(exact);
	return 0;
}

/* What is freed is used again: an input is small, and most of its time went into pages that were
 * given back to the kernel, zeroed and mapped anew. */
static void keep_memory(void)
{
	mallopt(M_TRIM_THRESHOLD, MEMORY_KEPT);
	mallopt(M_TOP_PAD, MEMORY_KEPT / 8);
	mallopt(M_MMAP_THRESHOLD, MEMORY_KEPT / 8);
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
}

static int run_all(const struct inputs *inputs, uint64_t first, uint64_t end, bool mutate,
		   uint64_t seed)
{
	struct progress *progress = mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE,
					 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid = progress == MAP_FAILED ? -1 : fork();
	int status;

	if (pid < 0) {
		perror("cannot start");
		return EXIT_FAILURE;
	}
	if (!pid) {
		keep_memory();
		for (uint64_t i = first; i < end; i++) {
			progress->at = i;
			if (run_one(inputs, i, mutate, seed))
				_exit(3);
		}
		exit(0); /* with the sanitizers' search for leaks */
	}
	if (waitpid(pid, &status, 0) == pid && WIFEXITED(status) && !WEXITSTATUS(status)) {
		printf("%llu inputs, seed %llu: nothing found\n", (unsigned long long)(end - first),
		       (unsigned long long)seed);
		return EXIT_SUCCESS;
	}
	fprintf(stderr, "wait status %#x at input %llu of seed %llu\n", status,
		(unsigned long long)progress->at, (unsigned long long)seed);
	return EXIT_FAILURE;
}

static int write_seeds(const char *dir)
{
	for (unsigned i = 0; fuzz_seed; i++) {
		ng_cleanup(ng_freep) uint8_t *data = NULL;
		ng_cleanup(ng_freep) char *path = NULL;
		ng_cleanup(ng_fclosep) FILE *f = NULL;
		size_t size;

		data = fuzz_seed(i, &size);
		if (!data)
			break;
		if (asprintf(&path, "%s/seed-%u", dir, i) < 0)
			path = NULL;
		f = path ? fopen(path, "we") : NULL;
		if (!f || fwrite(data, 1, size, f) != size || fflush(f)) {
			perror(dir);
			return EXIT_FAILURE;
		}
	}
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"mutate", required_argument, NULL, 'm'},
		{"seed", required_argument, NULL, 's'},
		{"only", required_argument, NULL, 'o'},
		{"write-seeds", required_argument, NULL, 'w'},
		{0},
	};
	uint64_t mutations = 0, seed = 1, only = UINT64_MAX;
	struct inputs inputs = {0};
	int c, status;

	while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (c == 'm')
			mutations = strtoull(optarg, NULL, 0);
		else if (c == 's')
			seed = strtoull(optarg, NULL, 0);
		else if (c == 'o')
			only = strtoull(optarg, NULL, 0);
		else if (c == 'w')
			return write_seeds(optarg);
		else
			return 2;
	}
	if (collect(&inputs, argv + optind, argc - optind))
		return 2;
	if (only != UINT64_MAX)
		status = run_all(&inputs, only, only + 1, mutations > 0, seed);
	else
		status = run_all(&inputs, 0, mutations ? mutations : inputs.n, mutations > 0, seed);
	for (size_t i = 0; i < inputs.n; i++)
		ng_buf_free(&inputs.items[i]);
	free(inputs.items);
	return status;
}
