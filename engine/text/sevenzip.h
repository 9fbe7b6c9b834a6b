/* SPDX-License-Identifier: Apache-2.0 */
/* What a 7z archive asks of memory, and whether it can be read, told by its header before
 * libarchive is let loose on it: that takes dictionaries and tables as large as the header says. */
#pragma once

#include "base/base.h"

/* Look at the header of the archive in fd, a regular file. *ret_window: what its largest dictionary
 * takes, in bytes. Returns 0; -EBADMSG with the reason in *ret_why (damaged or cut short,
 * encrypted, a compression that isn't read); -E2BIG (a header of more than header_max bytes);
 * -ENOMEM or the errno of pread(2). Memory: the header. */
int ng_sevenzip_look(int fd, uint64_t header_max, uint64_t *ret_window, const char **ret_why);
