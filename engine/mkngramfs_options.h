/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of mkngramfs. */
#pragma once

#include "build/builder.h"
#include "build/doc_choice.h"
#include "build/facet_options.h"
#include "format/manifest.h"
#include "command.h"
#include "text/source.h"

/* What an index remembers (remembered.h). */
enum remembered_option {
	REMEMBER_FORMAT,
	REMEMBER_TEXT_FIELD,
	REMEMBER_BAD_UNICODE,
	REMEMBER_NO_FOLLOW,
	REMEMBER_SHARD_SIZE,
	REMEMBERED_OPTIONS,
};

struct arguments {
	struct ng_source_options source; /* all but skip_bad, max_doc_bytes and cancel */
	struct ng_build_options build;   /* all but cancel and progress */
	enum ng_progress_mode progress;
	const char *skip_bad;           /* NULL: none */
	const char *list_passed;        /* NULL: none */
	bool given[REMEMBERED_OPTIONS]; /* on the command line */
	bool facets_given;              /* build.facets, which are this structure's own */
	bool force;                     /* build.force as well, unless build.append */
	bool merge;                     /* build.output's shards, instead of building */
	bool join;                      /* the indexes at paths into build.output */
	bool remove;                    /* documents from build.output */
	struct ng_doc_choice choice;    /* with remove; to be cleared */
	bool estimate;                  /* instead of building; build.output may be NULL */
	bool absolute;                  /* with join */
	bool quiet;
	const char *const *paths;
	size_t n_paths;
};

/* Parse into *args, which is zeroed. Strings point into argv. Returns 0; EXIT_USAGE after a message
 * on stderr; or -1 when there is nothing left to do (--help, --version). */
int parse_arguments(int argc, char **argv, struct arguments *args);

/* The option's name as it stands before its value: "--format=" and so on. */
const char *remembered_prefix(enum remembered_option option);

/* Take a value that an index remembers. -EINVAL, after a message on stderr, where it is none. */
int parse_remembered(enum remembered_option option, const char *value, struct arguments *args);

const char *format_name(enum ng_source_format format);
