/* SPDX-License-Identifier: Apache-2.0 */
/* A scratch directory and reproducible random numbers for the unit tests. */
#pragma once

#include <dirent.h>
#include <fcntl.h>

#include "base/base.h"

#define SCRATCH_DIR_MAX 1024

/* Make a directory of its own for a test; path gets its name. */
int scratch_make(char path[SCRATCH_DIR_MAX]);

/* Remove it and the files in it. Fails when something else is in it: tests leave nothing. */
int scratch_remove(const char *path);

int scratch_write(const char *path, const void *data, size_t len);

/* The whole of a file; the caller frees it. NULL when it cannot be read. */
uint8_t *scratch_read(const char *path, size_t *ret_len);

/* splitmix64 (S. Vigna, public domain): the state is the seed. */
static inline uint64_t scratch_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* Rounds of a test of what is random: n, or a third with NG_TEST_BRIEF in the environment. */
static inline unsigned scratch_rounds(unsigned n)
{
	return getenv("NG_TEST_BRIEF") ? (n + 2) / 3 : n;
}
