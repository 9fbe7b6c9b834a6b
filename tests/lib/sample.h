/* SPDX-License-Identifier: Apache-2.0 */
/* An index of prose whose contents are to be changed, for the tests of the checker. */
#pragma once

#include "findings.h"
#include "forge.h"
#include "format/ef.h"
#include "format/packed.h"
#include "format/params.h"

static const struct ng_build_options sample_options = {
	.threads = 1, .sa_sampling = 16, .text_store = true};

/* An index of prose, and its shard to be changed. */
struct sample {
	struct naive corpus;
	struct made_index made;
	struct forged f;
	uint8_t *sound; /* the shard as it was */
};

int sample_new(void **state);
int sample_free(void **state);
uint8_t *sample_section(const struct sample *s, uint32_t type, size_t *ret_bytes);
struct ng_shard_params *sample_params(const struct sample *s);

/* Number i of an array of packed ones. */
void sample_packed_put(uint8_t *data, uint64_t i, uint64_t value);
uint64_t sample_packed_get(const struct sample *s, uint64_t i);

/* Add to number i of a sequence; its length stays as it is. */
void sample_sequence_add(const struct sample *s, uint32_t type, uint64_t i, int64_t add);
