/* SPDX-License-Identifier: Apache-2.0 */
/* Names that programs look for by themselves in whatever directory they are in or walk through,
 * such as .gitignore. In directories where every name is a query they would read answers as their
 * configuration: search tools millions of lines of kwic as patterns. So these names are absent
 * there as they stand, and are queries only where a byte of them is written as %XX. */
#pragma once

#include "base/base.h"

/* Whether a name, as it is written, is one of them. Each of them has a dot or a hyphen, so whoever
 * writes those as %XX never meets one. O(strlen(name)); thread-safe. */
bool ng_probes_has(const char *name);

/* Name i of them in the order of strcmp, for i from 0 on; NULL behind the last. */
const char *ng_probes_name(size_t i);
