/* SPDX-License-Identifier: Apache-2.0 */
/* Where documents begin, and the compressed frames of their metadata and of the text store. */
#include <inttypes.h>

#include "base/parallel.h"
#include "check/structure.h"
#include "format/ef.h"
#include "format/frames.h"
#include "text/jsonl.h"

#define BATCH_DOCS   1024u
#define BATCH_FRAMES 64u

/* Starts of documents, opened; n is 0 when they could not be. */
static struct ng_ef starts_open(const struct ng_checked *checked,
				const struct ng_checked_section *s, uint64_t last)
{
	struct ng_ef ef;

	if (ng_ef_open(NULL, s->data, s->bytes, &ef) < 0) {
		ng_checker_damage(checked->checker, s->type, s->offset,
				  "its numbers don't fit into it");
		return (struct ng_ef){0};
	}
	if (ef.n == checked->params.docs + 1 && ef.last == last)
		return ef;
	ng_checker_damage(checked->checker, s->type, s->offset,
			  "%" PRIu64 " numbers up to %" PRIu64 " instead of %" PRIu64
			  " up to %" PRIu64,
			  ef.n, ef.last, checked->params.docs + 1, last);
	return (struct ng_ef){0};
}

/* From 0 on ascending, each at least `gap` above the one before, and found again by ng_ef_rank. */
static int starts_check(const struct ng_checked *checked, const struct ng_checked_section *s,
			const struct ng_ef *ef, uint64_t gap)
{
	uint64_t before = 0;

	for (uint64_t i = 0; i < ef->n; i++) {
		bool bad = false;
		uint64_t start = ng_ef_get(ef, i, &bad);

		if (i % 65536 == 0 && ng_checker_cancelled(checked->checker))
			return -EINTR;
		if (i == 0 ? start != 0 : start < before || start - before < gap) {
			ng_checker_damage(checked->checker, s->type, s->offset,
					  "number %" PRIu64 " is %" PRIu64
					  ", the one before it %" PRIu64,
					  i, start, before);
			return 0;
		}
		if (gap && ng_ef_rank(ef, start, &bad) != i + 1) {
			ng_checker_damage(checked->checker, s->type, s->offset,
					  "number %" PRIu64 " is not found again", i);
			return 0;
		}
		before = start;
	}
	if (ef->n && before != ef->last)
		ng_checker_damage(checked->checker, s->type, s->offset,
				  "the last number is %" PRIu64 " instead of %" PRIu64, before,
				  ef->last);
	return 0;
}

/* A stream of frames, and, of the metadata's, where the documents' begin. */
struct frames {
	const struct ng_checked *checked;
	struct ng_checked_section data, directory, starts_section;
	struct ng_frames *frames;
	struct ng_ef starts; /* n is 0: none */
};

static void frames_clear(struct frames *f)
{
	ng_frames_free(f->frames);
}

/* Opens f->frames; it stays NULL when the directory is too damaged. */
static int frames_open(struct frames *f)
{
	int r = ng_frames_open(NULL, f->data.data, f->data.bytes, f->directory.data,
			       f->directory.bytes, &f->frames);

	if (r != -EUCLEAN)
		return r;
	ng_checker_damage(f->checked->checker, f->directory.type, f->directory.offset,
			  "doesn't fit the frames");
	return 0;
}

/* A batch of frames: each decompresses to what it should. */
static int frames_check(void *userdata, uint64_t batch)
{
	const struct frames *f = userdata;
	uint64_t raw = ng_frames_raw_bytes(f->frames), n = ng_div_up(raw, NG_FRAME_BYTES);
	uint64_t first = batch * BATCH_FRAMES, end = ng_min(first + BATCH_FRAMES, n);
	uint8_t buf[NG_FRAME_BYTES];

	if (ng_checker_cancelled(f->checked->checker))
		return -EINTR;
	for (uint64_t i = first; i < end; i++) {
		uint64_t at = i * NG_FRAME_BYTES, lo, hi;
		size_t len = (size_t)ng_min(raw - at, (uint64_t)NG_FRAME_BYTES);
		int r = ng_frames_read(f->frames, at, len, buf);

		if (r == -ENOMEM)
			return r;
		if (r == 0)
			continue;
		if (ng_frames_packed_range(f->frames, i, i + 1, &lo, &hi) < 0)
			ng_checker_damage(f->checked->checker, f->directory.type,
					  f->directory.offset,
					  "the offsets of frame %" PRIu64 " are out of range", i);
		else
			ng_checker_damage(f->checked->checker, f->data.type, f->data.offset + lo,
					  "frame %" PRIu64 " doesn't decompress to %zu bytes", i,
					  len);
	}
	ng_checker_advance(f->checked->checker,
			   ng_min(raw, end * NG_FRAME_BYTES) - first * NG_FRAME_BYTES);
	return 0;
}

static int frames_check_all(struct frames *f, const char *phase)
{
	uint64_t raw = ng_frames_raw_bytes(f->frames);

	ng_checker_phase(f->checked->checker, phase, raw);
	return ng_parallel(ng_div_up(ng_div_up(raw, NG_FRAME_BYTES), BATCH_FRAMES),
			   f->checked->checker->threads, frames_check, f);
}

