#include "build/builder.h"

#include <sys/mman.h>

#include "base/parallel.h"
#include "build/appenddir.h"
#include "build/shard_jobs.h"
#include "build/suffix_sort.h"
#include "build/workdir.h"
#include "index/manifest.h"
#include "index/params.h"

#define SA_SAMPLING   52u
#define META_LEVEL    6 /* 19 takes a tenth of all CPU time, for a thousandth of the index */
#define STORE_LEVEL   19
#define MEMORY_A_BYTE 6u           /* of text: what sorting takes, and the text */
#define MEMORY_FIXED  (128u << 20) /* everything else */

struct ng_builder {
	struct ng_build_options options;
	struct ng_workdir *workdir;  /* of an index that is made */
	struct ng_appenddir *append; /* of one that is added to; one of them is NULL */
	struct ng_shard_options shard_options;
	struct ng_shard_text text; /* that is being collected */
	struct ng_shard_jobs *jobs;
	struct ng_manifest manifest;
	size_t first_shard;   /* of those this build makes */
	uint64_t shard_bytes; /* text and separators that a shard takes */
};

/* The directory that the files of the build are written into. */
static const char *directory(const struct ng_builder *builder)
{
	return builder->append ? ng_appenddir_path(builder->append)
			       : ng_workdir_path(builder->workdir);
}

static void shard_finished(void *userdata, size_t shard, uint64_t file_bytes, uint64_t checksum)
{
	struct ng_builder *builder = userdata;
	struct ng_manifest_shard *entry = &builder->manifest.shards[shard];

	entry->file_bytes = file_bytes;
	entry->checksum = checksum;
}

static void report(void *userdata, const struct ng_build_progress *progress)
{
	const struct ng_builder *builder = userdata;

	if (builder->options.progress)
		builder->options.progress(builder->options.userdata, progress);
}

/* Begin to make a shard of the text that there is, and wait until there is room for another. The
 * manifest has the shard at once, its file's size and checksum when it is made. */
static int shard_start(struct ng_builder *builder, struct ng_error *err)
{
	struct ng_shard_text *text = &builder->text;
	char file[NG_MANIFEST_FILE_MAX];
	struct ng_manifest_shard entry = {
		.file = file, .docs = text->docs, .text_bytes = text->n - text->docs};
	ng_cleanup(ng_freep) char *path = NULL;
	int r;

	ng_manifest_free_name(&builder->manifest, file);
	if (asprintf(&path, "%s/%s", directory(builder), file) < 0) {
		path = NULL;
		return ng_fail(err, -ENOMEM, "out of memory");
	}
	/* Before the job, which fills in the rest whenever it ends. */
	if (ng_manifest_add(&builder->manifest, &entry) < 0)
		return ng_fail(err, -ENOMEM, "out of memory");
	r = ng_shard_jobs_start(builder->jobs, text, &builder->shard_options, path,
				builder->manifest.n_shards - 1, err);
	return r < 0 ? r : ng_shard_jobs_wait(builder->jobs, builder->shard_bytes, err);
}

