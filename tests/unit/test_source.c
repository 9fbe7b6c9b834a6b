/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "text/source.h"
#include "scratch.h"

#include <ftw.h>
#include <sys/stat.h>

#include <setjmp.h>
#include <cmocka.h>

#define SEED   99u
#define NOBODY 65534

/* The working directory of every test, so that sources have short names. */
static char dir[PATH_MAX];
static int home = -1;

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return ftw->level ? remove(path) : 0;
}

static int setup(void **state)
{
	int r = scratch_make(dir);

	home = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return r < 0 || home < 0 ? -1 : chdir(dir);
}

static int teardown(void **state)
{
	if (nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS) < 0 || fchdir(home) < 0)
		return -1;
	close(home);
	return scratch_remove(dir);
}

static void write_file(const char *path, const void *data, size_t len)
{
	assert_int_equal(scratch_write(path, data, len), 0);
}

/* All documents as "metadata<TAB>text<newline>", and what became of the run at the end. */
struct outcome {
	int r;
	struct ng_buf docs;
	struct ng_error err;
	struct ng_source_stats stats;
};

static void read_sources(const char *const *paths, size_t n,
			 const struct ng_source_options *options, struct outcome *out)
{
	struct ng_source *source ng_cleanup(ng_source_freep) = NULL;
	struct ng_source_doc doc;

	*out = (struct outcome){0};
	out->r = ng_source_new(paths, n, options, &source, &out->err);
	if (out->r < 0)
		return;
	while ((out->r = ng_source_next(source, &doc, &out->err)) > 0) {
		assert_int_equal(ng_buf_append(&out->docs, doc.meta, doc.meta_bytes), 0);
		assert_int_equal(ng_buf_append(&out->docs, "\t", 1), 0);
		assert_int_equal(ng_buf_append(&out->docs, doc.text, doc.text_bytes), 0);
		assert_int_equal(ng_buf_append(&out->docs, "\n", 1), 0);
	}
	ng_source_stats(source, &out->stats);
}

static void read_one(const char *path, enum ng_source_format format, struct outcome *out)
{
	const struct ng_source_options options = {.format = format, .allow_empty = true};

	read_sources(&path, 1, &options, out);
}

static void check_docs(const char *what, const struct outcome *out, const char *want, size_t len)
{
	if (out->r < 0)
		fail_msg("%s: %s", what, out->err.text);
	if (out->docs.len != len || (len && memcmp(out->docs.data, want, len) != 0))
		fail_msg("%s: came back as\n%.*s", what, (int)out->docs.len, out->docs.data);
}

#define LIT(s) s, sizeof(s) - 1

