/* SPDX-License-Identifier: Apache-2.0 */
/* What tells formats apart where a magic number does not. Each looks at the first len bytes of a
 * file, of which there may be too few, and says whether it is that; none reads more than 36 KiB. */
#pragma once

#include "base/base.h"

#define NG_SNIFF_BYTES (8u << 10) /* of a head, that tell binary from text */

/* A NUL in the first 8 KiB. */
bool ng_sniff_nul(const uint8_t *head, size_t len);

/* A byte that no text has, in the first 8 KiB: a NUL or another control character. */
bool ng_sniff_binary(const uint8_t *head, size_t len);

#define NG_SNIFF_BZIP2_BYTES 10u /* that make its header */

bool ng_sniff_bzip2(const uint8_t *head, size_t len);
bool ng_sniff_bzip2_cut(const uint8_t *head,
			size_t len); /* a piece of that header, 4 bytes or more */
bool ng_sniff_lzma(const uint8_t *head, size_t len);
bool ng_sniff_compress(const uint8_t *head, size_t len);
bool ng_sniff_tar(const uint8_t *head, size_t len);
bool ng_sniff_office(const uint8_t *head, size_t len);
bool ng_sniff_opendocument(const uint8_t *head, size_t len);
bool ng_sniff_lha(const uint8_t *head, size_t len);
bool ng_sniff_cpio(const uint8_t *head, size_t len);
bool ng_sniff_pickle(const uint8_t *head, size_t len);
bool ng_sniff_arrow_stream(const uint8_t *head, size_t len);
bool ng_sniff_utf32(const uint8_t *head, size_t len);
bool ng_sniff_utf16(const uint8_t *head, size_t len);
bool ng_sniff_utf16le(const uint8_t *head, size_t len);
bool ng_sniff_utf16be(const uint8_t *head, size_t len);
