/* SPDX-License-Identifier: Apache-2.0 */
/* Where each cell is: a line of 64 bytes for every NG_LINE_CELLS cells.
 *
 *   offset  bytes
 *   0       8       where the line's first cell begins in the section of cells, below 2^48
 *   8       2 each  where each cell ends, from there on; what a line says of cells that the shard
 *                   doesn't have is 0
 *
 * So the two bytes before an end, the 0 above the 48 bits included, are where its cell begins. */
#pragma once

#include "base/base.h"

#define NG_LINE_CELLS 28u
#define NG_LINE_BYTES 64u

static inline const uint8_t *ng_directory_line(const uint8_t *directory, uint64_t cell)
{
	return directory + cell / NG_LINE_CELLS * NG_LINE_BYTES;
}

static inline uint64_t ng_directory_begin(const uint8_t *line, uint64_t cell)
{
	return (ng_load64(line) & ((1ull << 48) - 1)) +
	       ng_load16(line + 6 + 2 * (cell % NG_LINE_CELLS));
}

static inline uint64_t ng_directory_end(const uint8_t *line, uint64_t cell)
{
	return (ng_load64(line) & ((1ull << 48) - 1)) +
	       ng_load16(line + 8 + 2 * (cell % NG_LINE_CELLS));
}