/* One file of this name and content, read in this format: these documents, or this error. */
static const struct {
	const char *name;
	const char *data;
	size_t len;
	enum ng_source_format format;
	const char *docs; /* NULL: an error */
	size_t docs_len;
	const char *error; /* a part of it */
} read_cases[] = {
	{"t", LIT("a\nb"), NG_SOURCE_AUTO, LIT("{\"path\":\"t\"}\ta\nb\n"), NULL},
	{"t", LIT(""), NG_SOURCE_AUTO, LIT("{\"path\":\"t\"}\t\n"), NULL},
	{"t", LIT("{"), NG_SOURCE_AUTO, LIT("{\"path\":\"t\"}\t{\n"), NULL},
	{"t", LIT("{ int a; }\n"), NG_SOURCE_AUTO, LIT("{\"path\":\"t\"}\t{ int a; }\n\n"), NULL},
	{"t", LIT("a\0b"), NG_SOURCE_AUTO, NULL, 0, "t: a binary file"},
	{"t", LIT("a\0b"), NG_SOURCE_TEXT, LIT("{\"path\":\"t\"}\ta\0b\n"), NULL},
	{"t", LIT("\xff\xfe"), NG_SOURCE_AUTO, NULL, 0, "t: UTF-16 text, which is not read"},
	{"t", LIT("\xff\xfe"), NG_SOURCE_TEXT, LIT("{\"path\":\"t\"}\t\xff\xfe\n"), NULL},
	{"t", LIT("\xff\xfe"), NG_SOURCE_LINES, NULL, 0, "t: UTF-16 text, which is not read"},
	{"t.jsonl", LIT("{\0}\0"), NG_SOURCE_AUTO, NULL, 0,
	 "t.jsonl: UTF-16 text, little-endian, which is not read; pipe it: iconv"},
	{"t", LIT("{\"text\":\"a\"}"), NG_SOURCE_TEXT, LIT("{\"path\":\"t\"}\t{\"text\":\"a\"}\n"),
	 NULL},
	{"t", LIT("\n {\"text\":\"a\", \"k\": 1}\n\n{\"text\":\"\"}\n"), NG_SOURCE_AUTO,
	 LIT("{\"path\":\"t\",\"line\":2,\"metadata\":{\"k\":1}}\ta\n"
	     "{\"path\":\"t\",\"line\":4,\"metadata\":{}}\t\n"),
	 NULL},
	{"t", LIT("\xef\xbb\xbf{\"text\":\"a\"}\r\n"), NG_SOURCE_AUTO,
	 LIT("{\"path\":\"t\",\"line\":1,\"metadata\":{}}\ta\n"), NULL},
	/* Several objects are data, whatever is in them. */
	{"t", LIT("{\"no\":\"a\"}\n{\"no\":\"b\"}"), NG_SOURCE_AUTO, NULL, 0,
	 "t:1: no field \"text\"; the longest string is --text-field='no'"},
	{"t", LIT("{\"no\":1}\n\n {\"text\":\"b\"}"), NG_SOURCE_AUTO, NULL, 0,
	 "t:1: no field \"text\""},
	{"t", LIT("{\"text\":\"\\ud800\"}\n{\"text\":\"b\"}"), NG_SOURCE_AUTO, NULL, 0,
	 "t:1: lone surrogate"},
	{"t", LIT("{\"text\":\"\",\"text\":\"\"}"), NG_SOURCE_AUTO, NULL, 0,
	 "t:1: field \"text\" stands here twice"},
	{"t", LIT("{\"text\":\"a\"}\n\xef\xbb\xbf{\"text\":\"b\"}\n\xef\xbb\xbf\n"), NG_SOURCE_AUTO,
	 LIT("{\"path\":\"t\",\"line\":1,\"metadata\":{}}\ta\n"
	     "{\"path\":\"t\",\"line\":2,\"metadata\":{}}\tb\n"),
	 NULL},
	/* objects over several lines, and arrays of them */
	{"t", LIT("{\n \"text\": \"a\",\n \"k\": [\n1]}\n{\"text\":\n\"b\"}"), NG_SOURCE_AUTO,
	 LIT("{\"path\":\"t\",\"item\":1,\"metadata\":{\"k\":[1]}}\ta\n"
	     "{\"path\":\"t\",\"item\":2,\"metadata\":{}}\tb\n"),
	 NULL},
	{"t", LIT("{\"text\":\"a\"}{\"text\":\"b\"}"), NG_SOURCE_AUTO,
	 LIT("{\"path\":\"t\",\"item\":1,\"metadata\":{}}\ta\n"
	     "{\"path\":\"t\",\"item\":2,\"metadata\":{}}\tb\n"),
	 NULL},
	{"t", LIT(" [ {\"text\":\"a]\\\"\"} ,{\"text\":\"b\"}]\n[{\"text\":\"c\"}]\n"),
	 NG_SOURCE_AUTO,
	 LIT("{\"path\":\"t\",\"item\":1,\"metadata\":{}}\ta]\"\n"
	     "{\"path\":\"t\",\"item\":2,\"metadata\":{}}\tb\n"
	     "{\"path\":\"t\",\"item\":3,\"metadata\":{}}\tc\n"),
	 NULL},
	{"t.jsonl", LIT("[{\"text\":\"a\"}]"), NG_SOURCE_AUTO,
	 LIT("{\"path\":\"t.jsonl\",\"item\":1,\"metadata\":{}}\ta\n"), NULL},
	{"t", LIT("[{\"text\":\"a\"},\n{\"no\":\"b\"}]"), NG_SOURCE_AUTO, NULL, 0,
	 "t:2: object 2: no field \"text\""},
	{"t", LIT("[{\"text\":\"a\"},\n3]"), NG_SOURCE_AUTO, NULL, 0,
	 "t:2: object 2: no JSON: a JSON object should be at byte 1"},
	{"t", LIT("[{\"text\":\"a\"}\n{\"text\":\"b\"}]"), NG_SOURCE_AUTO, NULL, 0,
	 "t:2: no JSON: a comma or the closing bracket"},
	{"t", LIT("[{\"text\":\"a\"},\n]"), NG_SOURCE_AUTO, NULL, 0,
	 "t:2: no JSON: an object should be here"},
	{"t", LIT("[{\"text\":\"a\"}\n"), NG_SOURCE_AUTO, NULL, 0,
	 "t:2: truncated: it ends within an array"},
	{"t", LIT("[{\"text\":\"a\"},{\"text\":\"b"), NG_SOURCE_AUTO, NULL, 0,
	 "t:1: truncated: it ends within an object"},
	{"t", LIT("[{\"text\":\"a\"}] x"), NG_SOURCE_AUTO, NULL, 0,
	 "t:1: no JSON: an object or an array of objects should be here"},
	{"t", LIT("[[{\"text\":\"a\"}]]"), NG_SOURCE_JSON, NULL, 0,
	 "t:1: object 1: an array, not a JSON object"},
	{"t", LIT("[]\n\xef\xbb\xbf[ ]"), NG_SOURCE_JSON, LIT(""), NULL},
	{"t", LIT("x"), NG_SOURCE_JSON, NULL, 0, "t:1: no JSON: an object or an array"},
	{"t", LIT("[{\"text\":\"a\"}]"), NG_SOURCE_JSONL, NULL, 0,
	 "t:1: an array, not a JSON object (--format=json reads"},
	{"t", LIT("{\n\"text\":\"a\"}"), NG_SOURCE_JSONL, NULL, 0,
	 "t:1: the line ends where a field name in quotes should be (--format=json"},
	/* not quite JSON: texts */
	{"t", LIT("{\"name\": f(\"text\", x) }\n"), NG_SOURCE_AUTO,
	 LIT("{\"path\":\"t\"}\t{\"name\": f(\"text\", x) }\n\n"), NULL},
	{"t", LIT("{\"text\":\n f(x) }\n"), NG_SOURCE_AUTO,
	 LIT("{\"path\":\"t\"}\t{\"text\":\n f(x) }\n\n"), NULL},
	/* but a slip makes no text of what was meant to be JSON */
	{"t", LIT("{\"text\" : f(x) }\n"), NG_SOURCE_AUTO, NULL, 0,
	 "t:1: no JSON: a value should be at byte 11"},
	{"t", LIT("{\"id\":1,\"text\":\"a\tb\"}\n{\"text\":\"b\"}"), NG_SOURCE_AUTO, NULL, 0,
	 "t:1: control character 0x09"},
	{"t", LIT("{\"text\":\"cut\n{\"text\":\"b\"}"), NG_SOURCE_AUTO, NULL, 0,
	 "t:1: no closing quote"},
	{"t", LIT("{\"text\":\"cut"), NG_SOURCE_AUTO, NULL, 0, "t:1: no closing quote"},
	{"t", LIT(" [{\"text\":\"\\q\"},\n{\"text\":\"b\"}]"), NG_SOURCE_AUTO, NULL, 0,
	 "t:1: object 1: unknown escape"},
	{"t", LIT("[1, 2] x"), NG_SOURCE_AUTO, LIT("{\"path\":\"t\"}\t[1, 2] x\n"), NULL},
	{"t", LIT("[test]\n"), NG_SOURCE_AUTO, LIT("{\"path\":\"t\"}\t[test]\n\n"), NULL},
	{"t", LIT("[1]: a reference"), NG_SOURCE_AUTO, LIT("{\"path\":\"t\"}\t[1]: a reference\n"),
	 NULL},
	{"t", LIT("["), NG_SOURCE_AUTO, LIT("{\"path\":\"t\"}\t[\n"), NULL},
	{"t", LIT("{\"text\":\"a\"}\nx\n"), NG_SOURCE_AUTO, NULL, 0, "t:2: no JSON"},
	{"t.jsonl", LIT("x\n"), NG_SOURCE_AUTO, NULL, 0, "t.jsonl:1: no JSON"},
	{"T.NDJSON", LIT(""), NG_SOURCE_AUTO, LIT(""), NULL},
	{"t", LIT("a\r\n\nb\0c\nlast"), NG_SOURCE_LINES,
	 LIT("{\"path\":\"t\",\"line\":1}\ta\r\n{\"path\":\"t\",\"line\":2}\t\n"
	     "{\"path\":\"t\",\"line\":3}\tb\0c\n{\"path\":\"t\",\"line\":4}\tlast\n"),
	 NULL},
	{"t", LIT(""), NG_SOURCE_LINES, LIT(""), NULL},
	{"t", LIT("text"), NG_SOURCE_TAR, NULL, 0, "t: not a tar archive"},
	/* names: what is no UTF-8 becomes U+FFFD; messages stay on one line */
	{"\xff\"\n", LIT("a"), NG_SOURCE_TEXT, LIT("{\"path\":\"\xef\xbf\xbd\\\"\\n\"}\ta\n"),
	 NULL},
	{"a\nb", LIT("x"), NG_SOURCE_JSONL, NULL, 0, "a\\x0ab:1: no JSON"},
};

