/* SPDX-License-Identifier: Apache-2.0 */
#include "mkngramfs_reports.h"

#include <libgen.h>
#include <limits.h>
#include <sys/stat.h>

int report_check_outside(const struct arguments *args, const char *path, struct ng_error *err)
{
	char *copy ng_cleanup(ng_freep) = strdup(path);
	char place[PATH_MAX], source[PATH_MAX];

	if (!copy)
		return ng_fail(err, -ENOMEM, "out of memory");
	if (!realpath(path, place) && !realpath(dirname(copy), place))
		return ng_fail(err, -errno, "%s: cannot be made: %s: %s", path, copy,
			       strerror(errno));
	for (size_t i = 0; i < args->n_paths; i++) {
		struct stat st;
		size_t n;

		if (!realpath(args->paths[i], source)) {
			if (errno == ENOMEM)
				return ng_fail(err, -ENOMEM, "out of memory");
			continue;
		}
		if (stat(source, &st) < 0 || !S_ISDIR(st.st_mode))
			continue;
		n = strcmp(source, "/") == 0 ? 0 : strlen(source);
		if (strncmp(place, source, n) == 0 && (place[n] == '/' || !place[n]))
			return ng_fail(err, -EINVAL,
				       "%s would lie within the source %s, which is read "
				       "meanwhile; put it elsewhere",
				       path, args->paths[i]);
	}
	return 0;
}

int report_open(const struct arguments *args, const char *option, const char *path, FILE **ret_file,
		struct ng_error *err)
{
	struct stat st;
	int r;

	if (!path)
		return 0;
	r = report_check_outside(args, path, err);
	if (r < 0)
		return r;
	/* A build that goes on reads its input again, and rejects the same. */
	if (!args->force && !args->build.resume && stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_size > 0)
		return ng_fail(err, -EEXIST,
			       "%s: exists (%s would overwrite it); remove it, or use --force",
			       path, option);
	*ret_file = fopen(path, "we");
	if (!*ret_file)
		return ng_fail(err, -errno, "%s: cannot write: %s", path, strerror(errno));
	return 0;
}

int report_flush(FILE *file, const char *path, struct ng_error *err)
{
	if (!file || fflush(file) == 0)
		return 0;
	return ng_fail(err, -errno, "%s: cannot write: %s", path, strerror(errno));
}

bool report_close(FILE *file, const char *path, bool failed)
{
	struct stat st;
	bool stays;

	if (!file)
		return false;
	fflush(file);
	stays = !failed || fstat(fileno(file), &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > 0;
	if (!stays)
		unlink(path);
	fclose(file);
	return stays;
}
