/* What an interrupted build has left, looked at before it is gone on with. */
#pragma once

#include "merge/journal.h"

/* Read all files that the journal of a directory, which dir_fd has opened, names, and have it
 * forget the steps whose file isn't byte for byte what it was, so that they are done again. A file
 * that isn't there is no fault where a larger step that is sound has taken it up. O(bytes of the
 * files). -EINTR, -ENOMEM, with err set. */
int ng_resume_check(int dir_fd, const char *dir, struct ng_journal *journal,
		    const ng_cancel *cancel, struct ng_error *err);