static void test_formats(void **state)
{
	for (size_t i = 0; i < ng_array_size(read_cases); i++) {
		struct outcome out;

		write_file(read_cases[i].name, read_cases[i].data, read_cases[i].len);
		read_one(read_cases[i].name, read_cases[i].format, &out);
		if (read_cases[i].docs)
			check_docs(read_cases[i].data, &out, read_cases[i].docs,
				   read_cases[i].docs_len);
		else if (out.r != -EBADMSG || strncmp(out.err.text, read_cases[i].error,
						      strlen(read_cases[i].error)) != 0)
			fail_msg("%s: %d, %s", read_cases[i].data, out.r, out.err.text);
		ng_buf_free(&out.docs);
		assert_int_equal(unlink(read_cases[i].name), 0);
	}
}

/* Byte order of whole paths; links followed, but nothing read twice; what is passed over counted.
 */
static void test_tree(void **state)
{
	static const char want[] = "{\"path\":\"d/B\"}\tB\n"
				   "{\"path\":\"d/a-b\"}\ta-b\n"
				   "{\"path\":\"d/a.c\"}\ta.c\n"
				   "{\"path\":\"d/a/deep/er/x\"}\tx\n"
				   "{\"path\":\"d/a/out\"}\tout\n"
				   "{\"path\":\"d/a/z\"}\tz\n"
				   "{\"path\":\"d/ab\"}\tab\n"
				   "{\"path\":\"d/conf.json\"}\t{\"k\":1}\n"
				   "{\"path\":\"d/docs.json\",\"line\":1,\"metadata\":{}}\tD\n"
				   "{\"path\":\"d/l.jsonl\",\"line\":1,\"metadata\":{}}\tL\n"
				   "{\"path\":\"d/\xff\"}\tff\n";
	static const char *const plain[] = {"ab", "a.c", "a-b", "B", "a/z", "a/deep/er/x"};
	char wanted[sizeof(want) + 8], *ff;
	const char *root = "d";
	struct outcome out;

	assert_int_equal(mkdir("d", 0700) | mkdir("d/a", 0700) | mkdir("d/a/deep", 0700) |
				 mkdir("d/a/deep/er", 0700) | mkdir("d/empty", 0700),
			 0);
	for (size_t i = 0; i < ng_array_size(plain); i++) {
		const char *name = strrchr(plain[i], '/');
		char path[64];

		name = name ? name + 1 : plain[i];
		snprintf(path, sizeof(path), "d/%s", plain[i]);
		write_file(path, name, strlen(name));
	}
	write_file("d/\xff", "ff", 2);
	write_file("d/bin", "a\0", 2);
	write_file("d/conf.json", LIT("{\"k\":1}"));
	write_file("d/docs.json", LIT("{\"text\":\"D\"}"));
	write_file("d/l.jsonl", LIT("{\"text\":\"L\"}\n"));
	write_file("outside", "out", 3);
	assert_int_equal(symlink("ab", "d/link") | symlink("../d", "d/up") |
				 symlink("../../outside", "d/a/out") | symlink("none", "d/a/dead") |
				 symlink("turn", "d/a/turn") | link("d/ab", "d/twice") |
				 mkfifo("d/p", 0600),
			 0);
	ff = strstr(want, "\xff");
	sprintf(wanted, "%.*s\xef\xbf\xbd%s", (int)(ff - want), want, ff + 1);
	read_one(root, NG_SOURCE_AUTO, &out);
	check_docs("tree", &out, wanted, strlen(wanted));
	assert_int_equal(out.stats.docs, 11);
	assert_int_equal(out.stats.json_texts, 1);
	assert_int_equal(out.stats.passed.counts[NG_PASSED_BINARY], 1);
	assert_int_equal(out.stats.passed.counts[NG_PASSED_AGAIN], 3);
	assert_int_equal(out.stats.passed.counts[NG_PASSED_DANGLING], 2);
	assert_int_equal(out.stats.passed.counts[NG_PASSED_FIFO], 1);
	assert_int_equal(out.stats.input_bytes, out.stats.input_total);
	ng_buf_free(&out.docs);
	/* with a slash behind its name, and by a link to it */
	assert_int_equal(symlink("d/a", "to-a"), 0);
	read_one("to-a/", NG_SOURCE_LINES, &out);
	check_docs("link", &out,
		   LIT("{\"path\":\"to-a/deep/er/x\",\"line\":1}\tx\n"
		       "{\"path\":\"to-a/out\",\"line\":1}\tout\n"
		       "{\"path\":\"to-a/z\",\"line\":1}\tz\n"));
	ng_buf_free(&out.docs);
	/* links within it are passed over where that is wanted, but not the one that was named */
	read_sources((const char *const[]){"to-a"}, 1,
		     &(struct ng_source_options){.no_follow = true}, &out);
	check_docs("no follow", &out,
		   LIT("{\"path\":\"to-a/deep/er/x\"}\tx\n{\"path\":\"to-a/z\"}\tz\n"));
	assert_int_equal(out.stats.passed.counts[NG_PASSED_LINK], 3);
	ng_buf_free(&out.docs);
	/* a tree within another one, and a file within both, named as well */
	read_sources((const char *const[]){"d/a/z", "to-a", "d/a/deep", "outside"}, 4,
		     &(struct ng_source_options){0}, &out);
	check_docs("again", &out,
		   LIT("{\"path\":\"d/a/z\"}\tz\n{\"path\":\"to-a/deep/er/x\"}\tx\n"
		       "{\"path\":\"to-a/out\"}\tout\n"));
	assert_int_equal(out.stats.passed.counts[NG_PASSED_AGAIN], 3);
	assert_int_equal(out.stats.input_bytes, out.stats.input_total);
	ng_buf_free(&out.docs);
}

