#include "format/manifest.h"

#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <sys/stat.h>
#include <xxhash.h>

#include "base/buf.h"
#include "base/file.h"
#include "format/params.h"
#include "format/shardfile.h"

#define TEMPORARY_NAME     NG_MANIFEST_NAME ".tmp"
#define MANIFEST_BYTES_MAX (256u << 20)
#define FORMAT_NAME        "ngramfs"

/* The text's own checksum: its digits stand behind this, once in the text, and count as zeroes. */
#define CHECKSUM_FIELD "manifest_checksum"
#define CHECKSUM_KEY   "\"" CHECKSUM_FIELD "\": \""
#define DIGITS         16u

#define OPTIONS_FIELD "x_options"

/* What "x_" at the beginning of a field's name says: that it may be passed over. */
#define PASSED_OVER "x_"

static void decrefp(json_t **json)
{
	json_decref(*json);
}

static void options_free(char **options, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(options[i]);
	free(options);
}

void ng_manifest_clear(struct ng_manifest *manifest)
{
	options_free(manifest->options, manifest->n_options);
	for (size_t i = 0; i < manifest->n_shards; i++)
		free(manifest->shards[i].file);
	free(manifest->shards);
	*manifest = (struct ng_manifest){0};
}

bool ng_manifest_names(const struct ng_manifest *manifest, const char *file)
{
	for (size_t i = 0; i < manifest->n_shards; i++)
		if (strcmp(manifest->shards[i].file, file) == 0)
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

int ng_manifest_add(struct ng_manifest *manifest, const struct ng_manifest_shard *shard)
{
	struct ng_manifest_shard *grown =
		reallocarray(manifest->shards, manifest->n_shards + 1, sizeof(*manifest->shards));
	char *file = strdup(shard->file);

	if (grown)
		manifest->shards = grown;
	if (!grown || !file) {
		free(file);
		return -ENOMEM;
	}
	grown[manifest->n_shards] = *shard;
	grown[manifest->n_shards++].file = file;
	return 0;
}

/* A name that is safe in a path and in a message. */
static bool file_name_ok(const char *name)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789._-";

	return name && *name && *name != '.' && !name[strspn(name, allowed)] &&
	       strlen(name) <= NAME_MAX;
}

/* Whether it will be read again. JSON numbers are signed here; no corpus comes near. */
static bool shard_ok(const struct ng_manifest_shard *s)
{
	return file_name_ok(s->file) && s->docs <= INT64_MAX && s->text_bytes <= INT64_MAX &&
	       s->file_bytes <= INT64_MAX;
}

static bool is_hex(const char *text)
{
	return strspn(text, "0123456789abcdef") >= DIGITS;
}

/* Offset of the digits of the checksum; 0 where they aren't to be found, once. text: with a NUL
 * behind it. */
static size_t checksum_find(const char *text)
{
	const char *at = strstr(text, CHECKSUM_KEY);

	if (!at || strstr(at + 1, "\"" CHECKSUM_FIELD "\""))
		return 0;
	at += strlen(CHECKSUM_KEY);
	return is_hex(at) && at[DIGITS] == '"' ? (size_t)(at - text) : 0;
}

/* Of a text whose digits are at `digits`. -ENOMEM. */
static int checksum_make(const char *text, size_t len, size_t digits, uint64_t *ret_sum)
{
	static const char zeroes[] = "0000000000000000";
	XXH3_state_t *state = XXH3_createState();

	if (!state)
		return -ENOMEM;
	XXH3_64bits_reset(state);
	XXH3_64bits_update(state, text, digits);
	XXH3_64bits_update(state, zeroes, DIGITS);
	XXH3_64bits_update(state, text + digits + DIGITS, len - digits - DIGITS);
	*ret_sum = XXH3_64bits_digest(state);
	XXH3_freeState(state);
	return 0;
}

/* Write the checksum into a text that has zeroes in its place. */
static int checksum_put(char *text)
{
	size_t digits = checksum_find(text);
	char hex[DIGITS + 1];
	uint64_t sum;
	int r = checksum_make(text, strlen(text), digits, &sum);

	if (r == 0) {
		snprintf(hex, sizeof(hex), "%016" PRIx64, sum);
		memcpy(text + digits, hex, DIGITS);
	}
	return r;
}

