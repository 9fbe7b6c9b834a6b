/* SPDX-License-Identifier: Apache-2.0 */
#include "mount/sandbox.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <cmocka.h>

static bool try_exec(void)
{
	return execl("/bin/true", "true", NULL) == 0;
}

static bool try_ptrace(void)
{
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0;
}

static bool try_mount(void)
{
	return mount("none", "/nonesuch", "tmpfs", 0, NULL) == 0;
}

static bool try_setuid(void)
{
	return setuid(0) == 0;
}

static bool try_chmod(void)
{
	return chmod("/nonesuch", 0600) == 0;
}

static bool try_rename(void)
{
	return rename("/nonesuch", "/nonesuch2") == 0;
}

static bool try_chroot(void)
{
	return chroot("/nonesuch") == 0;
}

static bool try_bind(void)
{
	return bind(-1, NULL, 0) == 0;
}

static const struct {
	const char *name;
	bool (*call)(void);
} tries[] = {
	{"execve", try_exec},   {"ptrace", try_ptrace}, {"mount", try_mount},
	{"setuid", try_setuid}, {"chmod", try_chmod},   {"rename", try_rename},
	{"chroot", try_chroot}, {"bind", try_bind},
};

/* What the daemon does all the time. */
static bool works(void)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR, 0600), null_fd = open("/dev/null", O_RDONLY);
	bool fine = null_fd >= 0 && (fd < 0 || write(fd, "x", 1) == 1);
	pid_t pid = fork();

	if (pid == 0)
		_exit(7);
	return fine && pid > 0;
}

/* A file outside of the directory of temporary ones. */
static char beside[] = "/var/tmp/ngramfs-sandbox-XXXXXX";

/* What is there can be read, and nothing be written but in the one directory. */
static bool changes_files(void)
{
	char name[] = "/tmp/ngramfs-sandbox-XXXXXX";
	int made = mkstemp(name), readable = open("/etc/passwd", O_RDONLY);

	if (made < 0 || ftruncate(made, 0) < 0 || unlink(name) < 0 || readable < 0)
		return true;
	return open("/etc/passwd", O_WRONLY) >= 0 || errno != EACCES ||
	       open("/etc/ngramfs-nonesuch", O_CREAT | O_WRONLY, 0600) >= 0 || errno != EACCES ||
	       mkdir("/var/tmp/ngramfs-nonesuch", 0700) == 0 || errno != EACCES ||
	       unlink(beside) == 0 || errno != EACCES;
}

/* In a process of its own: 0, or the number of what is not as it should be. */
static int inside(void)
{
	static const struct ng_sandbox_options options = {.temporary = "/tmp"};
	struct ng_sandbox sandbox = {0};

	if (ng_sandbox_enter(&options, &sandbox))
		return 1;
	if (!sandbox.no_new_privs || !sandbox.capabilities)
		return 77;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 2;
	if (prctl(PR_CAPBSET_READ, CAP_SYS_PTRACE, 0, 0, 0) > 0 ||
	    prctl(PR_CAPBSET_READ, CAP_NET_ADMIN, 0, 0, 0) > 0)
		return 3;
	if (!sandbox.seccomp)
		return 77;
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != 2 || !works())
		return 4;
	for (size_t i = 0; i < ng_array_size(tries); i++)
		if (tries[i].call() || errno != EPERM)
			return 10 + (int)i;
	if (sandbox.landlock && changes_files())
		return 5;
	return 0;
}

static void test_inside(void **state)
{
	int fd = mkstemp(beside), status;
	pid_t pid = fork();

	assert_true(fd >= 0 && pid >= 0);
	if (pid == 0)
		_exit(inside());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(fd);
	assert_int_equal(unlink(beside), 0);
	assert_true(WIFEXITED(status));
	/* Not root, or a kernel or a build without. */
	if (WEXITSTATUS(status) == 77)
		skip();
	if (WEXITSTATUS(status) >= 10)
		fail_msg("%s is not refused", tries[WEXITSTATUS(status) - 10].name);
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_inside)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
