/* SPDX-License-Identifier: Apache-2.0 */
#include "check/full.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sys/mman.h>

#include "base/parallel.h"
#include "base/tempfile.h"
#include "format/shardlayout.h"

#define DOCS        100u       /* that are read through the index */
#define DOC_BYTES   (1u << 16) /* of each, at most */
#define STORE_BYTES (1u << 16) /* compared at a time */
#define BATCH_DOCS  256u

uint64_t ng_full_section_at(const struct ng_full *full, uint32_t type)
{
	uint32_t n;
	const struct ng_shard_entry *e = ng_shard_file_entries(full->shard->file, &n);

	for (; n > 0; n--, e++)
		if (e->type == type)
			return e->offset;
	return NG_NO_OFFSET;
}

/* The part of a document that lies in the store at [at, at + len) against its text. */
static int store_piece_check(const struct ng_full *full, uint64_t doc, uint64_t begin, uint64_t at,
			     size_t len, uint8_t *buf)
{
	int r = ng_frames_read(full->shard->text, begin - doc + at, len, buf);

	if (r == -ENOMEM)
		return r;
	if (r == 0 && memcmp(buf, full->text + begin + at, len) == 0)
		return 0;
	ng_checker_damage(full->checker, NG_SECTION_TEXT_FRAMES,
			  ng_full_section_at(full, NG_SECTION_TEXT_FRAMES),
			  "document %" PRIu64 " is another one than in the BWT, in its bytes "
			  "from %" PRIu64 " on",
			  doc, at);
	return -EUCLEAN;
}

static int store_batch_check(void *userdata, uint64_t batch)
{
	const struct ng_full *full = userdata;
	uint64_t first = batch * BATCH_DOCS;
	uint64_t end = ng_min(first + BATCH_DOCS, full->shard->params.docs), total = 0;
	ng_cleanup(ng_freep) uint8_t *buf = malloc(STORE_BYTES);

	if (!buf)
		return -ENOMEM;
	for (uint64_t doc = first; doc < end; doc++) {
		uint64_t begin, bytes;
		int r = ng_shard_doc_extent(full->shard, doc, &begin, &bytes);

		for (uint64_t at = 0; r == 0 && at < bytes; at += STORE_BYTES) {
			r = store_piece_check(full, doc, begin, at,
					      (size_t)ng_min(bytes - at, (uint64_t)STORE_BYTES),
					      buf);
			if (r == 0 && ng_checker_cancelled(full->checker))
				r = -EINTR;
		}
		if (r < 0 && r != -EUCLEAN)
			return r;
		total += bytes;
	}
	ng_checker_advance(full->checker, total);
	return 0;
}

/* Random stretches of random documents, as a reader of the index gets them. */
static int documents_check(struct ng_full *full)
{
	uint64_t docs = full->shard->params.docs;
	ng_cleanup(ng_freep) uint8_t *buf = malloc(DOC_BYTES);

	if (!buf)
		return -ENOMEM;
	for (unsigned i = 0; i < DOCS && docs; i++) {
		uint64_t doc = ng_full_random(full) % docs, begin, bytes, from;
		size_t len;
		int r = ng_shard_doc_extent(full->shard, doc, &begin, &bytes);

		if (r < 0)
			return r == -EUCLEAN ? 0 : r; /* the structure's check has said so */
		from = bytes ? ng_full_random(full) % bytes : 0;
		len = (size_t)ng_min(bytes - from, (uint64_t)DOC_BYTES);
		r = ng_shard_extract(full->shard, doc, from, len, full->checker->options->cancel,
				     buf);
		if (r < 0 && r != -EUCLEAN)
			return r;
		if (r == 0 && memcmp(buf, full->text + begin + from, len) == 0)
			continue;
		ng_checker_damage(full->checker, NG_SECTION_SHORTCUTS,
				  ng_full_section_at(full, NG_SECTION_SHORTCUTS),
				  "document %" PRIu64 ", read from its byte %" PRIu64
				  " on, is not the text",
				  doc, from);
	}
	return 0;
}

int ng_full_compare(struct ng_full *full)
{
	int r = documents_check(full);

	if (r < 0 || !full->shard->text)
		return r;
	ng_checker_phase(full->checker, "comparing the text store", full->shard->params.text_bytes);
	return ng_parallel(ng_div_up(full->shard->params.docs, BATCH_DOCS), full->checker->threads,
			   store_batch_check, full);
}

/* Room for the text: memory, or a file that has no name and goes with the mapping. */
static int text_map(struct ng_full *full, struct ng_error *err)
{
	const char *dir = full->checker->options->tmp_dir;
	int flags = dir ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS, r;
	ng_cleanup(ng_closep) int fd = -1;
	void *text;

	if (dir) {
		fd = ng_tempfile_open(NG_TEMPDIR(dir));
		if (fd < 0)
			return ng_fail(err, fd, "%s: cannot make a temporary file: %s", dir,
				       strerror(-fd));
		/* Room now, or a write into the mapping would find none. */
		r = posix_fallocate(fd, 0, (off_t)full->n);
		if (r > 0)
			return ng_fail(err, -r, "%s: no room for %" PRIu64 " bytes of text: %s",
				       dir, full->n, strerror(r));
	}
	text = mmap(NULL, full->n, PROT_READ | PROT_WRITE, flags, fd, 0);
	if (text == MAP_FAILED)
		return ng_fail(err, -errno, "no memory for %" PRIu64 " bytes of text; see --tmp",
			       full->n);
	full->text = text;
	return 0;
}

static void full_clear(struct ng_full *full)
{
	if (full->text)
		munmap(full->text, full->n);
}

int ng_check_full(struct ng_checker *checker, const struct ng_shard *shard, uint64_t seed,
		  uint64_t *substrings, struct ng_error *err)
{
	ng_cleanup(full_clear) struct ng_full full = {
		.checker = checker,
		.shard = shard,
		.n = shard->params.rows,
		.rng = seed,
	};
	int r;

	r = text_map(&full, err);
	if (r == 0)
		r = ng_full_rebuild(&full);
	if (r == 0 && ng_checker_file_sound(checker))
		r = ng_full_compare(&full);
	if (r == 0 && ng_checker_file_sound(checker))
		r = ng_full_facets(&full);
	if (r == 0 && ng_checker_file_sound(checker))
		r = ng_full_recount(&full, substrings);
	return r;
}
