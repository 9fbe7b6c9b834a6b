/* SPDX-License-Identifier: Apache-2.0 */
/* Mapped files that shrink or fail under the reader. Touching such a page raises SIGBUS, which
 * would end the process; for a registered mapping the reader gets zeroes instead, and the mapping
 * remembers it. */
#pragma once

#include "base/base.h"

struct ng_sigbus;

/* Watch addr[0..len-1], a file mapping that begins at a page boundary. The first call installs the
 * handler of SIGBUS; signals that concern no watched mapping go to whoever handled them before.
 * Thread-safe. -ENOMEM, or what sigaction says. */
int ng_sigbus_watch(const void *addr, size_t len, struct ng_sigbus **ret_watch);

/* A page of the mapping could not be read and stands replaced by zeroes. Thread-safe. */
bool ng_sigbus_seen(const struct ng_sigbus *watch);

/* Watch no more; call it before munmap. NULL is allowed. Thread-safe. */
struct ng_sigbus *ng_sigbus_unwatch(struct ng_sigbus *watch);
