/* SPDX-License-Identifier: Apache-2.0 */
/* A random order of [0, n) that takes no memory: any place of it is computed by itself. */
#pragma once

#include "base/base.h"

struct ng_shuffle {
	uint64_t n;
	uint64_t keys[8];   /* of the rounds */
	unsigned half_bits; /* numbers are shuffled in [0, 4^half_bits), which is n or more */
};

/* The order that a seed stands for, n >= 1: always the same for the same two numbers. Any 64 bits
 * are a seed, those next to each other too. */
struct ng_shuffle ng_shuffle_make(uint64_t n, uint64_t seed);

/* What stands at place i < n: each number in [0, n) at one place. Over seeds, each is equally
 * likely to. O(1): less than four times eight rounds on average, 256 / n times eight for n < 64.
 * Thread-safe. */
uint64_t ng_shuffle_at(const struct ng_shuffle *shuffle, uint64_t i);
