/* SPDX-License-Identifier: Apache-2.0 */
/* What the first bytes of a file say it is: compressions and archives that are read, and formats
 * that are not, with what makes text of them. One table serves detection, messages and the list of
 * formats. Formats of text itself (JSONL, CSV, ...) have no signature, see detect.h. */
#pragma once

#include "base/base.h"
#include "base/buf.h"
#include "text/codec.h"

enum ng_signature_kind {
	NG_SIGNATURE_COMPRESSION,
	NG_SIGNATURE_ARCHIVE,
	NG_SIGNATURE_UNREAD, /* recognised, and not read as text */
};

enum ng_archive_kind {
	NG_ARCHIVE_NONE,
	NG_ARCHIVE_TAR,
	NG_ARCHIVE_ZIP,
	NG_ARCHIVE_7Z,
};

struct ng_signature {
	const char *name;  /* as messages and counts say it; several may share it */
	const char *magic; /* NULL: match alone tells */
	enum ng_signature_kind kind;
	uint16_t at; /* where the magic stands */
	uint8_t magic_len;
	/* What else must hold, beside the magic; NULL: nothing. */
	bool (*match)(const uint8_t *head, size_t len);
	const char *how;              /* in words, where magic and at don't say it all; or NULL */
	const struct ng_codec *codec; /* COMPRESSION; NULL: by libarchive (compress) */
	enum ng_archive_kind archive; /* ARCHIVE */
	const char *remedy;           /* UNREAD: a command line, in which FILE is the file */
};

/* Bytes of a file that tell; fewer only where it ends before. */
#define NG_SIGNATURE_HEAD_BYTES (36u << 10)

extern const struct ng_signature ng_signatures[];
extern const size_t ng_n_signatures;
#define NG_SIGNATURES_MAX 64u /* ng_n_signatures at most */

/* What begins with this head, or NULL: text, as far as can be told. The first of the table that
 * matches. */
const struct ng_signature *ng_signature_of(const uint8_t *head, size_t len);

/* The place in the table of the first one of the same name: what is counted together. */
size_t ng_signature_index(const struct ng_signature *signature);

/* Whether a file of nothing but these bytes is the magic of a compression, cut short. */
bool ng_signature_is_cut(const uint8_t *head, size_t len);

/* How it is recognised, for people. -ENOMEM. */
int ng_signature_how(const struct ng_signature *signature, struct ng_buf *ret);

/* A skippable frame, which both zstd and lz4 may have anywhere between frames. */
bool ng_signature_is_skippable(const uint8_t *head, size_t len);
