/* SPDX-License-Identifier: Apache-2.0 */
/* Space on disk for a build, before it begins. */
#pragma once

#include "build/memory.h"

/* Compare what an index of text_bytes takes at its peak (mkngramfs(1), MEMORY AND DISK) with the
 * room where the output will be and, where that is another filesystem, in tmp_dir (NULL: none
 * named). -ENOSPC with err, which says how much is needed and free. A filesystem that doesn't say
 * has room. */
int ng_disk_space_check(const char *output, const char *tmp_dir, uint64_t text_bytes,
			const struct ng_memory_plan *plan, struct ng_error *err);
