/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer entry point: a mount of an index from a stranger, all of whose sums are right (see
 * sections.h). What a reader may look up, list, read and write of it is looked up, listed, read and
 * written. Answers may be anything, but each comes to its end, or can be ended. */
#include "fuzz.h"

#include <signal.h>
#include <sys/time.h>

#include "asked.h"
#include "tree/tree.h"

#define READ_BYTES 3000u /* at once */
#define READS_MAX  12u
#define NAMES_MAX  12u /* of a directory that are looked up */
#define DEPTH_MAX  5u
#define CPU_MS     300  /* then a question is ended, */
#define HUNG       200u /* and so many times as long after it nothing may have gone on */

/* Directories are listed, and the first names in them looked up. */
static const char *const paths[] = {
	"README",
	"stats",
	"wordlist",
	"count/the",
	"df/the",
	"find/the",
	"next/the",
	"prev/the",
	"nextword/the",
	"prevword/cat",
	"kwic/the",
	"kwic/a",
	"lines/the",
	"grep/(c|m)at.*",
	"docs/the",
	"meta/a",
	"match/on the",
	"facet/kind/the",
	"facet/path/%",
	"doc/0.txt",
	"doc/3.txt",
	"doc/4.json",
	"files",
	"with/case=fold,space=fold,form=fold/count/THE  CAT",
	"with/case=fold,space=fold,form=fold/lines/Cat",
	"with/word=yes,case=fold/docs/the",
	"with/where=kind:1|2/docs/the",
	"with/where=path:1*|0*/facet/kind/a",
	"with/where=kind:>=1/files",
	"with/also=cat,not=qu/kwic/the",
	"with/also=mat,near=20,any=cat/count/the",
	"with/order=random,seed=3/kwic/a",
	"with/scan=all/grep/t.*t",
	"with/min=3/repeats",
	"with/min=2/wordlist",
};
static const struct {
	const char *path, *lines;
} sessions[] = {
	{"batch/count", "the\ncat\n"},
	{"batch/kwic", "the\na\n"},
	{"batch/lines", "mat\n"},
	{"batch/facet/kind", "the\n"},
	{"batch/find", "on\nx\n"},
	{"batch/next", "th\n"},
	{"with/docs=3,min=2/trace", "a cat on the mat"},
};

/* ---- questions that take long ---- */

static ng_cancel cancel;
static volatile sig_atomic_t ticks;
static volatile sig_atomic_t asking;

static void on_tick(int signal_no)
{
	static const char hung[] = "fuzz_tree: a question that was ended goes on\n";

	if (!asking || ++ticks == 1) {
		/* The first tick may come at once. */
		return;
	}
	atomic_store(&cancel, true);
	if (ticks > (sig_atomic_t)HUNG) {
		(void)!write(STDERR_FILENO, hung, sizeof(hung) - 1);
		abort();
	}
}

static void clock_start(void)
{
	static bool started;
	const struct itimerval every = {{0, CPU_MS * 1000}, {0, CPU_MS * 1000}};
	struct sigaction action = {.sa_handler = on_tick, .sa_flags = SA_RESTART};

	if (started)
		return;
	started = true;
	sections_require(sigaction(SIGPROF, &action, NULL) == 0);
	sections_require(setitimer(ITIMER_PROF, &every, NULL) == 0);
}

static void begin(void)
{
	atomic_store(&cancel, false);
	ticks = 0;
	asking = 1;
}

/* What damage, and nothing else, may make of an answer; true: there is one. */
static bool end(int r)
{
	asking = 0;
	sections_require(r == 0 || r == -EUCLEAN || r == -EIO || r == -ENOMEM || r == -ENOENT ||
			 r == -EINTR || r == -EOVERFLOW || r == -EFBIG || r == -E2BIG ||
			 r == -ENOTDIR || r == -EISDIR || r == -EINVAL || r == -ENAMETOOLONG);
	return r == 0;
}

/* ---- asking ---- */

