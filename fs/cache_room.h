/* Where, and how much of it, what is asked for again and again is kept decoded
 * (ng_index_keep_decoded): the mount option cache=. */
#pragma once

#include "base/base.h"

/* TMPDIR, or /var/tmp: it may be more than a /tmp in memory has room for. An absolute path, the
 * caller's; NULL: no memory. */
char *ng_cache_dir(void);

/* A sixteenth of the memory, a quarter of the room that is free in dir, or a GiB: whichever is
 * least; 0 where dir can't be looked at. */
uint64_t ng_cache_default(const char *dir);

/* What was asked for, or half of the room that is free in dir. Where dir can't be looked at it is
 * what was asked for: making a file there says why. */
uint64_t ng_cache_limit(const char *dir, uint64_t asked);