static int put_options(const struct ng_manifest *manifest, json_t *root)
{
	json_t *options;

	if (!manifest->n_options)
		return 0;
	options = json_array();
	for (size_t i = 0; i < manifest->n_options; i++)
		if (json_array_append_new(options, json_string(manifest->options[i])) < 0) {
			json_decref(options);
			return -ENOMEM;
		}
	return json_object_set_new(root, OPTIONS_FIELD, options) < 0 ? -ENOMEM : 0;
}

int ng_manifest_format(const struct ng_manifest *manifest, char **ret_text)
{
	ng_cleanup(decrefp) json_t *root = NULL;
	ng_cleanup(ng_freep) char *text = NULL;
	char *longer;
	size_t len;
	int r;

	root = json_pack("{s:s, s:I, s:s, s:I, s:b, s:[]}", "format", FORMAT_NAME, "format_version",
			 (json_int_t)manifest->format_version, CHECKSUM_FIELD, "0000000000000000",
			 "sa_sampling", (json_int_t)manifest->sa_sampling, "text_store",
			 manifest->text_store, "shards");
	if (!root)
		return -ENOMEM;
	r = put_options(manifest, root);
	if (r < 0)
		return r;
	for (size_t i = 0; i < manifest->n_shards; i++) {
		const struct ng_manifest_shard *s = &manifest->shards[i];
		char checksum[17];
		json_t *item;

		if (!shard_ok(s))
			return -EINVAL;
		snprintf(checksum, sizeof(checksum), "%016" PRIx64, s->checksum);
		item = json_pack("{s:s, s:I, s:I, s:I, s:s}", "file", s->file, "docs",
				 (json_int_t)s->docs, "text_bytes", (json_int_t)s->text_bytes,
				 "file_bytes", (json_int_t)s->file_bytes, "checksum", checksum);
		if (json_array_append_new(json_object_get(root, "shards"), item) < 0)
			return -ENOMEM;
	}
	text = json_dumps(root, JSON_INDENT(2));
	if (!text)
		return -ENOMEM;
	len = strlen(text);
	longer = realloc(text, len + 2);
	if (!longer)
		return -ENOMEM;
	text = longer;
	memcpy(text + len, "\n", 2);
	r = checksum_put(text);
	if (r == 0)
		*ret_text = ng_steal_ptr(&text);
	return r;
}

/* The integer at key, in [min, max]. */
static int get_number(const json_t *object, const char *key, uint64_t min, uint64_t max,
		      uint64_t *ret_value, struct ng_error *err)
{
	const json_t *json = json_object_get(object, key);
	json_int_t value = json_integer_value(json);

	if (!json_is_integer(json) || value < 0 || (uint64_t)value < min || (uint64_t)value > max)
		return ng_fail(err, -EPROTO,
			       "\"%s\" is not a whole number from %" PRIu64 " to %" PRIu64, key,
			       min, max);
	*ret_value = (uint64_t)value;
	return 0;
}

static int get_checksum(const json_t *object, uint64_t *ret_value, struct ng_error *err)
{
	const char *text = json_string_value(json_object_get(object, "checksum"));

	if (!text || strlen(text) != DIGITS || !is_hex(text))
		return ng_fail(err, -EPROTO, "\"checksum\" is not a string of 16 hex digits");
	*ret_value = strtoull(text, NULL, 16);
	return 0;
}

/* All fields of an object are among these, or of those that may be passed over. */
static int check_fields(json_t *object, const char *const *known, struct ng_error *err)
{
	const char *name;
	json_t *value;

	json_object_foreach(object, name, value)
	{
		const char *const *at = known;

		while (*at && strcmp(*at, name) != 0)
			at++;
		if (!*at && strncmp(name, PASSED_OVER, strlen(PASSED_OVER)) != 0)
			return ng_fail(err, -EPROTO,
				       "has a field \"%s\", which this program doesn't know; use a "
				       "newer one",
				       name);
	}
	return 0;
}

static int parse_shard(json_t *json, struct ng_manifest_shard *s, struct ng_error *err)
{
	static const char *const known[] = {"file",       "docs",     "text_bytes",
					    "file_bytes", "checksum", NULL};
	const char *file = json_string_value(json_object_get(json, "file"));
	int r;

	if (!json_is_object(json))
		return ng_fail(err, -EPROTO, "not an object");
	r = check_fields(json, known, err);
	if (r)
		return r;
	if (!file_name_ok(file))
		return ng_fail(err, -EPROTO,
			       "\"file\" is not a file name of letters, digits, '.', '_' and '-' "
			       "without a leading dot");
	r = get_number(json, "docs", 0, INT64_MAX, &s->docs, err);
	if (!r)
		r = get_number(json, "text_bytes", 0, INT64_MAX, &s->text_bytes, err);
	if (!r)
		r = get_number(json, "file_bytes", 0, INT64_MAX, &s->file_bytes, err);
	if (!r)
		r = get_checksum(json, &s->checksum, err);
	if (r)
		return r;
	s->file = strdup(file);
	return s->file ? 0 : ng_fail(err, -ENOMEM, "out of memory");
}

