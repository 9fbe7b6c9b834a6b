/* SPDX-License-Identifier: Apache-2.0 */
#include "merge/phase.h"

void ng_shard_phase(struct ng_shard_progress *progress, enum ng_build_phase phase, uint64_t total)
{
	atomic_store(&progress->done_bytes, 0);
	atomic_store(&progress->total_bytes, total);
	atomic_store(&progress->phase, phase);
}
