/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers and sizes as options give them. */
#pragma once

#include "base/base.h"

/* A decimal number; with suffixes, it may be followed by K, M, G or T, in either case, for powers
 * of 1024. -EINVAL: it isn't one; -ERANGE: it doesn't fit into 64 bits. */
int ng_number_parse(const char *arg, bool suffixes, uint64_t *ret_number);
