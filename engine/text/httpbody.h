/* SPDX-License-Identifier: Apache-2.0 */
/* The body of an HTTP response that was stored with its header. */
#pragma once

#include "base/base.h"
#include "base/buf.h"

/* Take the header off message[0..len), and off the body what its header says was put around it:
 * chunks, and a compression. Where the body shows that a crawler has done that already and left the
 * header as it was, it stays. The body's bytes go to text. Returns 0; -ENOENT when this is no HTTP
 * response; -EBADMSG with the reason in why; -EFBIG (more than max_bytes; 0: any), -ENOMEM. */
int ng_http_body(const uint8_t *message, size_t len, uint64_t max_bytes, uint64_t memory_bytes,
		 struct ng_buf *text, struct ng_error *why);
