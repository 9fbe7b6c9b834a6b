/* SPDX-License-Identifier: Apache-2.0 */
#include "base/filesystem.h"

#include <sys/vfs.h>

bool ng_file_is_remote(int fd)
{
	/* Their numbers, as statfs(2) and the filesystems' own headers have them. */
	static const uint32_t remote[] = {
		0x00006969, /* NFS */
		0x0000517b, /* SMB */
		0xff534d42, /* CIFS */
		0xfe534d42, /* SMB 2 */
		0x65735546, /* FUSE: Gluster, rclone, s3fs, sshfs; and virtiofs */
		0x0bd00bd0, /* Lustre */
		0x00c36400, /* Ceph */
		0x01021997, /* 9P */
		0x47504653, /* GPFS */
		0x19830326, /* BeeGFS */
		0x20030528, /* OrangeFS */
		0x5346414f, /* OpenAFS */
		0x6b414653, /* AFS of the kernel */
		0x73757245, /* Coda */
		0x7461636f, /* OCFS2 */
		0x01161970, /* GFS2 */
		0x786f4256, /* shared folders of VirtualBox */
	};
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return false;
	for (size_t i = 0; i < ng_array_size(remote); i++)
		if ((uint32_t)fs.f_type == remote[i])
			return true;
	return false;
}
