#include "answer.h"

int ng_answer_readme(const struct ng_index *index, uint64_t page_docs, struct ng_buf *buf)
{
	struct ng_index_stats stats;

	ng_index_stats(index, &stats);
	return ng_buf_printf(
		buf,
		"This directory is a text corpus of %llu documents and %llu bytes, indexed for "
		"exact\n"
		"search. You ask by reading files; nothing but batch/ and trace can be written.\n"
		"\n"
		"    cat count/QUERY            how often QUERY occurs: a number, 0 if it doesn't\n"
		"    ls docs/QUERY/             the documents that hold QUERY; there is no such\n"
		"                               directory if none does\n"
		"    cat docs/QUERY/ID.txt      one of them, the whole text, byte for byte\n"
		"    cat meta/QUERY/ID.json     where it comes from, and its other fields\n"
		"    cat match/QUERY/N.json     occurrence N (from 0): document, offset, context\n"
		"    head kwic/QUERY            all occurrences, a line each: document, offset, "
		"left,\n"
		"                               match, right; tabs between them\n"
		"    cat df/QUERY               in how many documents QUERY occurs\n"
		"    cat next/QUERY             what follows it: count, probability, character;\n"
		"                               prev/QUERY: what precedes it\n"
		"    cat find/QUERY             JSON: the count, and the index's interval by "
		"shard\n"
		"    cat doc/ID.txt             any document by its number; doc/ID.json: its "
		"metadata\n"
		"    cat stats                  JSON: the index in figures\n"
		"    batch/count                write queries, one a line, and read the answers; "
		"also\n"
		"                               df, find, next and prev there:\n"
		"                               exec 3<>batch/count; cat queries >&3; cat <&3\n"
		"    trace                      write a text of up to 1 MiB, and read its longest\n"
		"                               stretches that occur, a line of JSON each:\n"
		"                               exec 3<>trace; cat text >&3; cat <&3\n"
		"\n"
		"For instance:  cat 'count/of the'    grep -l TODO docs/main/*.txt\n"
		"\n"
		"QUERY is one name of any bytes, taken as they are: upper and lower case differ, "
		"and\n"
		"blanks count. %%XX stands for the byte with that hexadecimal number. Some must "
		"be\n"
		"written so: / is %%2F, %% is %%25, NUL is %%00, a lone . is %%2E and .. is "
		"%%2E%%2E. A match\n"
		"never runs from one document into the next.\n"
		"\n"
		"docs, meta and match list at most %llu names; the directory more/ in them holds "
		"the\n"
		"next ones, and so on:  find docs/QUERY -type f  walks them all. A document's file "
		"can\n"
		"be opened in any of these directories if the document holds QUERY.\n"
		"\n"
		"The directories count, docs, meta, match, kwic, df, next, prev, find and doc "
		"list\n"
		"nothing, since whatever you ask for is there. `stat -f -c %%l .` tells how long a "
		"name may be, "
		"in bytes.\n"
		"\n"
		"More: man ngramfs\n",
		(unsigned long long)stats.docs, (unsigned long long)stats.text_bytes,
		(unsigned long long)page_docs);
}
