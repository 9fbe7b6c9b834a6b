/* SPDX-License-Identifier: Apache-2.0 */
/* Writing a shard's rank structure. */
#pragma once

#include "bwt/bwt_text.h"
#include "format/shardfile.h"

/* Encode the BWT in cells on `threads` threads, and write the sections NG_SECTION_BWT_* and
 * NG_SECTION_MARK_HINTS. The same text gives the same bytes. progress, which may be NULL, is called
 * from this thread, and whenever some more pages of the text have been read: whoever has it in a
 * file can give them back there. Memory: 2 bytes a cell, 1.5 KiB a superblock, and what some
 * superblocks take encoded. -ENOMEM, -EINTR, or the writer's error, with err set. */
int ng_bwt_write(const struct ng_bwt_text *text, unsigned mark_shift, unsigned threads,
		 struct ng_shard_writer *shard, const ng_cancel *cancel,
		 void (*progress)(void *userdata, uint64_t done, uint64_t total), void *userdata,
		 struct ng_error *err);
