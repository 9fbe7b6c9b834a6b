/* SPDX-License-Identifier: Apache-2.0 */
#include "format/manifest.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/file.h"

#define TEMPORARY_NAME     NG_MANIFEST_NAME ".tmp"
#define MANIFEST_BYTES_MAX (256u << 20)
#define STALE_TRIES        5u

static void options_free(char **options, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(options[i]);
	free(options);
}

void ng_manifest_clear(struct ng_manifest *manifest)
{
	options_free(manifest->options, manifest->n_options);
	for (size_t i = 0; i < manifest->n_shards; i++) {
		free(manifest->shards[i].file);
		free(manifest->shards[i].removed.file);
	}
	free(manifest->shards);
	*manifest = (struct ng_manifest){0};
}

bool ng_manifest_names(const struct ng_manifest *manifest, const char *file)
{
	for (size_t i = 0; i < manifest->n_shards; i++)
		if (strcmp(manifest->shards[i].file, file) == 0 ||
		    (manifest->shards[i].removed.file &&
		     strcmp(manifest->shards[i].removed.file, file) == 0))
			return true;
	return false;
}

int ng_manifest_set_options(struct ng_manifest *manifest, const char *const *options, size_t n)
{
	char **copies = calloc(n + 1, sizeof(*copies));

	for (size_t i = 0; copies && i < n; i++) {
		copies[i] = strdup(options[i]);
		if (!copies[i]) {
			options_free(copies, i);
			copies = NULL;
		}
	}
	if (!copies)
		return -ENOMEM;
	options_free(manifest->options, manifest->n_options);
	manifest->options = copies;
	manifest->n_options = n;
	return 0;
}

const char *ng_manifest_option(const struct ng_manifest *manifest, const char *prefix)
{
	size_t len = strlen(prefix);

	for (size_t i = 0; i < manifest->n_options; i++)
		if (strncmp(manifest->options[i], prefix, len) == 0)
			return manifest->options[i] + len;
	return NULL;
}

void ng_manifest_free_name(const struct ng_manifest *manifest, char file[NG_MANIFEST_FILE_MAX])
{
	size_t number = manifest->n_shards;

	do
		snprintf(file, NG_MANIFEST_FILE_MAX, "shard-%05zu.ngs", number++);
	while (ng_manifest_names(manifest, file));
}

size_t ng_manifest_free_removed_name(const struct ng_manifest *manifest, size_t s,
				     char file[NG_MANIFEST_FILE_MAX])
{
	size_t number = s;

	do
		snprintf(file, NG_MANIFEST_FILE_MAX, "removed-%05zu.ngr", number++);
	while (ng_manifest_names(manifest, file));
	return number;
}

int ng_manifest_add(struct ng_manifest *manifest, const struct ng_manifest_shard *shard)
{
	struct ng_manifest_shard *grown =
		reallocarray(manifest->shards, manifest->n_shards + 1, sizeof(*manifest->shards));
	char *file = strdup(shard->file);
	char *removed = shard->removed.file ? strdup(shard->removed.file) : NULL;

	if (grown)
		manifest->shards = grown;
	if (!grown || !file || (shard->removed.file && !removed)) {
		free(file);
		free(removed);
		return -ENOMEM;
	}
	grown[manifest->n_shards] = *shard;
	grown[manifest->n_shards].file = file;
	grown[manifest->n_shards++].removed.file = removed;
	return 0;
}

static int read_text(int dir_fd, const char *dir, struct ng_buf *buf, struct ng_error *err)
{
	/* Not to hang where somebody put a named pipe. */
	ng_cleanup(ng_closep) int fd =
		openat(dir_fd, NG_MANIFEST_NAME, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	int r;

	if (fd < 0 && errno == ENOENT)
		return ng_fail(err, -ENOENT, "%s: not an index: there is no %s in it", dir,
			       NG_MANIFEST_NAME);
	if (fd < 0)
		return ng_fail(err, -errno, "%s/%s: cannot open: %s", dir, NG_MANIFEST_NAME,
			       strerror(errno));
	if (fstat(fd, &st) < 0)
		return ng_fail(err, -errno, "%s/%s: cannot stat: %s", dir, NG_MANIFEST_NAME,
			       strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_size > MANIFEST_BYTES_MAX)
		return ng_fail(err, -EPROTO, "%s/%s: not a regular file of %u MiB at most", dir,
			       NG_MANIFEST_NAME, MANIFEST_BYTES_MAX >> 20);
	if (ng_buf_reserve(buf, (size_t)st.st_size))
		return ng_fail(err, -ENOMEM, "%s/%s: out of memory", dir, NG_MANIFEST_NAME);
	r = ng_file_read(fd, buf->data, (size_t)st.st_size, &buf->len);
	if (r < 0)
		return ng_fail(err, r, "%s/%s: cannot read: %s", dir, NG_MANIFEST_NAME,
			       strerror(-r));
	return 0;
}

/* Whether a build of it has begun, and hasn't ended. */
static bool is_building(const char *dir)
{
	ng_cleanup(ng_freep) char *work = NULL;
	size_t len = strlen(dir);

	while (len > 1 && dir[len - 1] == '/')
		len--;
	if (asprintf(&work, "%.*s" NG_BUILDING, (int)len, dir) < 0) {
		work = NULL;
		return false;
	}
	return access(work, F_OK) == 0;
}

static int open_directory(const char *dir, struct ng_error *err)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), code = fd < 0 ? errno : 0;

	if (code == ENOENT && is_building(dir))
		return ng_fail(err, -ENOENT,
			       "%s: there is no such index yet: a build of it is at work or was "
			       "interrupted (mkngramfs --resume goes on with it)",
			       dir);
	if (code == ENOTDIR)
		return ng_fail(err, -ENOTDIR, "%s: not an index, which is a directory", dir);
	if (code)
		return ng_fail(err, -code, "%s: cannot open: %s", dir, strerror(code));
	return fd;
}

