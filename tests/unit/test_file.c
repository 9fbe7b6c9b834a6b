/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "base/tempfile.h"
#include "scratch.h"

#include <setjmp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <cmocka.h>

#define BYTES (1u << 20) /* more than a pipe holds */

struct side {
	int fd;
	const uint8_t *data;
	pthread_t reader;
	atomic_bool done;
};

static void bytes_fill(uint8_t *data, size_t n)
{
	uint64_t rng = 11;

	for (size_t i = 0; i < n; i++)
		data[i] = (uint8_t)scratch_random(&rng);
}

static int file_open(void)
{
	const char *dir = getenv("TMPDIR");

	return ng_tempfile_open(NG_TEMPDIR(dir && *dir ? dir : "/tmp"));
}

/* At an offset, behind the end, and where nothing is. */
static void test_at(void **state)
{
	ng_cleanup(ng_closep) int fd = file_open();
	uint8_t buf[16] = {0};
	size_t got = 99;

	assert_true(fd >= 0);
	assert_int_equal(ng_file_write_at(fd, "abcdefgh", 8, 4, &got), 0);
	assert_int_equal(got, 8);
	assert_int_equal(ng_file_write_at(fd, "XY", 2, 6, NULL), 0);
	assert_int_equal(ng_file_read_at(fd, buf, 12, 0, NULL), 0);
	assert_memory_equal(buf, "\0\0\0\0abXYefgh", 12);
	assert_int_equal(ng_file_read_at(fd, buf, 16, 8, &got), 0);
	assert_int_equal(got, 4);
	assert_memory_equal(buf, "efgh", 4);
	assert_int_equal(ng_file_read_at(fd, buf, 16, 8, NULL), -EIO);
	assert_int_equal(ng_file_read_at(fd, buf, 1, 12, &got), 0);
	assert_int_equal(got, 0);
	assert_int_equal(ng_file_read_at(fd, NULL, 0, 0, NULL), 0);
	assert_int_equal(ng_file_write_at(fd, NULL, 0, 0, NULL), 0);
	/* Neither moves the descriptor. */
	assert_int_equal(ng_file_read(fd, buf, 16, &got), 0);
	assert_int_equal(got, 12);
	assert_int_equal(ng_file_read(fd, buf, 1, NULL), -EIO);
}

static void *side_write(void *userdata)
{
	struct side *side = userdata;
	int r = ng_file_write(side->fd, side->data, BYTES, NULL);

	close(side->fd);
	atomic_store(&side->done, true);
	return r ? side : NULL;
}

static void *side_disturb(void *userdata)
{
	struct side *side = userdata;

	while (!atomic_load(&side->done)) {
		pthread_kill(side->reader, SIGUSR1);
		usleep(200);
	}
	return NULL;
}

static void on_signal(int number)
{
	(void)number;
}

/* A pipe gives and takes less than is asked for, and signals come in between. */
static void test_pipe(void **state)
{
	struct sigaction action = {.sa_handler = on_signal};
	ng_cleanup(ng_freep) uint8_t *data = malloc(BYTES), *back = malloc(BYTES + 1);
	struct side side = {.data = data, .reader = pthread_self()};
	pthread_t writer, disturber;
	size_t got = 0;
	void *failed;
	int fds[2];

	assert_true(data && back);
	bytes_fill(data, BYTES);
	assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
	assert_int_equal(pipe(fds), 0);
	side.fd = fds[1];
	assert_int_equal(pthread_create(&disturber, NULL, side_disturb, &side), 0);
	usleep(2000);
	assert_int_equal(pthread_create(&writer, NULL, side_write, &side), 0);
	assert_int_equal(ng_file_read(fds[0], back, BYTES + 1, &got), 0);
	assert_int_equal(got, BYTES);
	assert_memory_equal(data, back, BYTES);
	assert_int_equal(pthread_join(writer, &failed), 0);
	assert_null(failed);
	assert_int_equal(pthread_join(disturber, NULL), 0);
	close(fds[0]);
}

/* What a limit lets through is written, and counted. */
static void test_no_room(void **state)
{
	ng_cleanup(ng_closep) int fd = file_open(), full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct rlimit before, small;
	uint8_t buf[100] = {0};
	size_t done = 99;

	assert_true(fd >= 0);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = 64;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(ng_file_write_at(fd, buf, 100, 10, &done), -EFBIG);
	assert_int_equal(done, 54);
	assert_int_equal(ng_file_write(fd, buf, 100, &done), -EFBIG);
	assert_int_equal(done, 64);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	if (full >= 0) {
		assert_int_equal(ng_file_write(full, buf, 100, &done), -ENOSPC);
		assert_int_equal(done, 0);
	}
	assert_int_equal(ng_file_read(-1, buf, 1, &done), -EBADF);
	assert_int_equal(ng_file_write_at(-1, buf, 1, 0, NULL), -EBADF);
	assert_non_null(strstr(ng_file_advice(-ENOSPC), "make room"));
	assert_non_null(strstr(ng_file_advice(-EDQUOT), "make room"));
	assert_string_equal(ng_file_advice(-EFBIG), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_at),
		cmocka_unit_test(test_pipe),
		cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
