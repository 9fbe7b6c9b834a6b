/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a segment, read back from its BWT. */
#pragma once

#include "bwt/segment.h"

/* Write the documents of a segment into a file from offset `at` on, each followed by a 0, by
 * following the LF-mapping back from each separator; many documents side by side, on `threads`
 * threads. progress, which may be NULL, is called from any of them, one at a time, with bytes done
 * and rows. O(rows) steps. -EUCLEAN (damaged), -EINTR, -ENOMEM, and the file's errors, with err
 * set. */
int ng_segment_text_write(const struct ng_segment *segment, int fd, uint64_t at, unsigned threads,
			  const ng_cancel *cancel,
			  void (*progress)(void *userdata, uint64_t done, uint64_t total),
			  void *userdata, struct ng_error *err);
