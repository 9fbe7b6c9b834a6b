/* NG_SECTION_PARAMS: the numbers that the other sections are read with. */
#pragma once

#include "base/base.h"

struct ng_shard_params {
	uint64_t rows;    /* of the BWT: text, separators, and the end of text */
	uint64_t primary; /* row of the whole text's suffix */
	uint64_t docs;
	uint64_t text_bytes; /* of the documents, without separators */
	uint32_t sa_log;     /* suffix array samples: every 2^sa_log positions */
	uint32_t isa_log;    /* inverse samples: every 2^isa_log positions */
	uint64_t reserved[2];
};

_Static_assert(sizeof(struct ng_shard_params) == 56, "as ngramfs-index(5) has it");
