/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer entry point: a shard from a stranger. It is opened as it is, and once more with a
 * header whose magic, lengths and checksums fit it, since whoever forges a shard gets those right;
 * what lies behind them is then used: frames, their directories, Elias-Fano sequences. */
#include "fuzz.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <xxhash.h>

#include "format/frames.h"
#include "format/shardlayout.h"

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void use_sequence(const struct ng_shard_file *file, uint32_t type, bool sums)
{
	const struct ng_pages *pages = sums ? ng_shard_file_pages(file) : NULL;
	const uint8_t *data;
	struct ng_ef ef;
	bool bad = false;
	size_t bytes;

	if (!ng_shard_file_section(file, type, &data, &bytes) ||
	    ng_ef_open(pages, data, bytes, &ef))
		return;
	for (uint64_t i = 0; i < ng_min(ef.n, (uint64_t)2000); i++)
		require(ng_ef_rank(&ef, ng_ef_get(&ef, i, &bad), &bad) <= ef.n);
	if (ef.n)
		require(ng_ef_rank(&ef, ng_ef_get(&ef, ef.n - 1, &bad), &bad) <= ef.n);
	require(ng_ef_rank(&ef, UINT64_MAX, &bad) == ef.n);
	require(sums || !bad);
}

static void use_frames(const struct ng_shard_file *file, uint32_t data_type,
		       uint32_t directory_type, bool sums)
{
	const struct ng_pages *pages = sums ? ng_shard_file_pages(file) : NULL;
	ng_cleanup(ng_frames_freep) struct ng_frames *frames = NULL;
	const uint8_t *data, *directory;
	size_t data_bytes, directory_bytes;
	uint8_t buf[1000];
	uint64_t raw_bytes;

	if (!ng_shard_file_section(file, data_type, &data, &data_bytes) ||
	    !ng_shard_file_section(file, directory_type, &directory, &directory_bytes) ||
	    ng_frames_open(pages, data, data_bytes, directory, directory_bytes, &frames))
		return;
	raw_bytes = ng_frames_raw_bytes(frames);
	for (uint64_t at = 0; at < raw_bytes && at < 20 * NG_FRAME_BYTES; at += 7000) {
		int r = ng_frames_read(frames, at, ng_min(sizeof(buf), raw_bytes - at), buf);

		require(r == 0 || r == -EUCLEAN || r == -ENOMEM);
	}
}

static void use_shard(const char *path)
{
	ng_cleanup(ng_shard_file_closep) struct ng_shard_file *file = NULL;
	struct ng_error err = {0};
	int r = ng_shard_file_open(path, &file, &err);

	if (r) {
		require(r == -EPROTO || r == -EUCLEAN || r == -ENOMEM);
		require(strstr(err.text, path));
		return;
	}
	r = ng_shard_file_verify(file, NULL, NULL, NULL, NULL);
	require(r == 0 || r == -EUCLEAN);
	/* As a reader does, which believes no page before its sum, and as if all sums were right.
	 */
	for (int sums = 1; sums >= 0; sums--) {
		use_sequence(file, NG_SECTION_DOC_STARTS, sums);
		use_sequence(file, NG_SECTION_META_STARTS, sums);
		use_frames(file, NG_SECTION_META_FRAMES, NG_SECTION_META_DIRECTORY, sums);
		use_frames(file, NG_SECTION_TEXT_FRAMES, NG_SECTION_TEXT_DIRECTORY, sums);
	}
	require(!ng_shard_file_faulted(file));
}

static void run(const uint8_t *data, size_t size)
{
	ng_cleanup(ng_closep) int fd = memfd_create("shard", MFD_CLOEXEC);
	char path[64];

	require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	use_shard(path);
}

