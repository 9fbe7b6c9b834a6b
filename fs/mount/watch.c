/* SPDX-License-Identifier: Apache-2.0 */
#include "mount/watch.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#define ORPHANED SIGUSR1

#define CONNECTIONS "/sys/fs/fuse/connections"

/* What the daemon sends. */
struct message {
	unsigned connection;
	bool ended; /* in good order */
};

static int open_abort(unsigned connection)
{
	char path[sizeof(CONNECTIONS) + 32];

	snprintf(path, sizeof(path), CONNECTIONS "/%u/abort", connection);
	return open(path, O_WRONLY | O_CLOEXEC);
}

/* systemd mounts fusectl; where it isn't, root can, for this process alone. */
static int find_abort(unsigned connection)
{
	int fd = open_abort(connection);

	if (fd >= 0 || unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("fusectl", CONNECTIONS, "fusectl", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		return fd;
	fd = open_abort(connection);
	/* Or the mount would have a second place here, and stay when it is unmounted. */
	if (umount2("/", MNT_DETACH) < 0)
		_exit(EXIT_FAILURE);
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

__attribute__((noreturn)) static void watch(int fd)
{
	struct message message;
	int abort_fd = -1;

	while (receive(fd, &message)) {
		if (message.ended)
			_exit(EXIT_SUCCESS);
		abort_fd = find_abort(message.connection);
	}
	if (abort_fd >= 0 && write(abort_fd, "1", 1) < 0)
		_exit(EXIT_FAILURE);
	_exit(EXIT_SUCCESS);
}

/* Nothing of the daemon's may be held: not its device, its terminal, its directory. */
__attribute__((noreturn)) static void become_watch(char **argv, pid_t daemon, int fd)
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
	watch(0);
}

int ng_watch_start(char **argv, int *ret_fd)
{
	pid_t pid, daemon = getpid();
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid < 0) {
		int r = -errno;

		close(ends[0]);
		close(ends[1]);
		return r;
	}
	if (pid == 0)
		become_watch(argv, daemon, ends[0]);
	close(ends[0]);
	*ret_fd = ends[1];
	return 0;
}

static void send(int fd, const struct message *message)
{
	/* If it is gone there is nobody to tell; SIGPIPE is ignored by libfuse's handlers. */
	ssize_t n = write(fd, message, sizeof(*message));

	(void)n;
}

void ng_watch_mount(int fd, const char *mountpoint)
{
	struct statx stx;

	if (statx(AT_FDCWD, mountpoint, AT_STATX_DONT_SYNC, STATX_TYPE, &stx) == 0)
		send(fd, &(struct message){.connection = stx.stx_dev_minor});
}

void ng_watch_stop(int fd)
{
	send(fd, &(struct message){.ended = true});
	close(fd);
}