static int text_begin(struct ng_builder *builder, struct ng_error *err)
{
	struct ng_shard_text *text = &builder->text;
	const char *tmp = directory(builder);
	unsigned threads = builder->shard_options.threads;
	int r;

	/* As much room as a shard can take; memory comes with use. */
	text->cap = NG_SORT_MAX;
	text->bytes = mmap(NULL, text->cap, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (text->bytes == MAP_FAILED) {
		text->bytes = NULL;
		return ng_fail(err, -ENOMEM, "out of memory for a shard's text");
	}
	madvise(text->bytes, text->cap, MADV_HUGEPAGE);
	r = ng_frames_writer_new(META_LEVEL, threads, tmp, &text->meta, err);
	if (r == 0 && builder->options.text_store)
		r = ng_frames_writer_new(STORE_LEVEL, threads, tmp, &text->store, err);
	return r;
}

static int options_check(struct ng_build_options *options, struct ng_error *err)
{
	uint64_t pages = (uint64_t)sysconf(_SC_PHYS_PAGES);

	if (!options->sa_sampling)
		options->sa_sampling = SA_SAMPLING;
	if (!options->memory_bytes)
		options->memory_bytes = pages * (uint64_t)sysconf(_SC_PAGESIZE) / 2;
	if (!options->threads)
		options->threads = ng_processors();
	if (options->sa_sampling < NG_SA_RATE_MIN || options->sa_sampling > NG_SA_RATE_MAX)
		return ng_fail(err, -EINVAL, "suffix array sampling %u is not from %u to %u",
			       options->sa_sampling, NG_SA_RATE_MIN, NG_SA_RATE_MAX);
	if (options->memory_bytes < 2 * MEMORY_FIXED)
		return ng_fail(err, -EINVAL, "%ju bytes of memory are too few; %u MiB is the least",
			       (uintmax_t)options->memory_bytes, 2 * MEMORY_FIXED >> 20);
	return 0;
}

/* Open the index to append to. */
static int append_begin(struct ng_builder *builder, struct ng_error *err)
{
	int r;

	if (builder->options.force)
		return ng_fail(err, -EINVAL,
			       "an index is either appended to or replaced (--append, --force)");
	r = ng_appenddir_new(builder->options.output, &builder->manifest, &builder->append, err);
	if (r < 0)
		return r;
	builder->first_shard = builder->manifest.n_shards;
	return ng_appenddir_options(&builder->manifest, &builder->options, err);
}

/* Shards side by side, when there is memory for several; each gets its share of the threads. */
static int jobs_begin(struct ng_builder *builder)
{
	uint64_t memory = builder->options.memory_bytes - MEMORY_FIXED, side_by_side;
	struct ng_shard_jobs_options options = {.threads = builder->options.threads,
						.memory_bytes = memory,
						.cancel = builder->options.cancel,
						.progress = report,
						.finished = shard_finished,
						.userdata = builder};

	side_by_side = memory / (MEMORY_A_BYTE * ng_max(builder->shard_bytes, (uint64_t)1));
	side_by_side = ng_max(ng_min(side_by_side, (uint64_t)options.threads), (uint64_t)1);
	builder->shard_options.threads =
		(unsigned)ng_div_up((uint64_t)options.threads, side_by_side);
	return ng_shard_jobs_new(&options, &builder->jobs);
}

int ng_builder_new(const struct ng_build_options *options, struct ng_builder **ret_builder,
		   struct ng_error *err)
{
	ng_cleanup(ng_builder_freep) struct ng_builder *builder = calloc(1, sizeof(*builder));
	uint64_t fits;
	int r;

	if (!builder)
		return ng_fail(err, -ENOMEM, "out of memory");
	builder->options = *options;
	r = options->append ? append_begin(builder, err) : 0;
	if (r == 0)
		r = options_check(&builder->options, err);
	if (r < 0)
		return r;
	builder->shard_options = (struct ng_shard_options){.sa_rate = builder->options.sa_sampling,
							   .threads = builder->options.threads};
	fits = (builder->options.memory_bytes - MEMORY_FIXED) / MEMORY_A_BYTE;
	fits = ng_min(fits, NG_SORT_MAX);
	if (builder->options.shard_bytes > fits)
		return ng_fail(err, -EINVAL,
			       "shards of %ju bytes need more memory than there may be used; "
			       "%ju bytes is the most (see --shard-size and --memory)",
			       (uintmax_t)builder->options.shard_bytes, (uintmax_t)fits);
	builder->shard_bytes = options->shard_bytes ? options->shard_bytes : fits;
	r = jobs_begin(builder);
	if (r < 0)
		return ng_fail(err, r, "out of memory");
	if (builder->append) {
		*ret_builder = ng_steal_ptr(&builder);
		return 0;
	}
	builder->manifest.format_version = NG_FORMAT_VERSION;
	builder->manifest.sa_sampling = builder->options.sa_sampling;
	builder->manifest.text_store = builder->options.text_store;
	r = ng_workdir_new(options->output, options->force, &builder->workdir, err);
	if (r < 0)
		return r;
	*ret_builder = ng_steal_ptr(&builder);
	return 0;
}

static int ends_grow(struct ng_shard_text *text)
{
	uint64_t cap = ng_max(2 * text->docs_cap, (uint64_t)4096);
	uint64_t *docs, *meta;

	if (text->docs < text->docs_cap)
		return 0;
	docs = reallocarray(text->doc_ends, cap, sizeof(*docs));
	if (docs)
		text->doc_ends = docs;
	meta = reallocarray(text->meta_ends, cap, sizeof(*meta));
	if (meta)
		text->meta_ends = meta;
	if (!docs || !meta)
		return -ENOMEM;
	text->docs_cap = cap;
	return 0;
}

/* A text with NUL bytes takes up to twice the memory to sort. */
static bool has_room(const struct ng_builder *builder, size_t text_bytes, bool has_nul)
{
	uint64_t limit = builder->shard_bytes;

	if (has_nul || builder->text.has_nul)
		limit /= 2;
	return builder->text.n + text_bytes + 1 <= limit;
}

int ng_builder_add(struct ng_builder *builder, const uint8_t *text_bytes_at, size_t text_bytes,
		   const char *meta, size_t meta_bytes, struct ng_error *err)
{
	struct ng_shard_text *text = &builder->text;
	bool has_nul = memchr(text_bytes_at, 0, text_bytes) != NULL;
	int r = 0;

	if (text_bytes >= NG_SORT_MAX)
		return ng_fail(err, -EFBIG, "a document of %zu bytes is too large; %ju is the most",
			       text_bytes, (uintmax_t)NG_SORT_MAX - 1);
	/* A document that is larger than a shard gets one of its own. */
	if (text->docs && !has_room(builder, text_bytes, has_nul))
		r = shard_start(builder, err);
	if (r == 0 && !text->bytes)
		r = text_begin(builder, err);
	if (r < 0)
		return r;
	if (ends_grow(text) < 0)
		return ng_fail(err, -ENOMEM, "out of memory for %ju documents",
			       (uintmax_t)text->docs);
	r = ng_frames_writer_add(text->meta, meta, meta_bytes, err);
	if (r == 0 && text->store)
		r = ng_frames_writer_add(text->store, text_bytes_at, text_bytes, err);
	if (r < 0)
		return r;
	memcpy(text->bytes + text->n, text_bytes_at, text_bytes);
	text->n += text_bytes;
	text->doc_ends[text->docs] = text->n;
	text->meta_ends[text->docs] =
		(text->docs ? text->meta_ends[text->docs - 1] : 0) + meta_bytes;
	text->bytes[text->n++] = 0;
	text->docs++;
	text->has_nul |= has_nul;
	return 0;
}

static void summarize(const struct ng_manifest *manifest, size_t first_shard,
		      struct ng_build_summary *ret_summary)
{
	struct ng_build_summary s = {0};

	s.shards = (uint32_t)manifest->n_shards;
	s.added_shards = (uint32_t)(manifest->n_shards - first_shard);
	for (size_t i = 0; i < manifest->n_shards; i++) {
		const struct ng_manifest_shard *shard = &manifest->shards[i];

		s.docs += shard->docs;
		s.text_bytes += shard->text_bytes;
		s.index_bytes += shard->file_bytes;
		s.added_docs += i < first_shard ? 0 : shard->docs;
		s.added_text_bytes += i < first_shard ? 0 : shard->text_bytes;
		s.added_index_bytes += i < first_shard ? 0 : shard->file_bytes;
	}
	*ret_summary = s;
}

int ng_builder_finish(struct ng_builder *builder, struct ng_build_summary *ret_summary,
		      struct ng_error *err)
{
	const struct ng_manifest *manifest = &builder->manifest;
	int r = 0;

	if (builder->text.docs)
		r = shard_start(builder, err);
	if (r == 0)
		r = ng_shard_jobs_wait(builder->jobs, UINT64_MAX, err);
	if (r == 0 && builder->workdir)
		r = ng_manifest_write(ng_workdir_path(builder->workdir), manifest, err);
	if (r == 0 && ng_cancelled(builder->options.cancel))
		r = ng_fail(err, -EINTR, "interrupted");
	if (r == 0 && builder->workdir)
		r = ng_workdir_publish(builder->workdir, err);
	/* Nothing to add: the index stays as it is, byte for byte. */
	if (r == 0 && builder->append && manifest->n_shards > builder->first_shard)
		r = ng_appenddir_publish(builder->append, manifest, err);
	if (r == 0)
		summarize(manifest, builder->first_shard, ret_summary);
	return r;
}

struct ng_builder *ng_builder_free(struct ng_builder *builder)
{
	if (!builder)
		return NULL;
	ng_shard_jobs_free(builder->jobs);
	ng_shard_text_clear(&builder->text);
	ng_manifest_clear(&builder->manifest);
	ng_workdir_free(builder->workdir);
	ng_appenddir_free(builder->append);
	free(builder);
	return NULL;
}
