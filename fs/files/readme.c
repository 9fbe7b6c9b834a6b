/* SPDX-License-Identifier: Apache-2.0 */
#include "files/answer.h"

#include <assert.h>

#include "files/tracing.h"
#include "names/settings.h"

/* Characters of a line, and where a row's text begins. */
#define WIDTH  84u
#define COLUMN 31u

/* A name and what it means. Lines are made of it, as of all text here; # is the next number. */
struct row {
	const char *name, *text;
};

static const struct row files[] = {
	{"cat count/QUERY", "how often QUERY occurs: a number, 0 if it doesn't"},
	{"ls docs/QUERY/",
	 "the documents that hold QUERY; there is no such directory if none does"},
	{"cat docs/QUERY/ID.txt", "one of them, the whole text, byte for byte"},
	{"cat meta/QUERY/ID.json", "where it comes from, and its other fields"},
	{"cat match/QUERY/N.json", "occurrence N (from 0): document, offset, context"},
	{"cat kwic/QUERY", "all occurrences, a line each: document, offset, left, match, right; "
			   "tabs between them"},
	{"cat lines/QUERY", "the lines that hold it, as grep -Hb prints them; grep/REGEX: those "
			    "that it matches (PCRE2)"},
	{"cat df/QUERY", "in how many documents QUERY occurs"},
	{"cat next/QUERY", "what follows it: count, probability, character; prev/QUERY: what "
			   "precedes it"},
	{"cat nextword/QUERY", "the word that follows; prevword/QUERY"},
	{"cat wordlist", "every word and how often it occurs"},
	{"cat facet/FIELD/QUERY", "by the values of a field of the metadata: value, occurrences, "
				  "documents; ls facet: the fields; facet/FIELD/%: all documents"},
	{"cat find/QUERY", "JSON: the count, and the index's interval by shard"},
	{"cat doc/ID.txt", "any document by its number; doc/ID.json: its metadata"},
	{"ls files", "the sources as a tree: directories, archives, and files of many documents "
		     "as directories of these"},
	{"cat stats", "JSON: the index in figures"},
	{"batch/count", "write queries, one a line, and read the answers; also df, find, next, "
			"prev, facet/FIELD, kwic, match, lines there:\n"
			"exec 3<>batch/count; cat queries >&3; cat <&3"},
	{"trace", "write a text of up to 1 MiB, and read its longest stretches that occur, a line "
		  "of JSON each:\n"
		  "exec 3<>trace; cat text >&3; cat <&3"},
	{"repeats", "what documents have in common: their stretches of 100 bytes or more that "
		    "occur elsewhere, too, as JSON"},
	{"with/SETTINGS/", "all of this under other settings, see below"},
};

static const struct row settings[] = {
	{"context=N", "bytes of text around an occurrence in kwic, match, lines and grep: 0 to # "
		      "(otherwise 40, 200, 512)"},
	{"page=N", "names that docs, meta and match list before more/: 1 to #"},
	{"min=N",
	 "bytes of a stretch that trace gives, at least: 1 to # (otherwise #), and of one of "
	 "repeats (otherwise 100); and how often a word of wordlist occurs (otherwise once)"},
	{"atleast=N", "times that a stretch of repeats or trace occurs, at least (otherwise 2, and "
		      "once); max=N: at most. Nothing else is under these two"},
	{"keep=first", "repeats leaves out each stretch's first occurrence; keep=all. Only repeats "
		       "is under it"},
	{"docs=N", "documents in a line of trace: 0 to # (otherwise #); context=N shows the text "
		   "around, too"},
	{"first=N", "answers to a query in batch/kwic, match and lines: 1 to # (otherwise 10)"},
	{"order=random", "kwic and match in a random order; order=index"},
	{"scan=N", "places that lines and grep look at, at most; scan=all: rather read all of the "
		   "text than give up"},
	{"seed=N", "which one: the same N, the same order"},
	{"case=fold", "upper and lower case are the same; case=exact: they differ"},
	{"space=fold", "any run of white space is any other; space=exact"},
	{"form=fold", "so are quotes, dashes, full-width letters, ligatures and what they are "
		      "variants of; form=exact"},
	{"word=yes", "only where no letter, digit or mark stands beside; word=no. No wordlist "
		     "under these four"},
	{"where=FIELD:VALUE", "only documents whose metadata has it; VALUE may be A|B, A*, >=A or "
			      "<A, and there may be several"},
	{"also=QUERY  not=QUERY", "only documents that hold it, too, or that don't"},
	{"near=N", "with also=: only occurrences with that at most N bytes away"},
	{"any=QUERY", "occurrences of this one count as well"},
	{"escape=percent", "%XX is a byte in lines of batch, too; escape=none: nor in names"},
};

static const char about[] =
	"This directory is a text corpus of # documents and # bytes, indexed for exact search. "
	"You ask by reading files; nothing but batch/ and trace can be written.";