/* The files of a directory, named or found, are the same documents. */
static void test_named_or_found(void **state)
{
	static const struct {
		const char *name, *data;
	} files[] = {
		{"n/a.jl", "{\"text\":\"a\"}\n{\"text\":\"b\"}\n"},
		{"n/b.json", "[{\"text\":\"c\"},\n{\"text\":\"d\",\"k\":NaN}]"},
		{"n/c.txt", "{\n\"text\":\"e\"}\n"},
		{"n/conf.json", "{\n\"name\":\"f\"}\n"},
		{"n/empty", ""},
		{"n/list.json", "[{\"name\":\"f\"},\n{}]"},
		{"n/min.json", "{\"name\":\"f\"}"},
		{"n/x", "plain"},
	};
	const char *names[ng_array_size(files)];
	struct outcome found, named;

	assert_int_equal(mkdir("n", 0700), 0);
	for (size_t i = 0; i < ng_array_size(files); i++) {
		write_file(files[i].name, files[i].data, strlen(files[i].data));
		names[i] = files[i].name;
	}
	read_sources((const char *const[]){"n"}, 1, &(struct ng_source_options){0}, &found);
	read_sources(names, ng_array_size(names), &(struct ng_source_options){0}, &named);
	assert_int_equal(found.stats.docs, 10);
	assert_int_equal(found.stats.json_texts, 3);
	assert_int_equal(named.stats.json_texts, 3);
	check_docs("named", &named, (const char *)found.docs.data, found.docs.len);
	ng_buf_free(&found.docs);
	ng_buf_free(&named.docs);
}

