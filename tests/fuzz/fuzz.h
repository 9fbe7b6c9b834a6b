/* SPDX-License-Identifier: Apache-2.0 */
/* What a fuzz target gives its driver: libFuzzer, or standalone.c where there is no clang. */
#pragma once

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An input to begin from, for standalone.c: seed number 0, 1, ... A target need not have it.
 * Returns the input's bytes, which the caller frees, or NULL when there are no more. */
uint8_t *fuzz_seed(unsigned number, size_t *ret_size) __attribute__((__weak__));
