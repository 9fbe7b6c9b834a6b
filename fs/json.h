/* JSON strings out of any bytes. */
#pragma once

#include "base/buf.h"

/* Append bytes as a JSON string with its quotes. What isn't UTF-8 becomes U+FFFD, one for each
 * longest piece that could have begun a character (as the Unicode standard recommends). -ENOMEM. */
int ng_json_string(struct ng_buf *buf, const uint8_t *bytes, size_t len);

/* Number of bytes at the beginning of bytes[0..len-1] that end a character begun before it: 0..3.
 */
size_t ng_utf8_tail_bytes(const uint8_t *bytes, size_t len);

/* Number of bytes at the end that begin a character which isn't complete: 0..3. */
size_t ng_utf8_head_bytes(const uint8_t *bytes, size_t len);
