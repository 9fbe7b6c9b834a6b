/* SPDX-License-Identifier: Apache-2.0 */
#include "samedir.h"

unsigned entries_in(const char *path)
{
	DIR *dir = opendir(path);
	unsigned n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n - 2;
}

static void file_read(const char *dir, const char *name, struct ng_buf *buf)
{
	ng_cleanup(ng_freep) char *path = NULL;
	ng_cleanup(ng_fclosep) FILE *file = NULL;
	char chunk[65536];
	size_t n;

	assert_true(asprintf(&path, "%s/%s", dir, name) > 0);
	file = fopen(path, "rb");
	assert_non_null(file);
	while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0)
		assert_int_equal(ng_buf_append(buf, chunk, n), 0);
}

void check_same(const char *a, const char *b)
{
	DIR *dir = opendir(a);
	struct dirent *entry;

	assert_non_null(dir);
	assert_int_equal(entries_in(a), entries_in(b));
	while ((entry = readdir(dir))) {
		struct ng_buf x = NG_BUF_INIT, y = NG_BUF_INIT;

		if (entry->d_name[0] == '.')
			continue;
		file_read(a, entry->d_name, &x);
		file_read(b, entry->d_name, &y);
		assert_int_equal(x.len, y.len);
		assert_memory_equal(x.data, y.data, x.len);
		ng_buf_free(&x);
		ng_buf_free(&y);
	}
	closedir(dir);
}
