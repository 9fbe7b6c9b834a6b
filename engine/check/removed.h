/* SPDX-License-Identifier: Apache-2.0 */
/* What was removed from a shard. */
#pragma once

#include "check/checker.h"
#include "format/manifest.h"

/* Check the file at path: every byte of it, that it is the one that the manifest means, and that
 * its rows are those of the documents that it names, in the shard at shard_path; that is left to
 * whoever finds the shard damaged. A step of the BWT for each byte of these documents. Errors: see
 * checker.h. */
int ng_check_removed(struct ng_checker *checker, const char *path, const char *shard_path,
		     bool shard_sound, const struct ng_manifest_shard *entry);