static void read_some(struct ng_tree *tree, ng_node_id id)
{
	static uint8_t buf[READ_BYTES];
	uint64_t offset = 0;

	for (unsigned i = 0; i < READS_MAX; i++) {
		size_t n = 0;

		begin();
		if (!end(ng_tree_read(tree, id, offset, sizeof(buf), &cancel, buf, &n)) || !n)
			return;
		sections_require(n <= sizeof(buf));
		offset += n;
	}
}

struct names {
	unsigned n;
	char of[NAMES_MAX][256];
};

static bool on_name(void *userdata, const struct ng_name *name)
{
	struct names *names = userdata;

	sections_require(*name->name && !strchr(name->name, '/') && strlen(name->name) < 256);
	if (strcmp(name->name, ".") == 0 || strcmp(name->name, "..") == 0)
		return true;
	if (names->n == NAMES_MAX)
		return false;
	snprintf(names->of[names->n++], sizeof(names->of[0]), "%s", name->name);
	return true;
}

static bool look_up(struct ng_tree *tree, ng_node_id dir, const char *name,
		    struct ng_entry *ret_entry)
{
	begin();
	return end(ng_tree_lookup(tree, dir, name, &cancel, ret_entry)) && ret_entry->id;
}

/* A file's contents, or a directory's names and what they are of. */
static void visit(struct ng_tree *tree, ng_node_id id, unsigned depth)
{
	struct names names = {0};

	if (!ng_tree_is_dir(id)) {
		ng_tree_opened(tree, id);
		read_some(tree, id);
		ng_tree_released(tree, id);
		return;
	}
	begin();
	if (!end(ng_tree_list(tree, id, 0, &cancel, on_name, &names)) || depth == DEPTH_MAX)
		return;
	for (unsigned i = 0; i < names.n; i++) {
		struct ng_entry entry = {0};

		if (!look_up(tree, id, names.of[i], &entry))
			continue;
		visit(tree, entry.id, depth + 1);
		ng_tree_forget(tree, entry.id, 1);
	}
}

/* Go along a path, and visit what is at its end, or write to it. Nodes on the way are held
 * meanwhile. */
static void go(struct ng_tree *tree, ng_node_id dir, const char *path, const char *lines)
{
	size_t len = strcspn(path, "/");
	struct ng_entry entry = {0};
	char name[256];

	snprintf(name, sizeof(name), "%.*s", (int)len, path);
	if (!look_up(tree, dir, name, &entry))
		return;
	if (path[len])
		go(tree, entry.id, path + len + 1, lines);
	else if (!lines)
		visit(tree, entry.id, DEPTH_MAX - 3);
	else {
		ng_tree_opened(tree, entry.id);
		begin();
		if (end(ng_tree_write(tree, entry.id, 0, (const uint8_t *)lines, strlen(lines))))
			read_some(tree, entry.id);
		ng_tree_released(tree, entry.id);
	}
	ng_tree_forget(tree, entry.id, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct ng_tree_options options = {.page_docs = 3,
						       .streams = {.disk_bytes = 1 << 26},
						       .context_bytes = 10,
						       .node_limit_bytes = 1 << 20,
						       .opening = {.threads = 1}};
	ng_cleanup(ng_tree_freep) struct ng_tree *tree = NULL;
	const char *dir = sections_dir("tree");
	struct ng_error err = {""};

	clock_start();
	if (sections_write_index(data, size, dir)) {
		int r = ng_tree_new(&dir, 1, &options, &tree, &err);

		sections_require(r == 0 || *err.text);
		for (size_t i = 0; r == 0 && i < ng_array_size(paths); i++)
			go(tree, NG_NODE_ROOT, paths[i], NULL);
		for (size_t i = 0; r == 0 && i < ng_array_size(sessions); i++)
			go(tree, NG_NODE_ROOT, sessions[i].path, sessions[i].lines);
	}
	sections_remove(dir);
	return 0;
}

uint8_t *fuzz_seed(unsigned number, size_t *ret_size)
{
	return asked_seed(number, ret_size);
}
