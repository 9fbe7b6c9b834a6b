/* SPDX-License-Identifier: Apache-2.0 */
#include "text/formats.h"

#include "text/signature.h"

/* Formats of text, which have no signature. */
static const struct {
	const char *name, *how, *documents;
} texts[] = {
	{"jsonl", "a first line that is a JSON object, or a name in .jsonl or .ndjson",
	 "a line each; --text-field names the text"},
	{"json", "an object over several lines, or an array of objects",
	 "an object each; --text-field names the text"},
	{"csv", "a name in .csv; in a directory a header with --text-field, too",
	 "a record each, its column --text-field"},
	{"tsv", "a name in .tsv; in a directory a header with --text-field, too",
	 "a record each, its column --text-field"},
	{"warc (and WET)", "\"WARC/1.0\" or the like at byte 0",
	 "the payload of each record of type response, resource or conversion"},
	{"text", "what is nothing else", "the file"},
	{"lines", "--format=lines only", "a line each"},
};

static int print_signature(const struct ng_signature *s, FILE *file)
{
	static const char *const kinds[] = {
		[NG_SIGNATURE_COMPRESSION] = "decompressed",
		[NG_SIGNATURE_ARCHIVE] = "read",
		[NG_SIGNATURE_UNREAD] = "not read",
	};
	static const char *const documents[] = {
		[NG_SIGNATURE_COMPRESSION] = "what is in it; also one inside another",
		[NG_SIGNATURE_ARCHIVE] = "a member each",
	};
	struct ng_buf how ng_cleanup(ng_buf_free) = NG_BUF_INIT;

	if (ng_signature_how(s, &how) < 0)
		return -ENOMEM;
	fprintf(file, "%s\t%s\t%.*s\t%s\n", kinds[s->kind], s->name, (int)how.len,
		(const char *)how.data, s->remedy ? s->remedy : documents[s->kind]);
	return 0;
}

int ng_formats_print(FILE *file)
{
	for (size_t i = 0; i < ng_array_size(texts); i++)
		fprintf(file, "read\t%s\t%s\t%s\n", texts[i].name, texts[i].how,
			texts[i].documents);
	for (size_t i = 0; i < ng_n_signatures; i++)
		if (print_signature(&ng_signatures[i], file) < 0)
			return -ENOMEM;
	return fflush(file) == 0 ? 0 : -errno;
}
