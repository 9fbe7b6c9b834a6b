/* JSON strings out of any bytes. */
#pragma once

#include "base/buf.h"

/* Append bytes as a JSON string with its quotes. What isn't UTF-8 becomes U+FFFD, one for each
 * longest piece that could have begun a character (as the Unicode standard recommends). -ENOMEM. */
int ng_json_string(struct ng_buf *buf, const uint8_t *bytes, size_t len);

/* The same, but for names of files: bytes that are no valid UTF-8 become U+FFFD, one each. */
int ng_json_name(struct ng_buf *buf, const char *name, size_t len);
