/* SPDX-License-Identifier: Apache-2.0 */
/* What kind of storage a file is on. */
#pragma once

#include "base/base.h"

/* Whether a file, open for reading, is on a filesystem whose data comes from elsewhere, such as
 * NFS, SMB, Lustre, Ceph or any FUSE filesystem: a read may take some hundred times as long as from
 * a disk. False where it isn't known. One system call, which may ask the server. */
bool ng_file_is_remote(int fd);
