/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes in names: %XX stands for one. Pure; thread-safe. */
#pragma once

#include "base/base.h"

/* Decode text: %XX (either case) is a byte, any other byte is itself. buf must hold len bytes and
 * may be text itself. Returns 0 with *ret_len in [0, len], or -EINVAL: a % that two hexadecimal
 * digits don't follow. O(len). */
int ng_percent_decode(const char *text, size_t len, uint8_t *buf, size_t *ret_len);
