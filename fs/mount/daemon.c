/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/file.h"
#include "mount/daemon.h"
#include "names/path.h"

/* What FUSE lets through where it doesn't know of longer names (FUSE_NAME_MAX less 1). */
#define OLD_NAME_MAX 1023u

static int wait_child(pid_t child, int ready_fd)
{
	char byte;
	int status;

	if (ng_file_read(ready_fd, &byte, 1, NULL) == 0)
		return 0;
	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			return 1;
	}
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	fprintf(stderr, "ngramfs: ended by signal %d before the mount was ready\n",
		WTERMSIG(status));
	return 1;
}

int ng_daemon_fork(int *ret_ready_fd, int *ret_status)
{
	int fds[2];
	pid_t child;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	child = fork();
	if (child < 0) {
		int r = -errno;

		close(fds[0]);
		close(fds[1]);
		return r;
	}
	if (child == 0) {
		close(fds[0]);
		*ret_ready_fd = fds[1];
		return 0;
	}
	close(fds[1]);
	*ret_status = wait_child(child, fds[0]);
	close(fds[0]);
	return 1;
}

void ng_daemon_ready(int ready_fd)
{
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	setsid();
	if (chdir("/") == 0 && null_fd >= 0) {
		dup2(null_fd, STDIN_FILENO);
		dup2(null_fd, STDOUT_FILENO);
		dup2(null_fd, STDERR_FILENO);
	}
	if (null_fd > STDERR_FILENO)
		close(null_fd);
	/* A parent that has been killed meanwhile has no use for the byte. */
	ng_file_write(ready_fd, "", 1, NULL);
	close(ready_fd);
}

int ng_daemon_probe(const char *mountpoint, unsigned *ret_name_max)
{
	ng_cleanup(ng_closep) int dir = open(mountpoint, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char name[NG_PATH_NAME_MAX + 1];
	struct stat st;

	if (dir < 0)
		return -errno;
	memset(name, '-', NG_PATH_NAME_MAX);
	name[NG_PATH_NAME_MAX] = '\0';
	if (fstatat(dir, name, &st, 0) == 0 || errno == ENOENT) {
		*ret_name_max = NG_PATH_NAME_MAX;
		return 0;
	}
	if (errno != ENAMETOOLONG)
		return -errno;
	/* The kernel said so without asking; this one gets through to the daemon. */
	name[OLD_NAME_MAX] = '\0';
	if (fstatat(dir, name, &st, 0) < 0 && errno != ENOENT)
		return -errno;
	*ret_name_max = OLD_NAME_MAX;
	return 0;
}
