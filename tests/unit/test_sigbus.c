/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sigbus.h"
#include "scratch.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <cmocka.h>

/* A file of n pages of 'x', mapped, and cut to keep pages behind the mapping's back. */
static uint8_t *map_and_cut(size_t n_pages, size_t keep_pages)
{
	const size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	char dir[SCRATCH_DIR_MAX], path[SCRATCH_DIR_MAX + 8];
	ng_cleanup(ng_closep) int fd = -1;
	uint8_t *data;

	if (scratch_make(dir) < 0)
		return NULL;
	snprintf(path, sizeof(path), "%s/cut", dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || scratch_remove(dir) < 0 || ftruncate(fd, (off_t)(n_pages * page_bytes)) < 0)
		return NULL;
	for (size_t i = 0; i < keep_pages * page_bytes; i++)
		if (pwrite(fd, "x", 1, (off_t)i) != 1)
			return NULL;
	data = mmap(NULL, n_pages * page_bytes, PROT_READ, MAP_SHARED, fd, 0);
	if (data == MAP_FAILED || ftruncate(fd, (off_t)(keep_pages * page_bytes)) < 0)
		return NULL;
	return data;
}

/* cmocka sets handlers of its own at the start of each test and takes them back at its end, ours
 * with them. The first test that watches a mapping lends the others the handler it got. */
static void arm(void)
{
	static struct sigaction ours;

	if (ours.sa_flags & SA_SIGINFO)
		sigaction(SIGBUS, &ours, NULL);
	else
		sigaction(SIGBUS, NULL, &ours);
}

static uint8_t read_byte(const uint8_t *p)
{
	return *(const volatile uint8_t *)p;
}

static void test_zeroes_and_flag(void **state)
{
	const size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *cut = map_and_cut(4, 1), *whole = map_and_cut(2, 2);
	struct ng_sigbus *cut_watch, *whole_watch;

	assert_non_null(cut);
	assert_non_null(whole);
	assert_int_equal(ng_sigbus_watch(cut, 4 * page_bytes, &cut_watch), 0);
	assert_int_equal(ng_sigbus_watch(whole, 2 * page_bytes - 5, &whole_watch), 0);
	arm();
	for (size_t i = 0; i < page_bytes; i++)
		assert_int_equal(read_byte(cut + i), 'x');
	assert_false(ng_sigbus_seen(cut_watch));
	for (size_t i = page_bytes; i < 4 * page_bytes; i++)
		assert_int_equal(read_byte(cut + i), 0);
	assert_true(ng_sigbus_seen(cut_watch));
	assert_int_equal(read_byte(cut), 'x');
	assert_int_equal(read_byte(whole + 2 * page_bytes - 1), 'x');
	assert_false(ng_sigbus_seen(whole_watch));
	assert_null(ng_sigbus_unwatch(cut_watch));
	munmap(cut, 4 * page_bytes);

	/* Used again, the node forgets. */
	cut = map_and_cut(2, 1);
	assert_non_null(cut);
	assert_int_equal(ng_sigbus_watch(cut, 2 * page_bytes, &cut_watch), 0);
	assert_false(ng_sigbus_seen(cut_watch));
	assert_int_equal(read_byte(cut + page_bytes), 0);
	assert_true(ng_sigbus_seen(cut_watch));
	ng_sigbus_unwatch(cut_watch);
	ng_sigbus_unwatch(whole_watch);
	assert_null(ng_sigbus_unwatch(NULL));
	munmap(cut, 2 * page_bytes);
	munmap(whole, 2 * page_bytes);
}

/* A process may have 65,530 mappings by default: holes must not each cost one. */
static void test_many_holes(void **state)
{
	const size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE), n_pages = 300000;
	uint8_t *data = map_and_cut(n_pages, 1);
	struct ng_sigbus *watch;

	assert_non_null(data);
	assert_int_equal(ng_sigbus_watch(data, n_pages * page_bytes, &watch), 0);
	arm();
	for (size_t page = 2; page < n_pages; page += 2)
		assert_int_equal(read_byte(data + page * page_bytes), 0);
	ng_sigbus_unwatch(watch);
	munmap(data, n_pages * page_bytes);
}

struct reader {
	pthread_t thread;
	size_t n_rounds;
	bool ok;
};