/* A source without any document, and JSON that holds no text and nothing else beside it. */
static void test_nothing(void **state)
{
	static const struct {
		const char *name, *data, *error;
	} table[] = {
		{"e.jsonl", "", "e.jsonl: no document in it"},
		{"e.jsonl", "\n\n", "e.jsonl: no document in it"},
		{"e.json", "{\"name\":\"x\",\"v\":\"xyz\"}",
		 "e.json: no field \"text\"; the longest string is --text-field='v', then come "
		 "\"name\"; "
		 "nothing else"},
		{"e.json", "[{\n\"name\":\"x\"}]", "e.json: no field \"text\""},
		{"e.json", "[]\n", "e.json: an array, but not of objects; nothing else"},
		{"e.json", " [\"a\",\n\"b\"]", "e.json: an array, but not of objects"},
		{"e.json", "{\n\"text\":3}", "e.json: field \"text\" is a number"},
	};
	const struct ng_source_options options = {0};
	struct outcome out;

	write_file("some", "x", 1);
	for (size_t i = 0; i < ng_array_size(table); i++) {
		write_file(table[i].name, table[i].data, strlen(table[i].data));
		read_sources(&table[i].name, 1, &options, &out);
		if (out.r != -ENODATA || !strstr(out.err.text, table[i].error))
			fail_msg("%s: %d, %s", table[i].data, out.r, out.err.text);
		ng_buf_free(&out.docs);
		assert_int_equal(unlink(table[i].name), 0);
	}
	write_file("e.jsonl", "", 0);
	read_sources((const char *const[]){"some", "e.jsonl"}, 2, &options, &out);
	assert_int_equal(out.r, -ENODATA);
	ng_buf_free(&out.docs);
	read_one("e.jsonl", NG_SOURCE_AUTO, &out);
	assert_int_equal(out.r, 0);
	assert_int_equal(mkdir("bare", 0700) | mkfifo("bare/p", 0600), 0);
	read_sources((const char *const[]){"bare"}, 1, &options, &out);
	assert_int_equal(out.r, -ENODATA);
	assert_string_equal(out.err.text,
			    "bare: no document in it; --list-passed=FILE lists what is "
			    "passed over (--allow-empty takes it all the same)");
}

