/* SPDX-License-Identifier: Apache-2.0 */
/* A file to which questions are written, one a line, and from which the answers are read.
 *
 * transcript.h says what stands where in it.
 *
 * Questions wait in a spool and are answered a piece at a time, when all earlier answers have been
 * read; so memory is bounded, however much is written before the first read. A write that would
 * make more lines than a session may ask is -EDQUOT, and nothing of it is taken. */
#pragma once

#include "base/buf.h"
#include "names/settings.h"
#include "files/stream.h"

/* The longest line that is looked at. With escapes, a query of 1 MiB may be written with three
 * times as many bytes. */
#define NG_BATCH_FILE_LINE_MAX (3u << 20)

struct ng_asked_line {
	const uint8_t *text; /* without the newline */
	size_t len;
	bool cut; /* it is the beginning of a line longer than NG_BATCH_FILE_LINE_MAX */
};

/* Append the answers to lines[0..n-1], n >= 1, in that order and each with a newline, under
 * settings. On failure what was appended is dropped, and the lines will be asked again. */
typedef int (*ng_batch_file_answer)(const struct ng_mounted_index *index,
				    const struct ng_asked_line *lines, size_t n,
				    const struct ng_settings *settings, const ng_cancel *cancel,
				    struct ng_buf *buf);

/* The most lines that are answered together. */
#define NG_BATCH_FILE_LINES 4096u

/* indexes and index are as ng_stream_init takes them; answer is called with that index, a copy of
 * settings and up to `together` lines, 1 to NG_BATCH_FILE_LINES: few where each answer takes long,
 * since a reader waits for all of them, and all are made again after an interrupt. -ENOMEM. */
int ng_batch_file_new(struct ng_indexes *indexes, const struct ng_mounted_index *index,
		      ng_batch_file_answer answer, const struct ng_settings *settings,
		      size_t together, struct ng_stream **ret_stream);
