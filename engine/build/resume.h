/* SPDX-License-Identifier: Apache-2.0 */
/* What an interrupted build has left, looked at before it is gone on with. */
#pragma once

#include "build/builder.h"
#include "merge/journal.h"

/* Read all files that the journal of a directory, which dir_fd has opened, names, and have it
 * forget the steps whose file isn't byte for byte what it was, so that they are done again. A file
 * that isn't there is no fault where a larger step that is sound has taken it up. O(bytes of the
 * files). -EINTR, -ENOMEM, with err set. */
int ng_resume_check(int dir_fd, const char *dir, struct ng_journal *journal,
		    const ng_cancel *cancel, struct ng_error *err);

/* Whether there is nothing to go on with, since the index at options->output is there, and made by
 * these options, whatever was read: 1, with *ret_summary that of the index; 0: it isn't there, or a
 * directory of an unfinished build is. -EEXIST: it is there, and made otherwise; and what
 * ng_manifest_read returns; with err set. */
int ng_resume_done(const struct ng_build_options *options, struct ng_build_summary *ret_summary,
		   struct ng_error *err);
