/* Mapped files that shrink or fail under the reader. Touching such a page raises SIGBUS, which
 * would end the process; for a registered mapping the reader gets zeroes instead, and the mapping
 * remembers it. */
#pragma once

#include "base/base.h"

struct ng_fault;

/* Watch addr[0..len-1], a file mapping that begins at a page boundary. The first call installs the
 * handler of SIGBUS; signals that concern no watched mapping go to whoever handled them before.
 * Thread-safe. -ENOMEM, or what sigaction says. */
int ng_fault_watch(const void *addr, size_t len, struct ng_fault **ret_fault);

/* A page of the mapping could not be read and stands replaced by zeroes. Thread-safe. */
bool ng_fault_seen(const struct ng_fault *fault);

/* Watch no more; call it before munmap. NULL is allowed. Thread-safe. */
struct ng_fault *ng_fault_unwatch(struct ng_fault *fault);
