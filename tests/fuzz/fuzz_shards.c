/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer entry point: an index from a stranger, all of whose sums are right (see sections.h). It
 * is opened and asked everything: no question may crash, hang or read what isn't the index's, and
 * none says anything but an answer or that the index is damaged. */
#include "fuzz.h"

#include "asked.h"
#include "query/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ng_cleanup(ng_index_closep) struct ng_index *index = NULL;
	const char *dir = sections_dir("shards");
	struct ng_error err = {""};
	int r;

	if (sections_write_index(data, size, dir)) {
		r = ng_index_open(dir, 1, &index, &err);
		sections_require(r == 0 ||
				 ((r == -EUCLEAN || r == -EPROTO || r == -ENOMEM) && *err.text));
		if (r == 0)
			asked_all(index, data, size);
	}
	sections_remove(dir);
	return 0;
}

uint8_t *fuzz_seed(unsigned number, size_t *ret_size)
{
	return asked_seed(number, ret_size);
}