static int parse_shards(const json_t *array, struct ng_manifest *m, struct ng_error *err)
{
	ng_cleanup(decrefp) json_t *names = json_object();
	uint64_t docs = 0, text_bytes = 0, file_bytes = 0;
	struct ng_error why;
	int r;

	if (!json_is_array(array))
		return ng_fail(err, -EPROTO, "\"shards\" is not an array");
	if (json_array_size(array) > UINT32_MAX)
		return ng_fail(err, -EPROTO, "too many shards");
	m->shards = calloc(json_array_size(array) + 1, sizeof(*m->shards));
	if (!m->shards || !names)
		return ng_fail(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < json_array_size(array); i++) {
		struct ng_manifest_shard *s = &m->shards[i];

		r = parse_shard(json_array_get(array, i), s, &why);
		if (r)
			return ng_fail(err, r, "shard %zu: %s", i, why.text);
		m->n_shards++;
		if (json_object_get(names, s->file))
			return ng_fail(err, -EPROTO, "shard %zu: file \"%s\" stands there twice", i,
				       s->file);
		if (json_object_set_new(names, s->file, json_true()) < 0)
			return ng_fail(err, -ENOMEM, "out of memory");
		docs += s->docs;
		text_bytes += s->text_bytes;
		file_bytes += s->file_bytes;
		/* Each is below 2^63, and so was the sum before: no wrap-around goes unseen. */
		if (docs > INT64_MAX || text_bytes > INT64_MAX || file_bytes > INT64_MAX)
			return ng_fail(err, -EPROTO, "shard %zu: the sizes' sums overflow", i);
	}
	return 0;
}

/* There are no features yet that a manifest could require. */
static int check_requires(const json_t *array, struct ng_error *err)
{
	const char *feature;

	if (!array)
		return 0;
	if (!json_is_array(array))
		return ng_fail(err, -EPROTO, "\"requires\" is not an array");
	if (json_array_size(array) == 0)
		return 0;
	feature = json_string_value(json_array_get(array, 0));
	return ng_fail(err, -EPROTO,
		       "requires \"%s\", which this program doesn't know; use a newer one",
		       feature ? feature : "?");
}

static int check_format(const json_t *root, uint64_t *ret_version, struct ng_error *err)
{
	const char *format = json_string_value(json_object_get(root, "format"));
	int r;

	if (!format || strcmp(format, FORMAT_NAME))
		return ng_fail(err, -EPROTO, "\"format\" is not \"" FORMAT_NAME "\"");
	r = get_number(root, "format_version", 1, UINT32_MAX, ret_version, err);
	if (r)
		return r;
	if (*ret_version != NG_FORMAT_VERSION)
		return ng_format_refuse(NULL, *ret_version, err);
	return 0;
}

/* The text is what was written: no bit of it has changed. */
static int check_checksum(const json_t *root, const char *text, size_t len, struct ng_error *err)
{
	ng_cleanup(ng_freep) char *copy = strndup(text, len);
	const char *says = json_string_value(json_object_get(root, CHECKSUM_FIELD));
	size_t digits;
	uint64_t sum;

	if (!copy)
		return ng_fail(err, -ENOMEM, "out of memory");
	/* A text that has been parsed has no NUL in it. */
	digits = checksum_find(copy);
	if (!digits || !says || strlen(says) != DIGITS || memcmp(says, copy + digits, DIGITS))
		return ng_fail(err, -EPROTO,
			       "\"" CHECKSUM_FIELD "\" is not one string of 16 hex digits");
	if (checksum_make(text, len, digits, &sum))
		return ng_fail(err, -ENOMEM, "out of memory");
	if (strtoull(says, NULL, 16) != sum)
		return ng_fail(err, -EUCLEAN,
			       "damaged: its checksum is %016" PRIx64 " instead of %s", sum, says);
	return 0;
}