static void test_skip_bad(void **state)
{
	static const char bad[] =
		"{\"text\":\"ok\"}\n{\"text\":\"\xff\0\"}\n{\"t\":1}\n\n{\"text\":\"2\"}\n{";
	static const char want[] =
		"bad.jsonl:2: invalid UTF-8 (0xff) at byte 10 (--bad-unicode=replace takes it)\t"
		"{\"text\":\"\xff\0\"}\n"
		"bad.jsonl:3: no field \"text\", nor another that is a string\t{\"t\":1}\n"
		"bad.jsonl:6: the line ends where a field name in quotes should be (--format=json "
		"reads arrays, and objects that go over several lines)\t{\n"
		"cut.gz: truncated: it ends in the midst of its gzip stream\n"
		"gone: cannot open: No such file or directory\n";
	static const char *const paths[] = {"bad.jsonl", "cut.gz", "gone", "good"};
	FILE *skip ng_cleanup(ng_fclosep) = tmpfile();
	const struct ng_source_options options = {.skip_bad = skip};
	struct ng_source *source ng_cleanup(ng_source_freep) = NULL;
	struct ng_source_stats stats;
	struct ng_error err = {0};
	struct ng_source_doc doc;
	char got[sizeof(want) + 200];
	size_t len;
	int r, docs = 0;

	assert_non_null(skip);
	write_file("bad.jsonl", bad, sizeof(bad) - 1);
	write_file("cut.gz", "\x1f\x8b\x08\0", 4);
	write_file("gone", "", 0);
	write_file("good", "end", 3);
	assert_int_equal(ng_source_new(paths, 4, &options, &source, &err), 0);
	assert_int_equal(unlink("gone"), 0);
	while ((r = ng_source_next(source, &doc, &err)) > 0)
		docs++;
	if (r < 0)
		fail_msg("%s", err.text);
	ng_source_stats(source, &stats);
	assert_int_equal(docs, 3);
	assert_int_equal(stats.bad_docs, 5);
	assert_int_equal(stats.blank_lines, 1);
	rewind(skip);
	len = fread(got, 1, sizeof(got), skip);
	if (len != sizeof(want) - 1 || memcmp(got, want, len) != 0)
		fail_msg("it holds\n%.*s", (int)len, got);
	/* and one that cannot be written ends the run */
	fclose(skip);
	skip = fopen("/dev/full", "we");
	assert_non_null(skip);
	setbuf(skip, NULL);
	source = ng_source_free(source);
	assert_int_equal(ng_source_new(paths, 1, &(struct ng_source_options){.skip_bad = skip},
				       &source, &err),
			 0);
	assert_int_equal(ng_source_next(source, &doc, &err), 1);
	assert_int_equal(ng_source_next(source, &doc, &err), -ENOSPC);
}

/* What cannot be read is said before the first document. */
static void test_refused(void **state)
{
	static const char *const twice[] = {"-", "-"};
	const struct ng_source_options options = {0};
	ng_cancel cancel = true;
	struct outcome out;

	read_one("nothing", NG_SOURCE_AUTO, &out);
	assert_int_equal(out.r, -ENOENT);
	assert_string_equal(out.err.text, "nothing: No such file or directory");
	read_sources(twice, 2, &options, &out);
	assert_int_equal(out.r, -EINVAL);
	write_file("secret", "a", 1);
	assert_int_equal(chmod("secret", 0), 0);
	if (geteuid() == 0)
		assert_int_equal(chmod(dir, 0755) | seteuid(NOBODY), 0);
	read_one("secret", NG_SOURCE_AUTO, &out);
	if (getuid() == 0)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(out.r, -EACCES);
	assert_string_equal(out.err.text, "secret: cannot read: Permission denied");
	write_file("line", "0123456789", 10);
	for (enum ng_source_format format = NG_SOURCE_TEXT; format <= NG_SOURCE_LINES; format++) {
		const struct ng_source_options small = {.format = format, .max_doc_bytes = 9};
		const struct ng_source_options enough = {.format = format, .max_doc_bytes = 10};

		read_sources((const char *const[]){"line"}, 1, &small, &out);
		assert_int_equal(out.r, -EBADMSG);
		assert_non_null(strstr(out.err.text, "more than 9 bytes"));
		read_sources((const char *const[]){"line"}, 1, &enough, &out);
		assert_int_equal(out.r, 0);
		ng_buf_free(&out.docs);
	}
	read_sources((const char *const[]){"line"}, 1,
		     &(struct ng_source_options){.cancel = &cancel}, &out);
	assert_int_equal(out.r, -EINTR);
}

/* Lines of all lengths, over the ends of the pieces that are read, against a plain split. */
static void test_long_lines(void **state)
{
	const size_t len = 3u << 20;
	struct ng_buf want ng_cleanup(ng_buf_free) = NG_BUF_INIT;
	uint8_t *data = malloc(len);
	uint64_t rng = SEED;
	struct outcome out;
	unsigned line = 0;

	assert_non_null(data);
	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)scratch_random(&rng);
	/* the middle third is one line */
	for (size_t i = len / 3; i < len / 3 * 2; i++)
		data[i] = data[i] == '\n' ? 'x' : data[i];
	write_file("lines", data, len);
	for (size_t at = 0; at < len;) {
		const uint8_t *end = memchr(data + at, '\n', len - at);
		size_t n = end ? (size_t)(end - data) - at : len - at;

		ng_buf_printf(&want, "{\"path\":\"lines\",\"line\":%u}\t", ++line);
		ng_buf_append(&want, data + at, n);
		ng_buf_append(&want, "\n", 1);
		at += n + 1;
	}
	read_one("lines", NG_SOURCE_LINES, &out);
	assert_int_equal(out.r, 0);
	if (out.docs.len != want.len || memcmp(out.docs.data, want.data, want.len) != 0)
		fail_msg("seed %u: lines differ", SEED);
	ng_buf_free(&out.docs);
	free(data);
}

