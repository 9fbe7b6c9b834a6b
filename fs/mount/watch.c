/* SPDX-License-Identifier: Apache-2.0 */
#include "mount/watch.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define ORPHANED SIGUSR1

#define CONNECTIONS "/sys/fs/fuse/connections"

/* What the daemon sends; it gets a byte back where it waits for one. */
struct message {
	enum { MOUNTED, UNMOUNT, ENDED } what; /* ENDED: in good order */
	unsigned connection;                   /* MOUNTED */
};

/* systemd mounts fusectl; where it isn't, root can, at no place that anybody sees. */
static int find_abort(unsigned connection)
{
	char path[sizeof(CONNECTIONS) + 32];
	int fs, top, fd = -1;

	snprintf(path, sizeof(path), CONNECTIONS "/%u/abort", connection);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	fs = fsopen("fusectl", FSOPEN_CLOEXEC);
	if (fs < 0)
		return -1;
	top = fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0
		      ? -1
		      : fsmount(fs, FSMOUNT_CLOEXEC,
				MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	close(fs);
	if (top < 0)
		return -1;
	snprintf(path, sizeof(path), "%u/abort", connection);
	fd = openat(top, path, O_WRONLY | O_CLOEXEC);
	close(top);
	return fd;
}

/* The daemon's main thread has ended. That a descriptor of the daemon is closed, or its process
 * gone, comes only when the thread that waits in the kernel has ended, too. */
static volatile sig_atomic_t orphaned;

static void on_orphaned(int signal_no)
{
	orphaned = 1;
}

/* The next message; false when the daemon has ended, and none is left. */
static bool receive(int fd, struct message *ret)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	sigset_t none;

	sigemptyset(&none);
	for (;;) {
		static const struct timespec now = {0};
		/* The signal comes through only while it waits, so that none is missed. */
		int n = ppoll(&p, 1, orphaned ? &now : NULL, &none);

		if (n > 0)
			return read(fd, ret, sizeof(*ret)) == sizeof(*ret);
		if (n == 0 || errno != EINTR)
			return false;
	}
}

__attribute__((noreturn)) static void watch(int fd, const char *mountpoint)
{
	struct message message;
	int abort_fd = -1;

	while (receive(fd, &message)) {
		char failed;

		if (message.what == ENDED)
			_exit(EXIT_SUCCESS);
		if (message.what == MOUNTED) {
			abort_fd = find_abort(message.connection);
			continue;
		}
		failed = (char)(umount2(mountpoint, MNT_DETACH) < 0 ? errno : 0);
		if (send(fd, &failed, 1, MSG_NOSIGNAL) < 0)
			break;
	}
	if (abort_fd >= 0 && write(abort_fd, "1", 1) < 0)
		_exit(EXIT_FAILURE);
	_exit(EXIT_SUCCESS);
}

/* Nothing of the daemon's may be held: not its device, its terminal, its directory. */
__attribute__((noreturn)) static void become_watch(char **argv, const char *mountpoint,
						   pid_t daemon, int fd)
{
	struct sigaction action = {.sa_handler = on_orphaned};
	sigset_t all;

	for (char **arg = argv; *arg; arg++)
		memset(*arg, arg == argv ? 'w' : ' ', strlen(*arg));
	for (int signal_no = 1; signal_no < NSIG; signal_no++)
		signal(signal_no, SIG_IGN);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	sigaction(ORPHANED, &action, NULL);
	if (prctl(PR_SET_PDEATHSIG, ORPHANED) < 0 || dup2(fd, 0) < 0 ||
	    close_range(1, ~0u, 0) < 0 || chdir("/") < 0)
		_exit(EXIT_FAILURE);
	/* It may have ended before it was asked for the signal. */
	if (getppid() != daemon)
		orphaned = 1;
	setsid();
	watch(0, mountpoint);
}

int ng_watch_start(char **argv, const char *mountpoint, int *ret_fd)
{
	pid_t pid, daemon = getpid();
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	pid = fork();
	if (pid < 0) {
		int r = -errno;

		close(ends[0]);
		close(ends[1]);
		return r;
	}
	if (pid == 0)
		become_watch(argv, mountpoint, daemon, ends[0]);
	close(ends[0]);
	*ret_fd = ends[1];
	return 0;
}

static void tell(int fd, const struct message *message)
{
	/* If it is gone there is nobody to tell. */
	ssize_t n = send(fd, message, sizeof(*message), MSG_NOSIGNAL);

	(void)n;
}

void ng_watch_mount(int fd, const char *mountpoint)
{
	struct statx stx;

	if (statx(AT_FDCWD, mountpoint, AT_STATX_DONT_SYNC, STATX_TYPE, &stx) == 0)
		tell(fd, &(struct message){MOUNTED, stx.stx_dev_minor});
}

int ng_watch_unmount(int fd)
{
	char failed;
	ssize_t n;

	tell(fd, &(struct message){.what = UNMOUNT});
	do
		n = recv(fd, &failed, 1, 0);
	while (n < 0 && errno == EINTR);
	return n == 1 ? -failed : -EPIPE;
}

void ng_watch_stop(int fd)
{
	tell(fd, &(struct message){.what = ENDED});
	close(fd);
}
