/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer entry point: the journal of a build, as somebody has left it. It is no journal, or of
 * another build, or it is read; then what is added to it is there when it is read again, and what
 * was there, too. */
#include "fuzz.h"

#include <fcntl.h>

#include "merge/journal.h"
#include "scratch.h"
#include "sections.h"

#define OPTIONS "format=4 sa-sampling=128"

static struct ng_journal *open_journal(const char *dir, bool *ret_found)
{
	struct ng_journal *journal = NULL;
	struct ng_error err = {""};
	ng_cleanup(ng_closep) int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = ng_journal_open(dir_fd, dir, OPTIONS, &journal, ret_found, &err);

	sections_require(r == 0 || ((r == -EPROTO || r == -ESTALE || r == -ENOMEM) && *err.text));
	return journal;
}

static bool is_there(const char *dir)
{
	ng_cleanup(ng_closep) int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return ng_journal_exists(dir_fd);
}

static void check_steps(const struct ng_journal *journal)
{
	size_t n;
	const struct ng_step *steps = ng_journal_steps(journal, &n);

	for (size_t i = 0; i < n; i++) {
		const struct ng_step *s = &steps[i], *found;

		sections_require(strnlen(s->file, sizeof(s->file)) < sizeof(s->file));
		sections_require(strnlen(s->input, sizeof(s->input)) < sizeof(s->input));
		sections_require(!strchr(s->file, '/'));
		sections_require((unsigned)s->kind <= NG_STEP_SHARD);
		found = ng_journal_find(journal, s->kind, s->shard, s->first, s->end);
		sections_require(found && found <= s);
	}
}

static void add_and_read_again(const char *dir, struct ng_journal *journal)
{
	const struct ng_step step = {.kind = NG_STEP_MERGED,
				     .shard = 7,
				     .end = 3,
				     .file = "segment-00007-0-3",
				     .file_bytes = 4096,
				     .checksum = UINT64_MAX,
				     .rows = 12,
				     .input = "0123456789abcdef0123456789abcdef"};
	const struct ng_step *steps;
	struct ng_journal *again;
	size_t n = 0, n_again = 0;
	bool found = false;

	ng_journal_steps(journal, &n);
	sections_require(!ng_journal_add(journal, &step, NULL));
	sections_require(is_there(dir));
	again = open_journal(dir, &found);
	sections_require(again && found);
	steps = ng_journal_steps(again, &n_again);
	sections_require(n_again == n + 1);
	sections_require(memcmp(&steps[n], &step, sizeof(step)) == 0);
	ng_journal_close(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *dir = sections_dir("journal");
	char path[SCRATCH_DIR_MAX + 80];
	struct ng_journal *journal;
	bool found = false;

	snprintf(path, sizeof(path), "%s/" NG_JOURNAL_NAME, dir);
	sections_require(!scratch_write(path, data, size));
	is_there(dir);
	journal = open_journal(dir, &found);
	if (journal) {
		check_steps(journal);
		add_and_read_again(dir, journal);
		ng_journal_close(journal);
	}
	sections_remove(dir);
	return 0;
}

uint8_t *fuzz_seed(unsigned number, size_t *ret_size)
{
	static const char *const seeds[] = {
		"",
		"{\"options\":\"" OPTIONS "\"}\n",
		"{\"options\":\"" OPTIONS "\"}\n"
		"{\"step\":\"segment\",\"shard\":0,\"first\":0,\"end\":1,\"file\":\"segment-00000-"
		"0-1\","
		"\"bytes\":4096,\"checksum\":\"0123456789abcdef\",\"rows\":10,\"input\":\"00\"}\n"
		"{\"step\":\"merged\",\"shard\":0,\"first\":0,\"end\":2,\"file\":\"segment-00000-0-"
		"2\","
		"\"bytes\":4096,\"checksum\":\"0123456789abcdef\",\"rows\":10,\"input\":\"\"}\n"
		"{\"step\":\"shard\",\"shard\":0,\"first\":0,\"end\":0,\"file\":\"shard-00000."
		"ngs\","
		"\"bytes\":4096,\"checksum\":\"f\",\"rows\":-1,\"input\":\"0\"}\n{\"st",
	};
	uint8_t *seed;

	if (number >= ng_array_size(seeds))
		return NULL;
	*ret_size = strlen(seeds[number]);
	seed = (uint8_t *)strdup(seeds[number]);
	sections_require(seed);
	return seed;
}
