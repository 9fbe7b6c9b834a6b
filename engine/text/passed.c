/* SPDX-License-Identifier: Apache-2.0 */
#include "text/passed.h"

#include "text/reject.h"

static const struct {
	const char *name, *field, *reason;
} kinds[] = {
	[NG_PASSED_BINARY] = {"binary files", "binary_files", "a binary file"},
	[NG_PASSED_AGAIN] = {"read before", "read_before", "read under another name"},
	[NG_PASSED_DANGLING] = {"dangling links", "dangling_links", "a link that leads nowhere"},
	[NG_PASSED_LINK] = {"links", "links", "a symbolic link"},
	[NG_PASSED_FIFO] = {"FIFOs", "fifos", "a FIFO"},
	[NG_PASSED_SOCKET] = {"sockets", "sockets", "a socket"},
	[NG_PASSED_DEVICE] = {"devices", "devices", "a device"},
	[NG_PASSED_OWN] = {"own files", "own_files", "written by this build"},
};
_Static_assert(ng_array_size(kinds) == NG_PASSED_KINDS, "each kind has its names");

int ng_passed_note(struct ng_passed *passed, const char *path, const char *reason,
		   struct ng_error *err)
{
	struct ng_error why;
	int r;

	if (!passed->list)
		return 0;
	r = ng_reject_write(passed->list, path, (const uint8_t *)reason, strlen(reason), &why);
	passed->failed |= r < 0;
	return r < 0 ? ng_fail(err, r, "cannot write the list of what was passed over: %s",
			       strerror(-r))
		     : 0;
}

int ng_passed_add(struct ng_passed *passed, enum ng_passed_kind kind, const char *path,
		  struct ng_error *err)
{
	passed->counts[kind]++;
	return ng_passed_note(passed, path, kinds[kind].reason, err);
}

int ng_passed_add_known(struct ng_passed *passed, const char *path,
			const struct ng_signature *signature, struct ng_error *err)
{
	passed->counts[NG_PASSED_BINARY]++;
	passed->known[ng_signature_index(signature)]++;
	return ng_passed_note(passed, path, signature->name, err);
}

uint64_t ng_passed_total(const struct ng_passed *passed)
{
	uint64_t n = 0;

	for (size_t i = 0; i < NG_PASSED_KINDS; i++)
		n += passed->counts[i];
	return n;
}

const char *ng_passed_name(enum ng_passed_kind kind)
{
	return kinds[kind].name;
}

const char *ng_passed_field(enum ng_passed_kind kind)
{
	return kinds[kind].field;
}
