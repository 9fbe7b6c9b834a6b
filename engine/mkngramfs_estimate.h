/* SPDX-License-Identifier: Apache-2.0 */
/* mkngramfs --estimate: say what a build would take. */
#pragma once

#include "mkngramfs_options.h"

/* Write a table, or with args->progress JSON one line of it, to standard output, and notes to
 * standard error. args->build and args->source are completed. Nothing is written but a small index
 * in a temporary directory, which is gone afterwards. Errors as ng_sample_list, ng_sample_read and
 * ng_estimate; -ENODATA: there is no document, and args doesn't allow that. */
int mkngramfs_estimate(struct arguments *args, const ng_cancel *cancel, struct ng_error *err);
