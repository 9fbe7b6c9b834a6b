/* SPDX-License-Identifier: Apache-2.0 */
/* Text within a line. */
#pragma once

#include "base/buf.h"

/* Append text with tab, newline and backslash as \t, \n and \\, and other control characters of
 * ASCII as \xNN. -ENOMEM. */
int ng_escape_append(struct ng_buf *buf, const uint8_t *text, size_t len);
