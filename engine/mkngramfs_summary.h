/* SPDX-License-Identifier: Apache-2.0 */
/* What mkngramfs says when it ends, to standard error: how it came out. */
#pragma once

#include "build/remove.h"
#include "mkngramfs_options.h"

struct summary {
	struct ng_build_summary build;
	struct ng_source_stats source; /* zeroed where no source was read */
	double seconds;                /* that it took */
	bool was_done;                 /* what was to be resumed had been finished */
};

/* Of an index that was made, changed or joined, for people. */
void summary_print(const struct arguments *args, const struct summary *s);

/* The same for scripts, as the last line. */
void summary_print_json(const struct summary *s);

/* Of documents taken out, as args->progress has it; nothing if args->quiet. */
void summary_print_removed(const struct arguments *args, const struct ng_remove_summary *s);

/* Why it failed with code, and what is left: bad_stays, the file of --skip-bad; kept, a build that
 * --resume goes on with. */
void summary_print_failure(const struct arguments *args, int code, bool bad_stays, bool kept,
			   const struct ng_error *err);
