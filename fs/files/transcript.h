/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in a file that is written and answers.
 *
 * Writer and reader share the offset of an open file. What is written takes its place in the file;
 * the answers come behind what was written last; what is written then, behind the last answer that
 * was read, and those that were not read move behind that. So both go on where the other one
 * stopped:
 *
 *     abc LF de LF | 3 TAB abc LF 2 TAB de LF | f LF | 1 TAB f LF
 *     written        read                       written read
 *
 * Of what has been written and read the last 512 KiB at least can be read again; what comes before
 * is -ESPIPE. Not thread-safe. */
#pragma once

#include "base/buf.h"

/* Zeroes: an empty file. */
struct ng_transcript {
	/* The file's bytes [start, start + content.len): the last ones. Answers that may not have
	 * been read are those from answers on; to give more, append them. */
	struct ng_buf content;
	uint64_t start, answers;
	uint64_t read_end; /* of what the kernel has read, >= answers */
};

void ng_transcript_free(struct ng_transcript *transcript);

static inline uint64_t ng_transcript_end(const struct ng_transcript *transcript)
{
	return transcript->start + transcript->content.len;
}

/* Forget what is old, before there is more. */
void ng_transcript_trim(struct ng_transcript *transcript);

/* Whether len bytes can be written at offset, and room for them, so that ng_transcript_write cannot
 * fail. -EFBIG: files don't go so far; -ENOMEM. */
int ng_transcript_reserve(struct ng_transcript *transcript, uint64_t offset, size_t len);
void ng_transcript_write(struct ng_transcript *transcript, uint64_t offset, const uint8_t *data,
			 size_t len);

/* Bytes [offset, offset + len), as many as there are. -ESPIPE. */
int ng_transcript_read(struct ng_transcript *transcript, uint64_t offset, size_t len, uint8_t *buf,
		       size_t *ret_len);
