/* The command line of mkngramfs. */
#pragma once

#include "build/builder.h"
#include "command.h"
#include "text/source.h"

struct arguments {
	struct ng_source_options source; /* all but skip_bad, max_doc_bytes and cancel */
	struct ng_build_options build;   /* all but cancel and progress */
	enum ng_progress_mode progress;
	const char *skip_bad;    /* NULL: none */
	const char *list_passed; /* NULL: none */
	bool merge;              /* build.output's shards, instead of building */
	bool quiet;
	const char *const *paths;
	size_t n_paths;
};

/* Parse into *args, which is zeroed. Strings point into argv. Returns 0; EXIT_USAGE after a message
 * on stderr; or -1 when there is nothing left to do (--help, --version). */
int parse_arguments(int argc, char **argv, struct arguments *args);
