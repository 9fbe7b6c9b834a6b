#include "build/assembly.h"

#include <fcntl.h>

struct piece {
	uint64_t first, end; /* numbers of the segments that it was merged from */
	uint64_t rows;
	uint64_t text_at;
	char *path;
};

struct ng_assembly {
	char *dir;
	size_t shard;
	char *text_path;
	int text_fd;
	struct piece *pieces;
	size_t n, cap;
};

static void piece_name(const struct ng_assembly *assembly, uint64_t first, uint64_t end,
		       char ret[NG_STEP_FILE_MAX])
{
	snprintf(ret, NG_STEP_FILE_MAX, "segment-%05zu-%ju-%ju", assembly->shard, (uintmax_t)first,
		 (uintmax_t)end);
}

static int piece_path(const struct ng_assembly *assembly, uint64_t first, uint64_t end,
		      char **ret_path)
{
	char name[NG_STEP_FILE_MAX], *path;

	piece_name(assembly, first, end, name);
	if (asprintf(&path, "%s/%s", assembly->dir, name) < 0)
		return -ENOMEM;
	*ret_path = path;
	return 0;
}

int ng_assembly_new(const char *dir, size_t shard, struct ng_assembly **ret_assembly,
		    struct ng_error *err)
{
	ng_cleanup(ng_assembly_freep) struct ng_assembly *assembly = calloc(1, sizeof(*assembly));

	if (!assembly)
		return ng_fail(err, -ENOMEM, "out of memory");
	assembly->text_fd = -1;
	assembly->shard = shard;
	assembly->dir = strdup(dir);
	if (!assembly->dir || asprintf(&assembly->text_path, "%s/text-%05zu", dir, shard) < 0) {
		assembly->text_path = NULL;
		return ng_fail(err, -ENOMEM, "out of memory");
	}
	assembly->text_fd = open(assembly->text_path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (assembly->text_fd < 0)
		return ng_fail(err, -errno, "%s: %s", assembly->text_path, strerror(errno));
	*ret_assembly = ng_steal_ptr(&assembly);
	return 0;
}

struct ng_assembly *ng_assembly_free(struct ng_assembly *assembly)
{
	if (!assembly)
		return NULL;
	for (size_t i = 0; i < assembly->n; i++)
		free(assembly->pieces[i].path);
	free(assembly->pieces);
	ng_closep(&assembly->text_fd);
	free(assembly->text_path);
	free(assembly->dir);
	free(assembly);
	return NULL;
}

int ng_assembly_add(struct ng_assembly *assembly, uint64_t rows, const char **ret_path,
		    int *ret_text_fd, uint64_t *ret_text_at)
{
	const struct piece *last = assembly->n ? &assembly->pieces[assembly->n - 1] : NULL;
	struct piece piece = {.first = assembly->n, .end = assembly->n + 1, .rows = rows};

	piece.text_at = last ? last->text_at + last->rows : 0;
	if (assembly->n == assembly->cap) {
		size_t cap = 2 * assembly->cap + 16;
		struct piece *grown = reallocarray(assembly->pieces, cap, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		assembly->pieces = grown;
		assembly->cap = cap;
	}
	if (piece_path(assembly, piece.first, piece.end, &piece.path) < 0)
		return -ENOMEM;
	assembly->pieces[assembly->n++] = piece;
	*ret_path = piece.path;
	*ret_text_fd = assembly->text_fd;
	*ret_text_at = piece.text_at;
	return 0;
}

size_t ng_assembly_segments(const struct ng_assembly *assembly)
{
	return assembly->n;
}

/* The first of the two neighbours that are the least to write. */
static size_t smallest_pair(const struct ng_assembly *assembly)
{
	size_t best = 0;

	for (size_t i = 1; i + 1 < assembly->n; i++)
		if (assembly->pieces[i].rows + assembly->pieces[i + 1].rows <
		    assembly->pieces[best].rows + assembly->pieces[best + 1].rows)
			best = i;
	return best;
}

static int pair_merge(struct ng_assembly *assembly, size_t i, struct ng_journal *journal,
		      const struct ng_merge_options *options, const char *path,
		      struct ng_error *err)
{
	const struct piece *left = &assembly->pieces[i], *right = left + 1;
	struct ng_merge_text text = {assembly->text_fd, left->text_at, right->text_at};
	struct ng_step step = {.kind = NG_STEP_MERGED,
			       .shard = assembly->shard,
			       .first = left->first,
			       .end = right->end,
			       .rows = left->rows + right->rows};
	int r;

	if (journal && ng_journal_find(journal, step.kind, step.shard, step.first, step.end))
		return 0;
	/* What a killed run left of it. */
	unlink(path);
	r = ng_segments_merge(left->path, right->path, &text, options, path, &step.file_bytes,
			      &step.checksum, err);
	if (r < 0 || !journal)
		return r;
	piece_name(assembly, step.first, step.end, step.file);
	return ng_journal_add(journal, &step, err);
}

int ng_assembly_merge(struct ng_assembly *assembly, struct ng_journal *journal,
		      const struct ng_merge_options *options, const char **ret_path,
		      struct ng_error *err)
{
	while (assembly->n > 1) {
		size_t i = smallest_pair(assembly);
		struct piece *left = &assembly->pieces[i], *right = left + 1;
		ng_cleanup(ng_freep) char *path = NULL;
		int r = piece_path(assembly, left->first, right->end, &path);

		if (r < 0)
			return ng_fail(err, -ENOMEM, "out of memory");
		r = pair_merge(assembly, i, journal, options, path, err);
		if (r < 0)
			return r;
		unlink(left->path);
		unlink(right->path);
		free(left->path);
		free(right->path);
		left->path = ng_steal_ptr(&path);
		left->end = right->end;
		left->rows += right->rows;
		assembly->n--;
		memmove(right, right + 1, (assembly->n - i - 1) * sizeof(*right));
	}
	*ret_path = assembly->pieces[0].path;
	return 0;
}

void ng_assembly_remove(struct ng_assembly *assembly)
{
	for (size_t i = 0; i < assembly->n; i++)
		unlink(assembly->pieces[i].path);
	unlink(assembly->text_path);
}