static const char queries[] =
	"For instance:  cat 'count/of the'    grep -l TODO docs/main/*.txt\n"
	"\n"
	"QUERY is one name of any bytes, taken as they are: upper and lower case differ, and "
	"blanks count. %XX stands for the byte with that hexadecimal number. Some must be written "
	"so: / is %2F, % is %25, NUL is %00, a lone . is %2E and .. is %2E%2E. Names that programs "
	"look for by themselves, such as .gitignore, are absent unless a byte of them is written "
	"so: %2Egitignore. A line of batch is a query as it stands, without escapes. A match never "
	"runs from one document into the next.\n"
	"\n"
	"docs, meta and match list at most # names; the directory more/ in them holds the next "
	"ones, and so on:  find docs/QUERY -type f  walks them all. A document's file can be "
	"opened in any of these directories if the document holds QUERY.\n"
	"\n"
	"A long answer is made while it is read, and no further:  cat kwic/QUERY | head  or  sed "
	"9q kwic/QUERY. (head kwic/QUERY gives the right lines, too, and complains that it cannot "
	"seek back.)\n"
	"\n"
	"SETTINGS is key=value,key=value and so on, each key once:";

static const char refusals[] = "What is no answer is an error, as any program shows it:";

static const struct row errors[] = {
	{"Invalid argument", "a % without two hexadecimal digits behind it, or a regular "
			     "expression that is none"},
	{"No such file or directory",
	 "docs, meta and match: it occurs nowhere; facet: there is no such field; with: no such "
	 "setting, or not of what is asked for; or a name that programs look for"},
	{"Not a directory", "a / of the query that isn't written as %2F"},
	{"Value too large for ...",
	 "lines and grep: nothing to look for, or in too many places: "
	 "ask for a longer one, or see scan=; under case=fold and its like: "
	 "too many spellings"},
	{"Illegal seek", "a long answer is only read from its beginning to its end"},
	{"Input/output error", "the index is damaged, or cannot be read: ngramfsck tells, and the "
			       "system's log"},
};

static const char rest[] =
	"For instance:  sed 20q 'with/order=random,seed=1,context=80/kwic/of the'\n"
	"\n"
	"The directories count, docs, meta, match, kwic, lines, grep, df, next, prev, nextword, "
	"prevword, find, doc and with list nothing, since whatever you ask for is there. "
	"`stat -f -c %l .` tells how long a name may be, in bytes.\n"
	"\n"
	"More: man ngramfs";

struct page {
	struct ng_buf *buf;
	const uint64_t *numbers; /* those still to come */
};

/* Text in lines that begin at a column, where the first one is already. */
static int put_text(struct page *page, size_t column, const char *text)
{
	size_t at = column;
	int r = 0;

	while (r == 0 && *text) {
		size_t blanks = strspn(text, " "), len = strcspn(text + blanks, " \n");
		ng_cleanup(ng_buf_free) struct ng_buf word = NG_BUF_INIT;

		text += blanks;
		for (size_t i = 0; r == 0 && i < len; i++)
			r = text[i] == '#'
				    ? ng_buf_printf(&word, "%ju", (uintmax_t)*page->numbers++)
				    : ng_buf_append(&word, &text[i], 1);
		text += len;
		if (r == 0 && at + blanks + word.len > WIDTH) {
			r = ng_buf_printf(page->buf, "\n%*s", (int)column, "");
			at = column;
			blanks = 0;
		}
		if (r == 0)
			r = ng_buf_printf(page->buf, "%*s", (int)blanks, "");
		if (r == 0)
			r = ng_buf_append(page->buf, word.data, word.len);
		at += blanks + word.len;
		if (r == 0 && *text == '\n') {
			r = ng_buf_printf(page->buf, "\n%*s", (int)column, "");
			at = column;
			text++;
		}
	}
	return r < 0 ? r : ng_buf_append(page->buf, "\n", 1);
}

static int put_rows(struct page *page, const struct row *rows, size_t n)
{
	int r = ng_buf_append(page->buf, "\n", 1);

	for (size_t i = 0; r == 0 && i < n; i++) {
		r = ng_buf_printf(page->buf, "    %-*s", (int)COLUMN - 4, rows[i].name);
		if (r == 0)
			r = put_text(page, COLUMN, rows[i].text);
	}
	return r < 0 ? r : ng_buf_append(page->buf, "\n", 1);
}

int ng_answer_readme(const struct ng_index *index, uint64_t page_docs, struct ng_buf *buf)
{
	uint64_t numbers[] = {
		0, /* documents */
		0, /* bytes */
		page_docs,
		NG_SETTINGS_CONTEXT_MAX,
		NG_SETTINGS_PAGE_MAX,
		NG_SETTINGS_MIN_MAX,
		NG_TRACING_MIN_BYTES,
		NG_SETTINGS_DOCS_MAX,
		NG_TRACE_LINE_DOCS,
		NG_SETTINGS_FIRST_MAX,
	};
	struct page page = {buf, numbers};
	struct ng_index_stats stats;
	int r;

	ng_index_stats(index, &stats);
	numbers[0] = stats.docs;
	numbers[1] = stats.text_bytes;
	r = put_text(&page, 0, about);
	if (r == 0)
		r = put_rows(&page, files, ng_array_size(files));
	if (r == 0)
		r = put_text(&page, 0, queries);
	if (r == 0)
		r = put_rows(&page, settings, ng_array_size(settings));
	if (r == 0)
		r = put_text(&page, 0, refusals);
	if (r == 0)
		r = put_rows(&page, errors, ng_array_size(errors));
	if (r == 0)
		r = put_text(&page, 0, rest);
	assert(r < 0 || page.numbers == numbers + ng_array_size(numbers));
	return r;
}
