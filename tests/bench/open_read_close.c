/* SPDX-License-Identifier: Apache-2.0 */
/* Open, read and close files, one after the other, as one process would, and say how many a second
 * that made.
 *
 *   open_read_close DIR NAMES
 *
 * NAMES: names in DIR, one a line. Prints files=, per_second= and sum=, the sum of the numbers that
 * the files hold. */
#include <fcntl.h>
#include <time.h>

#include "base/base.h"
#include "base/buf.h"

static double now_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* The file's text; every newline becomes the end of a string. */
static int names_read(const char *path, struct ng_buf *ret_names)
{
	ng_cleanup(ng_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	ng_cleanup(ng_buf_free) struct ng_buf names = NG_BUF_INIT;
	ssize_t n;

	if (fd < 0)
		return -errno;
	do {
		int r = ng_buf_reserve(&names, 1 << 20);

		if (r < 0)
			return r;
		n = read(fd, names.data + names.len, 1 << 20);
		if (n < 0)
			return -errno;
		names.len += (size_t)n;
	} while (n > 0);
	if (names.len == 0 || names.data[names.len - 1] != '\n')
		return -EINVAL;
	for (size_t i = 0; i < names.len; i++) {
		if (names.data[i] == '\n')
			names.data[i] = '\0';
	}
	*ret_names = names;
	names = NG_BUF_INIT;
	return 0;
}

static int number_read(int dir, const char *name, unsigned long long *ret_number)
{
	ng_cleanup(ng_closep) int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	char text[64], *end;
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	*ret_number = strtoull(text, &end, 10);
	return end > text && strcmp(end, "\n") == 0 ? 0 : -EBADMSG;
}

int main(int argc, char **argv)
{
	ng_cleanup(ng_buf_free) struct ng_buf names = NG_BUF_INIT;
	ng_cleanup(ng_closep) int dir = -1;
	unsigned long long sum = 0, number = 0;
	double begin;
	size_t n = 0;
	int r;

	if (argc != 3) {
		fprintf(stderr, "usage: open_read_close DIR NAMES\n");
		return 2;
	}
	r = names_read(argv[2], &names);
	dir = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r < 0 || dir < 0) {
		perror(r < 0 ? argv[2] : argv[1]);
		return 1;
	}
	begin = now_seconds();
	for (size_t at = 0; at < names.len; n++) {
		const char *name = (const char *)names.data + at;

		r = number_read(dir, name, &number);
		if (r < 0) {
			fprintf(stderr, "open_read_close: %s/%s: %s\n", argv[1], name,
				strerror(-r));
			return 1;
		}
		sum += number;
		at += strlen(name) + 1;
	}
	printf("files=%zu per_second=%.1f sum=%llu\n", n, (double)n / (now_seconds() - begin), sum);
	return 0;
}
