/* SPDX-License-Identifier: Apache-2.0 */
/* The header of a 7z archive, as far as it says what memory and what methods its streams take. It
 * comes from strangers: nothing in it is believed that has no bytes to it. */
#pragma once

#include "base/base.h"
#include "base/buf.h"

#define NG_SEVENZIP_LZMA  0x030101u
#define NG_SEVENZIP_LZMA2 0x21u

struct ng_sevenzip_streams {
	uint64_t pack_at, pack_size; /* of the first packed stream, behind the signature */
	uint64_t unpack_size;        /* of the first folder */
	uint64_t folders;
	uint64_t window;  /* in bytes: the largest sum of a folder's dictionaries */
	uint64_t method;  /* of the first coder, */
	uint8_t props[8]; /* and its properties */
	size_t props_len;
	unsigned coders;       /* of the first folder */
	struct ng_buf has_crc; /* while it is parsed: a byte a folder */
};

/* Whether the header is packed itself; then it only says how. */
bool ng_sevenzip_is_packed(const uint8_t *bytes, size_t len);

/* Parse a header that is packed: its one stream is LZMA or LZMA2. Returns 0; -EBADMSG with the
 * reason in *ret_why (damaged, encrypted, a method that isn't read); -ENOMEM. */
int ng_sevenzip_parse_packed(const uint8_t *bytes, size_t len, struct ng_sevenzip_streams *ret,
			     const char **ret_why);

/* The same of the header itself. */
int ng_sevenzip_parse(const uint8_t *bytes, size_t len, struct ng_sevenzip_streams *ret,
		      const char **ret_why);
