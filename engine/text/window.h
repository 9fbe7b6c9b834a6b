/* SPDX-License-Identifier: Apache-2.0 */
/* What decompressing a file will take, so that memory can be set aside for it beforehand. */
#pragma once

#include "base/base.h"

/* The window that the first stream of a regular file asks for, in bytes: 0 where its name ends in
 * none of .zst, .zstd, .xz, .lzma, .lz, .7z, .txz and .tzst, and where nothing can be told or read.
 * Cost: a read of 4 KiB for each such file. */
uint64_t ng_window_of_file(const char *path);

/* The same, by the first bytes of a file. */
uint64_t ng_window_of(const uint8_t *head, size_t len);