/* Lines of all lengths, some beyond the bound, which are rejected whole, over the ends of the
 * pieces that are read; and a document that was given out and isn't wanted. */
static void test_too_long_lines(void **state)
{
	static const enum ng_source_format formats[] = {NG_SOURCE_LINES, NG_SOURCE_JSONL};
	const size_t bound = 50000, longest = 900000;
	ng_cleanup(ng_freep) char *text = malloc(longest);
	uint64_t rng = SEED;
	const char *path = "lines";

	assert_non_null(text);
	for (size_t k = 0; k < ng_array_size(formats); k++) {
		bool json = formats[k] == NG_SOURCE_JSONL;
		const size_t most = json ? 2 * bound : bound;
		struct ng_buf data ng_cleanup(ng_buf_free) = NG_BUF_INIT;
		struct ng_buf want ng_cleanup(ng_buf_free) = NG_BUF_INIT;
		struct ng_buf wanted_bad ng_cleanup(ng_buf_free) = NG_BUF_INIT;
		char *bad ng_cleanup(ng_freep) = NULL;
		unsigned too_long = 0;
		size_t bad_bytes = 0;
		struct outcome out;
		FILE *skip;

		for (unsigned line = 1; line <= 60; line++) {
			size_t len = scratch_random(&rng) % (line % 6 ? most / 2 : longest), from;

			for (size_t i = 0; i < len; i++)
				text[i] = "ab{}[],: "[scratch_random(&rng) % 9];
			from = data.len;
			ng_buf_printf(&data, json ? "{\"text\":\"%.*s\"}" : "%.*s", (int)len, text);
			if (data.len - from > most) {
				too_long++;
				ng_buf_printf(&wanted_bad,
					      "lines:%u: a line of more than %zu bytes, which is "
					      "all that --memory allows\t%.*s\n",
					      line, most, (int)(data.len - from), data.data + from);
			} else {
				ng_buf_printf(&want, "{\"path\":\"lines\",\"line\":%u%s}\t%.*s\n",
					      line, json ? ",\"metadata\":{}" : "", (int)len, text);
			}
			ng_buf_append(&data, "\n", line < 60);
		}
		assert_true(too_long > 5);
		write_file(path, data.data, data.len);
		skip = open_memstream(&bad, &bad_bytes);
		assert_non_null(skip);
		read_sources(&path, 1,
			     &(struct ng_source_options){.format = formats[k],
							 .skip_bad = skip,
							 .max_doc_bytes = bound},
			     &out);
		assert_int_equal(fclose(skip), 0);
		check_docs("lines", &out, (const char *)want.data, want.len);
		if (bad_bytes != wanted_bad.len || memcmp(bad, wanted_bad.data, bad_bytes) != 0)
			fail_msg("seed %u: rejected lines differ", SEED);
		assert_int_equal(out.stats.bad_docs, too_long);
		ng_buf_free(&out.docs);
	}
}

/* A document that was given out is given back: it is bad input, under its name. */
static void test_given_back(void **state)
{
	const char *path = "lines";

	write_file(path, LIT("one\ntwo\nthree\n"));
	for (unsigned skips = 0; skips < 2; skips++) {
		struct ng_source *source ng_cleanup(ng_source_freep) = NULL;
		char *bad ng_cleanup(ng_freep) = NULL;
		struct ng_source_stats stats;
		struct ng_source_doc doc;
		struct ng_error err = {""};
		size_t bad_bytes = 0;
		FILE *skip = open_memstream(&bad, &bad_bytes);

		assert_non_null(skip);
		assert_int_equal(
			ng_source_new(&path, 1,
				      &(struct ng_source_options){.format = NG_SOURCE_LINES,
								  .skip_bad = skips ? skip : NULL},
				      &source, &err),
			0);
		assert_int_equal(ng_source_next(source, &doc, &err), 1);
		assert_int_equal(ng_source_next(source, &doc, &err), 1);
		assert_int_equal(ng_source_reject(source, "isn't wanted", &err),
				 skips ? 0 : -EBADMSG);
		if (!skips)
			assert_string_equal(err.text, "lines:2: isn't wanted");
		else
			assert_int_equal(ng_source_next(source, &doc, &err), 1);
		ng_source_stats(source, &stats);
		assert_int_equal(fclose(skip), 0);
		if (!skips)
			continue;
		assert_string_equal(bad, "lines:2: isn't wanted\ttwo\n");
		assert_int_equal(stats.docs, 2);
		assert_int_equal(stats.text_bytes, 8);
	}
}

