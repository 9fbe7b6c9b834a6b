/* SPDX-License-Identifier: Apache-2.0 */
/* The list of formats for people and scripts (mkngramfs --list-formats). */
#pragma once

#include "base/base.h"

/* A line each: what becomes of it ("read", "decompressed", "not read"), its name, how it is
 * recognised, and what its documents are or what makes text of it; with TABs between. Returns 0,
 * -ENOMEM or the errno of writing. */
int ng_formats_print(FILE *file);