static int parse_options(const json_t *array, struct ng_manifest *m, struct ng_error *err)
{
	ng_cleanup(ng_freep) const char **options = NULL;
	size_t n = json_array_size(array);
	bool ok = json_is_array(array);

	if (!array)
		return 0;
	options = calloc(n + 1, sizeof(*options));
	if (!options)
		return ng_fail(err, -ENOMEM, "out of memory");
	for (size_t i = 0; ok && i < n; i++) {
		options[i] = json_string_value(json_array_get(array, i));
		ok = options[i];
	}
	if (!ok)
		return ng_fail(err, -EPROTO, "\"" OPTIONS_FIELD "\" is no array of strings");
	return ng_manifest_set_options(m, options, n) < 0 ? ng_fail(err, -ENOMEM, "out of memory")
							  : 0;
}

static int parse_root(json_t *root, struct ng_manifest *m, struct ng_error *err)
{
	static const char *const known[] = {
		"format",     "format_version", CHECKSUM_FIELD, "sa_sampling",
		"text_store", "requires",       "shards",       NULL};
	const json_t *text_store = json_object_get(root, "text_store");
	uint64_t sampling = 0;
	int r = check_requires(json_object_get(root, "requires"), err);

	if (!r)
		r = check_fields(root, known, err);
	if (r)
		return r;
	if (!json_is_boolean(text_store))
		return ng_fail(err, -EPROTO, "\"text_store\" is neither true nor false");
	m->text_store = json_is_true(text_store);
	r = get_number(root, "sa_sampling", NG_SA_RATE_MIN, NG_SA_RATE_MAX, &sampling, err);
	if (!r)
		m->sa_sampling = (uint32_t)sampling;
	if (!r)
		r = parse_options(json_object_get(root, OPTIONS_FIELD), m, err);
	return r ? r : parse_shards(json_object_get(root, "shards"), m, err);
}

int ng_manifest_parse(const char *text, size_t len, struct ng_manifest *ret_manifest,
		      struct ng_error *err)
{
	ng_cleanup(decrefp) json_t *root = NULL;
	ng_cleanup(ng_manifest_clear) struct ng_manifest m = {0};
	json_error_t json_err;
	uint64_t version = 0;
	int r;

	root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &json_err);
	if (!root && json_error_code(&json_err) == json_error_out_of_memory)
		return ng_fail(err, -ENOMEM, "out of memory");
	if (!root)
		return ng_fail(err, -EPROTO, "line %d: %s", json_err.line, json_err.text);
	r = check_format(root, &version, err);
	if (!r)
		r = check_checksum(root, text, len, err);
	if (!r)
		r = parse_root(root, &m, err);
	if (r)
		return r;
	m.format_version = (uint32_t)version;
	*ret_manifest = m;
	m = (struct ng_manifest){0};
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

static int open_directory(const char *dir, struct ng_error *err)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return ng_fail(err, -errno, "%s: cannot open: %s", dir, strerror(errno));
	return fd;
}

int ng_manifest_read(const char *dir, struct ng_manifest *ret_manifest, struct ng_error *err)
{
	ng_cleanup(ng_closep) int dir_fd = open_directory(dir, err);
	ng_cleanup(ng_buf_free) struct ng_buf buf = NG_BUF_INIT;
	struct ng_error why;
	int r;

	if (dir_fd < 0)
		return dir_fd;
	r = read_text(dir_fd, dir, &buf, err);
	if (r)
		return r;
	r = ng_manifest_parse((const char *)buf.data, buf.len, ret_manifest, &why);
	return r ? ng_fail(err, r, "%s/%s: %s", dir, NG_MANIFEST_NAME, why.text) : 0;
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
	if (renameat(dir_fd, TEMPORARY_NAME, dir_fd, NG_MANIFEST_NAME) < 0 || fsync(dir_fd) < 0)
		return -errno;
	return 0;
}

int ng_manifest_write(const char *dir, const struct ng_manifest *manifest, struct ng_error *err)
{
	ng_cleanup(ng_closep) int dir_fd = open_directory(dir, err);
	ng_cleanup(ng_freep) char *text = NULL;
	int r;

	if (dir_fd < 0)
		return dir_fd;
	r = ng_manifest_format(manifest, &text);
	if (!r)
		r = write_text(dir_fd, text);
	if (!r)
		return 0;
	unlinkat(dir_fd, TEMPORARY_NAME, 0);
	return ng_fail(err, r, "%s/%s: cannot write: %s", dir, NG_MANIFEST_NAME, strerror(-r));
}
