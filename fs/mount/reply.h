/* SPDX-License-Identifier: Apache-2.0 */
/* What replies have in common: their errors, which the log may hear of, and attributes.
 * Thread-safe. */
#pragma once

#define FUSE_USE_VERSION 312

#include <fuse_lowlevel.h>

#include "mount/mount.h"

/* For ever, as far as the kernel's clock goes. */
#define NG_TIMEOUT_SECONDS 1e9

/* As ng_call_take, of a call that came to r: the reply to a failure is made here, and false
 * returned. What is damaged, or cannot be read, is EIO to who asks, and logged, as is what was
 * refused. call->userdata is the mount. */
bool ng_reply_take(struct ng_call *call, int r);

void ng_reply_fill_stat(const struct ng_mount *mount, const struct ng_entry *entry,
			struct stat *ret_stat);

/* With how long the kernel may keep it. */
void ng_reply_fill_entry(const struct ng_mount *mount, const struct ng_entry *entry,
			 struct fuse_entry_param *ret_param);