static void *watch_and_read(void *arg)
{
	const size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	struct reader *reader = arg;

	reader->ok = true;
	for (size_t i = 0; i < reader->n_rounds; i++) {
		uint8_t *data = map_and_cut(3, i % 2);
		struct ng_sigbus *watch;

		if (!data || ng_sigbus_watch(data, 3 * page_bytes, &watch)) {
			reader->ok = false;
			break;
		}
		reader->ok &= read_byte(data + 2 * page_bytes) == 0;
		reader->ok &= read_byte(data) == (i % 2 ? 'x' : 0);
		reader->ok &= ng_sigbus_seen(watch);
		ng_sigbus_unwatch(watch);
		munmap(data, 3 * page_bytes);
	}
	return NULL;
}

static void test_threads(void **state)
{
	struct reader readers[4] = {0};

	arm();
	for (size_t i = 0; i < ng_array_size(readers); i++) {
		readers[i].n_rounds = 50;
		assert_int_equal(
			pthread_create(&readers[i].thread, NULL, watch_and_read, &readers[i]), 0);
	}
	for (size_t i = 0; i < ng_array_size(readers); i++)
		pthread_join(readers[i].thread, NULL);
	for (size_t i = 0; i < ng_array_size(readers); i++)
		assert_true(readers[i].ok);
}

static void on_sigbus_simple(int sig)
{
	_exit(41);
}

static void on_sigbus_info(int sig, siginfo_t *info, void *context)
{
	_exit(info->si_code > 0 && info->si_addr ? 42 : 43);
}

enum before { NOBODY, IGNORED, SIMPLE, INFO };
enum raised { ACCESS, KILL, UNWATCHED };

/* In a child: install what was there before us, watch a mapping, cause a signal that is not ours.
 */
static void be_hit(enum before before, enum raised raised)
{
	const size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *ours = map_and_cut(2, 1), *foreign = map_and_cut(2, 1);
	struct sigaction action = {.sa_handler = SIG_DFL};
	struct ng_sigbus *watch;

	if (before == IGNORED)
		action.sa_handler = SIG_IGN;
	if (before == SIMPLE)
		action.sa_handler = on_sigbus_simple;
	if (before == INFO) {
		action.sa_sigaction = on_sigbus_info;
		action.sa_flags = SA_SIGINFO;
	}
	sigaction(SIGBUS, &action, NULL);
	if (!ours || !foreign || ng_sigbus_watch(ours, 2 * page_bytes, &watch))
		_exit(1);
	if (read_byte(ours + page_bytes))
		_exit(2);
	if (raised == ACCESS)
		read_byte(foreign + page_bytes);
	if (raised == KILL)
		raise(SIGBUS);
	if (raised == UNWATCHED) {
		ng_sigbus_unwatch(watch);
		munmap(ours, 2 * page_bytes);
		ours = map_and_cut(2, 1);
		if (!ours)
			_exit(3);
		read_byte(ours + page_bytes);
	}
	_exit(0);
}

static void test_foreign_signals(void **state)
{
	static const struct {
		enum before before;
		enum raised raised;
		int exit_code; /* -1: killed by SIGBUS */
	} cases[] = {
		{NOBODY, ACCESS, -1},    {NOBODY, KILL, -1},    {NOBODY, UNWATCHED, -1},
		{IGNORED, ACCESS, -1},   {IGNORED, KILL, 0},    {SIMPLE, ACCESS, 41},
		{SIMPLE, KILL, 41},      {INFO, ACCESS, 42},    {INFO, KILL, 43},
		{SIMPLE, UNWATCHED, 41}, {INFO, UNWATCHED, 42},
	};

	for (size_t i = 0; i < ng_array_size(cases); i++) {
		pid_t pid;
		int status;

		pid = fork();
		assert_true(pid >= 0);
		if (!pid)
			be_hit(cases[i].before, cases[i].raised);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (cases[i].exit_code < 0
			    ? !WIFSIGNALED(status) || WTERMSIG(status) != SIGBUS
			    : !WIFEXITED(status) || WEXITSTATUS(status) != cases[i].exit_code)
			fail_msg("case %zu: status %#x", i, status);
	}
}

static void test_refuses_nothing_to_watch(void **state)
{
	struct ng_sigbus *watch = NULL;

	assert_int_equal(ng_sigbus_watch((void *)4096, 0, &watch), -EINVAL);
	assert_null(watch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* First, while nothing has installed the handler in this process. */
		cmocka_unit_test(test_foreign_signals),
		cmocka_unit_test(test_zeroes_and_flag),
		cmocka_unit_test(test_many_holes),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_refuses_nothing_to_watch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
