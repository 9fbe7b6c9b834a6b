/* SPDX-License-Identifier: Apache-2.0 */
#include "query/text_blocks.h"

int ng_text_blocks_doc(struct ng_text_blocks *text, const struct ng_index *index, uint64_t doc)
{
	uint64_t len;
	int r = ng_doc_bytes(index, doc, &len);

	if (r < 0)
		return r;
	text->index = index;
	text->memory = NULL;
	text->doc = doc;
	text->len = len;
	for (unsigned i = 0; i < NG_TEXT_BLOCKS; i++)
		text->blocks[i].n = 0;
	return 0;
}

void ng_text_blocks_memory(struct ng_text_blocks *text, const uint8_t *bytes, uint64_t len)
{
	text->memory = bytes;
	text->len = len;
}

void ng_text_blocks_drop(struct ng_text_blocks *text)
{
	for (unsigned i = 0; i < NG_TEXT_BLOCKS; i++) {
		free(text->blocks[i].bytes);
		text->blocks[i] = (struct ng_text_block){0};
	}
}

size_t ng_text_blocks_held(const struct ng_text_blocks *text)
{
	size_t bytes = 0;

	for (unsigned i = 0; i < NG_TEXT_BLOCKS; i++)
		bytes += text->blocks[i].bytes ? NG_TEXT_BLOCK_BYTES : 0;
	return bytes;
}

void ng_text_blocks_clear(struct ng_text_blocks *text)
{
	ng_text_blocks_drop(text);
	*text = (struct ng_text_blocks){0};
}

static int block_read(struct ng_text_blocks *text, uint64_t number, struct ng_text_block *block,
		      const ng_cancel *cancel)
{
	uint64_t begin = number * NG_TEXT_BLOCK_BYTES;
	size_t n = (size_t)ng_min(text->len - begin, (uint64_t)NG_TEXT_BLOCK_BYTES), got = 0;
	int r;

	if (!block->bytes)
		block->bytes = malloc(NG_TEXT_BLOCK_BYTES);
	if (!block->bytes)
		return -ENOMEM;
	block->n = 0;
	r = ng_doc_read(text->index, text->doc, begin, n, cancel, block->bytes, &got);
	if (r == 0 && got != n)
		r = -EUCLEAN;
	if (r < 0)
		return r;
	block->n = n;
	block->number = number;
	return 0;
}

int ng_text_blocks_before(struct ng_text_blocks *text, uint64_t at, const ng_cancel *cancel,
			  const uint8_t **ret_end, size_t *ret_n)
{
	struct ng_text_block *block = &text->blocks[0];
	uint64_t number = (at - 1) / NG_TEXT_BLOCK_BYTES;
	size_t n;

	if (text->memory) {
		*ret_end = text->memory + at;
		*ret_n = at;
		return 0;
	}
	for (unsigned i = 0; i < NG_TEXT_BLOCKS; i++) {
		struct ng_text_block *b = &text->blocks[i];

		if (b->n && b->number == number) {
			block = b;
			break;
		}
		/* An empty one first, then the one asked for longest ago. */
		if (block->n && (!b->n || b->asked < block->asked))
			block = b;
	}
	if (!block->n || block->number != number) {
		int r = block_read(text, number, block, cancel);

		if (r < 0)
			return r;
	}
	block->asked = ++text->clock;
	n = (size_t)(at - number * NG_TEXT_BLOCK_BYTES);
	*ret_end = block->bytes + n;
	*ret_n = n;
	return 0;
}

int ng_text_blocks_around(struct ng_text_blocks *text, uint64_t at, const ng_cancel *cancel,
			  uint8_t buf[static 8], unsigned *ret_before, unsigned *ret_after)
{
	uint64_t begin = at - ng_min(at, (uint64_t)4), end = ng_min(at + 4, text->len);

	for (uint64_t to = end; to > begin;) {
		const uint8_t *bytes;
		size_t n;
		int r = ng_text_blocks_before(text, to, cancel, &bytes, &n);

		if (r < 0)
			return r;
		n = (size_t)ng_min((uint64_t)n, to - begin);
		to -= n;
		memcpy(buf + (to - begin), bytes - n, n);
	}
	*ret_before = (unsigned)(at - begin);
	*ret_after = (unsigned)(end - at);
	return 0;
}