/* Make the header, and the table's place and sum in it, fit the rest of the file. */
static void forge_header(uint8_t *data, size_t size)
{
	struct ng_shard_header h;
	size_t table_bytes;

	memcpy(&h, data, sizeof(h));
	memcpy(h.magic, NG_SHARD_MAGIC, sizeof(h.magic));
	h.version = NG_FORMAT_VERSION;
	h.file_bytes = size;
	h.n_sections = (h.n_sections - 1) % NG_SHARD_SECTIONS_MAX + 1; /* as it is, when in range */
	table_bytes = h.n_sections * sizeof(struct ng_shard_entry);
	if (h.table_offset <= size && size - h.table_offset >= table_bytes)
		h.table_sum = XXH3_64bits(data + h.table_offset, table_bytes);
	h.header_sum = XXH3_64bits(&h, offsetof(struct ng_shard_header, header_sum));
	memcpy(data, &h, sizeof(h));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ng_cleanup(ng_freep) uint8_t *forged = malloc(size + 1);

	require(forged);
	run(data, size);
	if (size < sizeof(struct ng_shard_header))
		return 0;
	memcpy(forged, data, size);
	forge_header(forged, size);
	run(forged, size);
	return 0;
}

static void write_sequence(struct ng_shard_writer *shard, uint32_t type, uint64_t n, uint64_t step)
{
	ng_cleanup(ng_buf_free) struct ng_buf buf = NG_BUF_INIT;
	uint64_t values[2000];

	for (uint64_t i = 0; i < n; i++)
		values[i] = i * step + i % step;
	require(!ng_ef_encode(values, n, &buf));
	require(!ng_shard_writer_section(shard, type, NULL));
	require(!ng_shard_writer_write(shard, buf.data, buf.len, NULL));
}

static void write_frames(struct ng_shard_writer *shard, const char *dir, unsigned lines,
			 uint32_t data_type, uint32_t directory_type)
{
	ng_cleanup(ng_frames_writer_freep) struct ng_frames_writer *w = NULL;

	require(!ng_frames_writer_new(3, 1, NG_TEMPDIR(dir), &w, NULL));
	for (unsigned i = 0; i < lines; i++) {
		char line[64];
		int n = snprintf(line, sizeof(line), "{\"path\":\"%x\",\"line\":%u}\n",
				 i * 2654435761u, i);

		require(!ng_frames_writer_add(w, line, (size_t)n, NULL));
	}
	require(!ng_frames_writer_finish(w, shard, data_type, directory_type, NULL));
}

/* A shard without documents, one with some, one with enough of them for a dictionary. */
uint8_t *fuzz_seed(unsigned number, size_t *ret_size)
{
	static const unsigned lines[] = {0, 1500, 20000};
	ng_cleanup(ng_shard_writer_freep) struct ng_shard_writer *shard = NULL;
	const char *tmp = getenv("TMPDIR");
	char dir[1024], path[1040];
	uint64_t bytes, checksum;
	uint8_t *data;
	FILE *f;

	if (number >= ng_array_size(lines))
		return NULL;
	snprintf(dir, sizeof(dir), "%s/fuzz-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	require(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/shard", dir);
	require(!ng_shard_writer_new(path, &shard, NULL));
	write_sequence(shard, NG_SECTION_DOC_STARTS, ng_min(lines[number], 2000u), 5000);
	write_sequence(shard, NG_SECTION_META_STARTS, ng_min(lines[number], 2000u), 3);
	write_frames(shard, dir, lines[number], NG_SECTION_META_FRAMES, NG_SECTION_META_DIRECTORY);
	write_frames(shard, dir, lines[number] / 3, NG_SECTION_TEXT_FRAMES,
		     NG_SECTION_TEXT_DIRECTORY);
	require(!ng_shard_writer_finish(shard, &bytes, &checksum, NULL));
	data = malloc(bytes);
	f = fopen(path, "re");
	require(data && f && fread(data, 1, bytes, f) == bytes);
	fclose(f);
	unlink(path);
	rmdir(dir);
	*ret_size = bytes;
	return data;
}
