/* SPDX-License-Identifier: Apache-2.0 */
#include "files/transcript.h"

/* What has been read stays so long, for one who opens the file again by its descriptor. */
#define KEEP_BYTES (512u << 10)

void ng_transcript_free(struct ng_transcript *t)
{
	ng_buf_free(&t->content);
}

/* Forget what lies before an offset, save KEEP_BYTES. */
static void trim(struct ng_transcript *t, uint64_t offset)
{
	size_t drop;

	if (offset < t->start + 2 * KEEP_BYTES)
		return;
	drop = (size_t)(offset - KEEP_BYTES - t->start);
	memmove(t->content.data, t->content.data + drop, t->content.len - drop);
	t->content.len -= drop;
	t->start += drop;
}

void ng_transcript_trim(struct ng_transcript *t)
{
	trim(t, t->read_end);
}

/* Where the answers begin that were not read when somebody writes at offset. The reader's own
 * offset is the writer's; but one who appends, or writes at a place of his own, is not where the
 * reader is, and then it is known only what the kernel has read. */
static uint64_t unread_at(const struct ng_transcript *t, uint64_t offset)
{
	if (offset < ng_max(t->answers, t->start))
		return t->read_end;
	return ng_min(offset, t->read_end);
}

int ng_transcript_reserve(struct ng_transcript *t, uint64_t offset, size_t len)
{
	size_t moved = (size_t)(ng_transcript_end(t) - unread_at(t, offset));

	if (len > INT64_MAX - moved || offset > INT64_MAX - moved - len)
		return -EFBIG;
	return ng_buf_reserve(&t->content, len + moved);
}

void ng_transcript_write(struct ng_transcript *t, uint64_t offset, const uint8_t *data, size_t len)
{
	uint64_t unread = unread_at(t, offset), end = ng_transcript_end(t);
	size_t moved = (size_t)(end - unread), keep = 0, skip;

	if (offset >= t->start && offset <= end)
		keep = (size_t)(offset - t->start);
	/* Of a long write only the last part is kept. */
	skip = len > KEEP_BYTES ? len - KEEP_BYTES : 0;
	if (skip)
		keep = 0;
	memmove(t->content.data + keep + len - skip, t->content.data + (unread - t->start), moved);
	memcpy(t->content.data + keep, data + skip, len - skip);
	t->content.len = keep + len - skip + moved;
	t->answers = offset + len;
	t->start = t->answers - (len - skip) - keep;
	t->read_end = t->answers;
	trim(t, t->answers);
}

int ng_transcript_read(struct ng_transcript *t, uint64_t offset, size_t len, uint8_t *buf,
		       size_t *ret_len)
{
	uint64_t end = ng_transcript_end(t);
	size_t n;

	if (offset >= end) {
		*ret_len = 0;
		return 0;
	}
	if (offset < t->start)
		return -ESPIPE;
	n = (size_t)ng_min((uint64_t)len, end - offset);
	memcpy(buf, t->content.data + (offset - t->start), n);
	t->read_end = ng_max(t->read_end, offset + n);
	*ret_len = n;
	return 0;
}
