/* SPDX-License-Identifier: Apache-2.0 */
/* Names in a mount: queries with %XX escapes, and numbered files such as 0042.txt. Pure functions;
 * thread-safe. */
#pragma once

#include "base/base.h"

/* The longest name that Linux lets through: PATH_MAX less its NUL. */
#define NG_PATH_NAME_MAX 4095u

/* Decode a name into the query it stands for: %XX (either case) is a byte, any other byte is
 * itself. buf must hold len bytes and may be name itself. Returns 0 with *ret_len in 1..len, or
 * -EINVAL: a % that two hexadecimal digits don't follow, or an empty name. O(len). */
int ng_path_decode(const char *name, size_t len, uint8_t *buf, size_t *ret_len);

/* Decimal digits that number the things 0..n-1 in one width; 1 at least. */
unsigned ng_path_width(uint64_t n);

/* Read a name of 1..width decimal digits and a suffix, such as "0042.txt" or "42.txt". Leading
 * zeroes may be left out, so that a person can type the number. Returns 0 with *ret_number, or
 * -ENOENT for any other name. width is 20 at most; a number beyond 64 bits is -ENOENT. */
int ng_path_number(const char *name, unsigned width, const char *suffix, uint64_t *ret_number);
