/* SPDX-License-Identifier: Apache-2.0 */
#include "framemake.h"

/* Something like prose: words of some thousands, few of them frequent, that repeat over a longer
 * distance than a frame. */
static int put_words(char *item, size_t size, uint64_t r)
{
	uint64_t id = (r % 3000) * (r >> 32) % 3000 >> (r >> 20) % 8;
	uint64_t letters = scratch_random(&id);
	int n = 3 + (int)(letters % 8);

	snprintf(item, size, "          ");
	for (int i = 0; i < n; i++)
		item[i] = (char)('a' + (letters >> (5 * i + 3)) % 26);
	return n + 1;
}

/* Records that differ in numbers alone: a frame holds all that there is to learn about them. */
static int put_record(char *item, size_t size, uint64_t r)
{
	static const char *const words[] = {"path", "corpus", "line", "house", "river"};

	return snprintf(item, size, "{\"title\": \"%s\", \"id\": %u}\n", words[r % 5],
			(unsigned)(r >> 40));
}

static int put_noise(char *item, size_t size, uint64_t r)
{
	ng_store64(item, r);
	return sizeof(r);
}

uint8_t *make_data(size_t len, enum kind kind)
{
	static int (*const put[])(char *item, size_t size, uint64_t r) = {
		[TEXT] = put_words,
		[RECORDS] = put_record,
		[NOISE] = put_noise,
	};
	uint8_t *data = calloc(1, len + 1);
	uint64_t rng = len;
	size_t done = 0;

	assert_non_null(data);
	while (kind != ZEROES && done < len) {
		char item[64];
		int n = put[kind](item, sizeof(item), scratch_random(&rng));

		memcpy(data + done, item, ng_min((size_t)n, len - done));
		done += ng_min((size_t)n, len - done);
	}
	return data;
}

void write_shard(struct fixture *f, const uint8_t *data, size_t len, size_t piece, int level,
		 unsigned threads)
{
	ng_cleanup(ng_frames_writer_freep) struct ng_frames_writer *w = NULL;
	ng_cleanup(ng_shard_writer_freep) struct ng_shard_writer *shard = NULL;
	uint64_t bytes, checksum;
	struct ng_error err;

	unlink(f->path);
	assert_int_equal(ng_frames_writer_new(level, threads, NG_TEMPDIR(f->dir), &w, &err), 0);
	for (size_t i = 0; i < len; i += piece)
		assert_int_equal(ng_frames_writer_add(w, data + i, ng_min(piece, len - i), &err),
				 0);
	assert_int_equal(ng_shard_writer_new(f->path, &shard, &err), 0);
	assert_int_equal(ng_frames_writer_finish(w, shard, DATA, DIRECTORY, &err), 0);
	assert_int_equal(ng_shard_writer_finish(shard, &bytes, &checksum, &err), 0);
}

void open_shard(struct fixture *f, struct opened *o)
{
	assert_int_equal(ng_shard_file_open(f->path, &o->file, NULL), 0);
	assert_true(ng_shard_file_section(o->file, DATA, &o->data, &o->data_bytes));
	assert_true(ng_shard_file_section(o->file, DIRECTORY, &o->directory, &o->directory_bytes));
	assert_int_equal(ng_frames_open(NULL, o->data, o->data_bytes, o->directory,
					o->directory_bytes, &o->frames),
			 0);
}

void close_shard(struct opened *o)
{
	assert_null(ng_frames_free(o->frames));
	ng_shard_file_close(o->file);
}

size_t dict_bytes(const struct opened *o)
{
	struct ng_frames_header header;

	memcpy(&header, o->directory, sizeof(header));
	return header.dict_bytes;
}
