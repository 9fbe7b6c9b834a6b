/* Cancel flags for requests. libfuse calls a request's interrupt function without a lock, so that
 * it may run when the request has just been answered and its stack frame is gone. The flags come
 * from a ring instead, which lives as long as the session; one that was given back is used again
 * only after all others had their turn, long after such a late call. */
#pragma once

#include "base/base.h"

#define NG_CANCELS 1024u

struct ng_cancels {
	atomic_uint next;
	struct {
		ng_cancel flag;
		atomic_bool taken;
	} slots[NG_CANCELS];
};

/* A flag that is false. There must be fewer requests at work than NG_CANCELS. Thread-safe. */
ng_cancel *ng_cancels_get(struct ng_cancels *cancels);
void ng_cancels_put(struct ng_cancels *cancels, ng_cancel *cancel);