/* A batch of documents: each one's metadata is a JSON object on a line. */
static int objects_check(void *userdata, uint64_t batch)
{
	const struct frames *f = userdata;
	uint64_t first = batch * BATCH_DOCS;
	uint64_t end = ng_min(first + BATCH_DOCS, f->checked->params.docs), bytes = 0;
	ng_cleanup(ng_buf_free) struct ng_buf buf = NG_BUF_INIT;

	if (ng_checker_cancelled(f->checked->checker))
		return -EINTR;
	for (uint64_t doc = first; doc < end; doc++) {
		bool bad = false;
		uint64_t from = ng_ef_get(&f->starts, doc, &bad), lo, hi;
		uint64_t to = ng_ef_get(&f->starts, doc + 1, &bad);
		size_t len = (size_t)(to - from);
		int r;

		buf.len = 0;
		r = ng_buf_reserve(&buf, len + 1);
		if (r == 0)
			r = ng_frames_read(f->frames, from, len, buf.data);
		if (r == -ENOMEM)
			return r;
		bytes += len;
		/* A frame that cannot be read was reported. */
		if (r == 0)
			r = ng_json_is_object(buf.data, len);
		if (r == -ENOMEM)
			return r;
		if (r)
			continue;
		if (ng_frames_packed_range(f->frames, from / NG_FRAME_BYTES, from / NG_FRAME_BYTES,
					   &lo, &hi) < 0)
			lo = 0;
		ng_checker_damage(f->checked->checker, f->data.type, f->data.offset + lo,
				  "the metadata of document %" PRIu64 " is not a JSON object", doc);
	}
	ng_checker_advance(f->checked->checker, bytes);
	return 0;
}

static int meta_check(struct frames *f)
{
	struct ng_checker *checker = f->checked->checker;
	bool found = ng_checked_section(f->checked, NG_SECTION_META_FRAMES, &f->data);
	int r;

	found &= ng_checked_section(f->checked, NG_SECTION_META_DIRECTORY, &f->directory);
	found &= ng_checked_section(f->checked, NG_SECTION_META_STARTS, &f->starts_section);
	if (!found)
		return 0;
	r = frames_open(f);
	if (r < 0 || !f->frames)
		return r;
	f->starts = starts_open(f->checked, &f->starts_section, ng_frames_raw_bytes(f->frames));
	r = starts_check(f->checked, &f->starts_section, &f->starts, 0);
	if (r == 0)
		r = frames_check_all(f, "reading metadata");
	if (r < 0 || !f->starts.n || !ng_checker_part_sound(checker, f->starts_section.type))
		return r;
	ng_checker_phase(checker, "parsing metadata", ng_frames_raw_bytes(f->frames));
	return ng_parallel(ng_div_up(f->checked->params.docs, BATCH_DOCS), checker->threads,
			   objects_check, f);
}

static int store_check(struct frames *f)
{
	uint64_t want = f->checked->params.text_bytes;
	const uint8_t *data;
	size_t bytes;
	int r;

	if (!ng_shard_file_section(f->checked->file, NG_SECTION_TEXT_FRAMES, &data, &bytes))
		return 0;
	if (!ng_checked_section(f->checked, NG_SECTION_TEXT_FRAMES, &f->data) ||
	    !ng_checked_section(f->checked, NG_SECTION_TEXT_DIRECTORY, &f->directory))
		return 0;
	r = frames_open(f);
	if (r < 0 || !f->frames)
		return r;
	if (ng_frames_raw_bytes(f->frames) != want)
		ng_checker_damage(f->checked->checker, f->directory.type, f->directory.offset,
				  "holds %" PRIu64 " bytes of text instead of %" PRIu64,
				  ng_frames_raw_bytes(f->frames), want);
	return frames_check_all(f, "reading the text store");
}

/* Each document has the samples that its length gives it. */
static int samples_check(const struct ng_checked *checked, const struct ng_checked_section *s,
			 const struct ng_ef *docs, const struct ng_ef *samples)
{
	for (uint64_t d = 0; d < checked->params.docs; d++) {
		bool bad = false;
		uint64_t bytes = ng_ef_get(docs, d + 1, &bad) - ng_ef_get(docs, d, &bad) - 1;
		uint64_t n = ng_ef_get(samples, d + 1, &bad) - ng_ef_get(samples, d, &bad);

		if (d % 65536 == 0 && ng_checker_cancelled(checked->checker))
			return -EINTR;
		if (n == ng_doc_samples(bytes, checked->params.sa_rate))
			continue;
		ng_checker_damage(checked->checker, s->type, s->offset,
				  "%" PRIu64 " samples of document %" PRIu64 ", which has %" PRIu64
				  " bytes",
				  n, d, bytes);
		return 0;
	}
	return 0;
}

static int doc_starts_check(const struct ng_checked *checked)
{
	struct ng_checked_section s, of_samples;
	struct ng_ef starts, samples;
	int r;

	if (!ng_checked_section(checked, NG_SECTION_DOC_STARTS, &s) ||
	    !ng_checked_section(checked, NG_SECTION_SAMPLE_STARTS, &of_samples))
		return 0;
	starts = starts_open(checked, &s, checked->params.rows);
	samples = starts_open(checked, &of_samples, checked->n_samples);
	/* A separator stands behind each document, and each has a sample. */
	r = starts_check(checked, &s, &starts, 1);
	if (r == 0)
		r = starts_check(checked, &of_samples, &samples, 1);
	if (r == 0 && starts.n && samples.n && ng_checker_part_sound(checked->checker, s.type) &&
	    ng_checker_part_sound(checked->checker, of_samples.type))
		r = samples_check(checked, &of_samples, &starts, &samples);
	return r;
}

int ng_check_documents(const struct ng_checked *checked)
{
	ng_cleanup(frames_clear) struct frames meta = {.checked = checked};
	ng_cleanup(frames_clear) struct frames store = {.checked = checked};
	int r = doc_starts_check(checked);

	if (r == 0)
		r = meta_check(&meta);
	return r < 0 ? r : store_check(&store);
}
