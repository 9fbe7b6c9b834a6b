/* SPDX-License-Identifier: Apache-2.0 */
/* What was passed over in trees and archives: counted by kind, and listed where a list is kept
 * (--list-passed), one a line: PATH<TAB>REASON, with control characters in the path as \xNN. */
#pragma once

#include "text/signature.h"

enum ng_passed_kind {
	NG_PASSED_BINARY,   /* a file or member with a NUL in its first 8 KiB, or
			     * that signature.h knows */
	NG_PASSED_AGAIN,    /* a file or directory that is read under another name */
	NG_PASSED_DANGLING, /* a symbolic link that leads nowhere */
	NG_PASSED_LINK,     /* a symbolic link, since links are not to be followed */
	NG_PASSED_FIFO,
	NG_PASSED_SOCKET,
	NG_PASSED_DEVICE,
	NG_PASSED_OWN, /* what the build itself writes */
	NG_PASSED_KINDS,
};

struct ng_passed {
	FILE *list;  /* NULL: none is kept */
	bool failed; /* the list could not be written */
	uint64_t counts[NG_PASSED_KINDS];
	uint64_t known[NG_SIGNATURES_MAX]; /* of the binary files, by ng_signature_index */
};

/* Count it, and list it. A negative errno, with err set, when the list cannot be written. */
int ng_passed_add(struct ng_passed *passed, enum ng_passed_kind kind, const char *path,
		  struct ng_error *err);

/* The same of a binary file that is known by name. */
int ng_passed_add_known(struct ng_passed *passed, const char *path,
			const struct ng_signature *signature, struct ng_error *err);

/* A line of the list for what was not passed over, but is not what it seems to be, either. */
int ng_passed_note(struct ng_passed *passed, const char *path, const char *reason,
		   struct ng_error *err);

/* Of all kinds. */
uint64_t ng_passed_total(const struct ng_passed *passed);

/* "binary files" and so on, for people. */
const char *ng_passed_name(enum ng_passed_kind kind);

/* The same as a name of a field, for scripts. */
const char *ng_passed_field(enum ng_passed_kind kind);
