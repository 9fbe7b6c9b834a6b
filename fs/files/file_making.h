/* SPDX-License-Identifier: Apache-2.0 */
/* How the table of /files is made (file_tree.h): all documents' keys are read and sorted, and put
 * into a table; those that can't have their own there are named again, and both are merged. Can be
 * interrupted anywhere, and goes on where it was. Not thread-safe. */
#pragma once

#include "files/name_table.h"
#include "query/query.h"

struct ng_file_making;

/* index and disk, where temporary files are, are borrowed. -ENOMEM. */
int ng_file_making_new(const struct ng_index *index, struct ng_disk *disk,
		       struct ng_file_making **ret_making);
struct ng_file_making *ng_file_making_free(struct ng_file_making *making); /* NULL is fine */

/* Go on, until the table is made. -EINTR: it was cancelled; some hundred documents further than
 * before at least, and to be called again. Any other error ends it: those of query.h, -ENOSPC and
 * other errors of files. Once a table is given, nothing but freeing is left. */
int ng_file_making_run(struct ng_file_making *making, const ng_cancel *cancel,
		       struct ng_name_table **ret_table);