int ng_manifest_read_at(int dir_fd, const char *dir, struct ng_manifest *ret_manifest,
			struct ng_error *err)
{
	ng_cleanup(ng_buf_free) struct ng_buf buf = NG_BUF_INIT;
	struct ng_error why;
	int r = -ESTALE;

	/* On a network's filesystem a file whose name another machine gives to the next one while
	 * it is read is gone, and the next one is there. */
	for (unsigned tries = 0; r == -ESTALE && tries < STALE_TRIES; tries++)
		r = read_text(dir_fd, dir, &buf, err);
	if (r)
		return r;
	r = ng_manifest_parse((const char *)buf.data, buf.len, ret_manifest, &why);
	return r ? ng_fail(err, r, "%s/%s: %s", dir, NG_MANIFEST_NAME, why.text) : 0;
}

int ng_manifest_read(const char *dir, struct ng_manifest *ret_manifest, struct ng_error *err)
{
	ng_cleanup(ng_closep) int dir_fd = open_directory(dir, err);

	return dir_fd < 0 ? dir_fd : ng_manifest_read_at(dir_fd, dir, ret_manifest, err);
}

int ng_manifest_compare(const struct ng_manifest *a, const struct ng_manifest *b, bool *ret_same)
{
	ng_cleanup(ng_freep) char *text_of_a = NULL;
	ng_cleanup(ng_freep) char *text_of_b = NULL;
	int r = ng_manifest_format(a, &text_of_a);

	if (!r)
		r = ng_manifest_format(b, &text_of_b);
	if (!r)
		*ret_same = strcmp(text_of_a, text_of_b) == 0;
	return r;
}

/* A text that isn't what it should be, as where memory ran out and nobody said so, mustn't get the
 * name that readers trust. */
static int check_text(const char *text)
{
	ng_cleanup(ng_manifest_clear) struct ng_manifest parsed = {0};
	ng_cleanup(ng_freep) char *again = NULL;
	int r = ng_manifest_parse(text, strlen(text), &parsed, NULL);

	if (!r)
		r = ng_manifest_format(&parsed, &again);
	if (!r && strcmp(text, again) != 0)
		r = -EIO;
	return r;
}

/* The new text takes the place of the old one, if there is one, which comes back where the disk
 * doesn't take the change. */
static int name_take(int dir_fd)
{
	bool exchanged =
		renameat2(dir_fd, TEMPORARY_NAME, dir_fd, NG_MANIFEST_NAME, RENAME_EXCHANGE) == 0;
	int r;

	/* There is none, or the filesystem knows no exchange. */
	if (!exchanged && renameat(dir_fd, TEMPORARY_NAME, dir_fd, NG_MANIFEST_NAME) < 0)
		return -errno;
	r = fsync(dir_fd) < 0 ? -errno : 0;
	if (exchanged && r < 0)
		renameat2(dir_fd, TEMPORARY_NAME, dir_fd, NG_MANIFEST_NAME, RENAME_EXCHANGE);
	if (exchanged)
		unlinkat(dir_fd, TEMPORARY_NAME, 0);
	return r;
}

static int write_text(int dir_fd, const char *text)
{
	ng_cleanup(ng_closep) int fd = -1;
	int r;

	/* One of a run that was killed, or a link that somebody has put there. */
	if (unlinkat(dir_fd, TEMPORARY_NAME, 0) < 0 && errno != ENOENT)
		return -errno;
	r = ng_file_make(dir_fd, TEMPORARY_NAME, O_WRONLY | O_EXCL, &fd);
	if (r < 0)
		return r;
	r = ng_file_write(fd, text, strlen(text), NULL);
	if (r < 0)
		return r;
	if (fsync(fd) < 0 || close(ng_steal_fd(&fd)) < 0)
		return -errno;
	return name_take(dir_fd);
}

int ng_manifest_write_at(int dir_fd, const char *dir, const struct ng_manifest *manifest,
			 struct ng_error *err)
{
	ng_cleanup(ng_freep) char *text = NULL;
	int r = ng_manifest_format(manifest, &text);

	if (!r)
		r = check_text(text);
	if (!r)
		r = write_text(dir_fd, text);
	if (!r)
		return 0;
	unlinkat(dir_fd, TEMPORARY_NAME, 0);
	return ng_fail(err, r, "%s/%s: cannot write: %s%s", dir, NG_MANIFEST_NAME, strerror(-r),
		       ng_file_advice(r));
}

int ng_manifest_write(const char *dir, const struct ng_manifest *manifest, struct ng_error *err)
{
	ng_cleanup(ng_closep) int dir_fd = open_directory(dir, err);

	return dir_fd < 0 ? dir_fd : ng_manifest_write_at(dir_fd, dir, manifest, err);
}
