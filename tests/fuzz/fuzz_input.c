/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer entry point: a file from a stranger, compressed or an archive, or neither. It is read
 * as whatever it looks like, and as a kind of archive that its size tells; and as bytes with and
 * without a thread that reads ahead, which must give the same. */
#include "fuzz.h"
#include "text/input.h"

#include <sys/mman.h>

#include <archive.h>
#include <archive_entry.h>

#define GIVEN_MAX  (16u << 20) /* what is read of a bomb */
#define MEMORY     (16u << 20)
#define PACKED_MAX (1u << 20)

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* The rest of a file or member, into ret where that isn't NULL. */
static int read_rest(struct ng_input *input, size_t *given, struct ng_buf *ret,
		     struct ng_error *err)
{
	const uint8_t *data;
	size_t len;
	int r;

	while ((r = ng_input_read(input, &data, &len, err)) > 0) {
		require(len > 0);
		if (ret)
			require(ng_buf_append(ret, data, len) == 0);
		*given += len;
		if (*given > GIVEN_MAX)
			return 0;
	}
	return r;
}

static int read_with(const char *path, enum ng_input_tar tar, bool ahead, struct ng_buf *ret,
		     struct ng_error *err)
{
	struct ng_input *input ng_cleanup(ng_input_freep) = NULL;
	uint64_t input_bytes = 0, padded = 0;
	const struct ng_input_params params = {
		.path = path,
		.label = "LABEL",
		.ahead = ahead,
		.tar = tar,
		.memory_bytes = MEMORY,
		.input_bytes = &input_bytes,
		.padded_files = &padded,
	};
	const struct ng_buf *head;
	const char *name;
	size_t given = 0;
	int r = ng_input_open(&params, &input, err);

	if (r < 0)
		return r;
	if (!ng_input_is_archive(input)) {
		r = ng_input_peek(input, &head, err);
		return r < 0 ? r : read_rest(input, &given, ret, err);
	}
	while ((r = ng_input_next_member(input, &name, err)) > 0 && given <= GIVEN_MAX) {
		require(name);
		r = read_rest(input, &given, ret, err);
		if (r < 0)
			break;
	}
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd ng_cleanup(ng_closep) = memfd_create("input", MFD_CLOEXEC);
	const enum ng_input_tar kinds[] = {NG_INPUT_TAR_DETECT, NG_INPUT_TAR_ALWAYS + size % 3};
	struct ng_buf got[2] = {NG_BUF_INIT, NG_BUF_INIT};
	int results[2];
	char path[64];

	require(fd >= 0 && (!size || write(fd, data, size) == (ssize_t)size));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	for (unsigned i = 0; i < 2; i++) {
		struct ng_error err = {0};

		results[i] = read_with(path, NG_INPUT_TAR_NEVER, i, &got[i], &err);
		require(results[i] >= 0 || *err.text);
	}
	/* The thread's pieces end elsewhere, which matters only where a bomb is given up. */
	if (got[0].len < GIVEN_MAX && got[1].len < GIVEN_MAX) {
		require(results[0] == results[1] && got[0].len == got[1].len);
		require(!got[0].len || memcmp(got[0].data, got[1].data, got[0].len) == 0);
	}
	for (unsigned i = 0; i < 2; i++)
		ng_buf_free(&got[i]);
	for (unsigned i = 0; i < 2; i++) {
		struct ng_error err = {0};

		require(read_with(path, kinds[i], false, NULL, &err) >= 0 || *err.text);
	}
	return 0;
}

/* ---- seeds: each filter around bytes, and each kind of archive ---- */

static const struct {
	int (*filter)(struct archive *a);
	int (*format)(struct archive *a);
} seeds[] = {
	{archive_write_add_filter_gzip, archive_write_set_format_raw},
	{archive_write_add_filter_bzip2, archive_write_set_format_raw},
	{archive_write_add_filter_xz, archive_write_set_format_raw},
	{archive_write_add_filter_lzma, archive_write_set_format_raw},
	{archive_write_add_filter_lzip, archive_write_set_format_raw},
	{archive_write_add_filter_zstd, archive_write_set_format_raw},
	{archive_write_add_filter_lz4, archive_write_set_format_raw},
	{archive_write_add_filter_compress, archive_write_set_format_raw},
	{archive_write_add_filter_none, archive_write_set_format_raw},
	{archive_write_add_filter_none, archive_write_set_format_gnutar},
	{archive_write_add_filter_none, archive_write_set_format_pax},
	{archive_write_add_filter_gzip, archive_write_set_format_pax},
	{archive_write_add_filter_none, archive_write_set_format_zip},
	{archive_write_add_filter_zstd, archive_write_set_format_zip},
	{archive_write_add_filter_none, archive_write_set_format_7zip},
};

static void add_member(struct archive *a, const char *name)
{
	static const char text[] = "some text, some more text, and some text again\n";
	struct archive_entry *entry = archive_entry_new();

	archive_entry_set_pathname(entry, name);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	archive_entry_set_size(entry, sizeof(text) - 1);
	archive_write_header(a, entry);
	archive_write_data(a, text, sizeof(text) - 1);
	archive_entry_free(entry);
}

uint8_t *fuzz_seed(unsigned number, size_t *ret_size)
{
	struct archive *a;
	uint8_t *packed;

	if (number >= ng_array_size(seeds))
		return NULL;
	a = archive_write_new();
	packed = malloc(PACKED_MAX);
	require(a && packed);
	require(seeds[number].filter(a) == ARCHIVE_OK && seeds[number].format(a) == ARCHIVE_OK);
	archive_write_set_bytes_in_last_block(a, 1);
	require(archive_write_open_memory(a, packed, PACKED_MAX, ret_size) == ARCHIVE_OK);
	add_member(a, "a");
	if (seeds[number].format != archive_write_set_format_raw)
		add_member(a, "dir/b");
	require(archive_write_close(a) == ARCHIVE_OK);
	archive_write_free(a);
	return packed;
}