/* Objects of all lengths, over the ends of the pieces that are read; some beyond the bound. */
static void test_long_objects(void **state)
{
	static const char *const blanks[] = {"", " ", "\n", "\r\n\t", "\n\n"};
	const size_t bound = 1000, longest = 2 * bound;
	struct ng_buf data ng_cleanup(ng_buf_free) = NG_BUF_INIT;
	struct ng_buf want ng_cleanup(ng_buf_free) = NG_BUF_INIT;
	struct ng_buf wanted_bad ng_cleanup(ng_buf_free) = NG_BUF_INIT;
	char *bad ng_cleanup(ng_freep) = NULL, *text = malloc(3 * longest);
	size_t bad_bytes = 0;
	const char *path = "objects";
	unsigned line = 1, too_long = 0;
	uint64_t rng = SEED;
	struct outcome out;
	FILE *skip;

	assert_non_null(text);
	ng_buf_append(&data, "[", 1);
	for (unsigned item = 1; item <= 3000; item++) {
		const char *blank = blanks[scratch_random(&rng) % ng_array_size(blanks)];
		size_t len = scratch_random(&rng) % (item % 10 ? bound / 2 : 3 * longest), from;

		for (size_t i = 0; i < len; i++)
			text[i] = "ab{}[],: "[scratch_random(&rng) % 9];
		ng_buf_printf(&data, "%s%s", item > 1 ? "," : "", blank);
		line += strcmp(blank, "\n\n") == 0 ? 2 : strchr(blank, '\n') != NULL;
		from = data.len;
		ng_buf_printf(&data, "{\"k\":%u,\n\"text\":\"%.*s\"}", item, (int)len, text);
		if (data.len - from > longest) {
			too_long++;
			ng_buf_printf(&wanted_bad,
				      "objects:%u: object %u: an object of more than %zu bytes, "
				      "which is all that --memory allows\t",
				      line, item, longest);
			ng_buf_printf(&wanted_bad, "{\"k\":%u, \"text\":\"%.*s\"}\n", item,
				      (int)len, text);
		} else {
			ng_buf_printf(&want,
				      "{\"path\":\"objects\",\"item\":%u,\"metadata\":{\"k\":%u}}\t"
				      "%.*s\n",
				      item, item, (int)len, text);
		}
		line++;
	}
	ng_buf_append(&data, "\n]", 2);
	assert_true(too_long > 50);
	write_file(path, data.data, data.len);
	skip = open_memstream(&bad, &bad_bytes);
	assert_non_null(skip);
	read_sources(&path, 1,
		     &(struct ng_source_options){.skip_bad = skip, .max_doc_bytes = bound}, &out);
	assert_int_equal(fclose(skip), 0);
	check_docs("objects", &out, (const char *)want.data, want.len);
	if (bad_bytes != wanted_bad.len || memcmp(bad, wanted_bad.data, bad_bytes) != 0)
		fail_msg("seed %u: rejected objects differ", SEED);
	assert_int_equal(out.stats.bad_docs, too_long);
	ng_buf_free(&out.docs);
	free(text);
}

/* Standard input: "-"; nothing at all is no document. */
static void test_stdin(void **state)
{
	static const struct {
		const char *data;
		size_t len;
		const char *docs;
	} table[] = {
		{LIT("hello"), "{\"path\":\"-\"}\thello\n"},
		{LIT("{\"text\":\"a\"}\n"), "{\"path\":\"-\",\"line\":1,\"metadata\":{}}\ta\n"},
		{LIT(""), ""},
	};
	int keep = dup(STDIN_FILENO);

	for (size_t i = 0; i < ng_array_size(table); i++) {
		struct outcome out;
		int fds[2];

		assert_int_equal(pipe(fds), 0);
		assert_int_equal(write(fds[1], table[i].data, table[i].len), table[i].len);
		close(fds[1]);
		assert_true(dup2(fds[0], STDIN_FILENO) >= 0);
		close(fds[0]);
		read_one("-", NG_SOURCE_AUTO, &out);
		check_docs("stdin", &out, table[i].docs, strlen(table[i].docs));
		ng_buf_free(&out.docs);
	}
	if (keep >= 0) {
		dup2(keep, STDIN_FILENO);
		close(keep);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formats),    cmocka_unit_test(test_tree),
		cmocka_unit_test(test_nothing),    cmocka_unit_test(test_named_or_found),
		cmocka_unit_test(test_skip_bad),   cmocka_unit_test(test_refused),
		cmocka_unit_test(test_long_lines), cmocka_unit_test(test_too_long_lines),
		cmocka_unit_test(test_given_back), cmocka_unit_test(test_long_objects),
		cmocka_unit_test(test_stdin),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
