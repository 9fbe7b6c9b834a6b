/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer entry point: ngramfsck over an index from a stranger, all of whose sums are right (see
 * sections.h). Every check ends, with findings that fit one line. What it calls sound, rebuilt text
 * and all, can be opened and counts rightly. */
#include "fuzz.h"

#include "asked.h"
#include "check/check.h"
#include "query/query.h"

static void on_finding(void *userdata, const struct ng_finding *finding)
{
	uint64_t *damages = userdata;

	sections_require(finding->path && *finding->text && !strchr(finding->text, '\n'));
	*damages += finding->damage;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *dir = sections_dir("check");
	uint64_t damages = 0;
	struct ng_check_options options = {
		.full = true, .threads = 1, .seed = 1, .report = on_finding, .userdata = &damages};
	struct ng_check_summary summary = {0};
	struct ng_error err = {""};

	if (sections_write_index(data, size, dir)) {
		int r = ng_check_index(dir, &options, &summary, &err);

		sections_require(r == 0 || (r == -ENOMEM && *err.text));
		sections_require(r < 0 || (summary.damages > 0) == (damages > 0));
		if (r == 0 && summary.damages == 0) {
			ng_cleanup(ng_index_closep) struct ng_index *index = NULL;

			sections_require(!ng_index_open(dir, 1, &index, NULL));
			asked_all(index, data, size);
			asked_counts(index, data, size);
		}
	}
	sections_remove(dir);
	return 0;
}

uint8_t *fuzz_seed(unsigned number, size_t *ret_size)
{
	return asked_seed(number, ret_size);
}
