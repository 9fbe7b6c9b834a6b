/* SPDX-License-Identifier: Apache-2.0 */
#include "files/kwic_size.h"
#include "names/escape.h"

/* Characters that ng_escape_append makes longer, and by how many bytes. */
struct longer {
	uint64_t count; /* in the whole text */
	unsigned bytes;
};

static int count_longer(const struct ng_index *index, const ng_cancel *cancel,
			struct longer ret[static 3])
{
	struct longer longer[3] = {{0}};

	for (unsigned c = 0; c < 0x80; c++) {
		ng_cleanup(ng_buf_free) struct ng_buf escaped = NG_BUF_INIT;
		const uint8_t byte = (uint8_t)c;
		uint64_t count;
		int r = ng_escape_append(&escaped, &byte, 1);

		if (r == 0 && escaped.len > 1)
			r = ng_count(index, &byte, 1, cancel, &count);
		if (r)
			return r;
		if (escaped.len == 1)
			continue;
		longer[escaped.len - 2].count += count;
		longer[escaped.len - 2].bytes = (unsigned)escaped.len - 1;
	}
	memcpy(ret, longer, sizeof(longer));
	return 0;
}

static unsigned digits(uint64_t n)
{
	return (unsigned)snprintf(NULL, 0, "%llu", (unsigned long long)n);
}

int ng_kwic_bytes_most(const struct ng_mounted_index *index, const struct ng_occurrences *found,
		       uint32_t context_bytes, const ng_cancel *cancel, uint64_t *ret_bytes)
{
	uint64_t text = 2 * (uint64_t)context_bytes + found->longest, count = found->count;
	uint64_t line = digits(index->numbers) + digits(index->text_bytes) + 4 + 1 + text;
	struct longer longer[3];
	uint64_t bytes;
	int r = count_longer(index->index, cancel, longer);

	if (r)
		return r;
	bytes = count * line;
	/* A character stands in the lines of so many occurrences as there are places for one near
	 * it, and a line has room for so many characters. */
	for (unsigned i = 0; i < ng_array_size(longer); i++)
		bytes += longer[i].bytes * text * ng_min(longer[i].count, count);
	*ret_bytes = bytes;
	return 0;
}
