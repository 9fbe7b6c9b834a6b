/* SPDX-License-Identifier: Apache-2.0 */
/* A mutex that whoever waits for it may give up on. */
#pragma once

#include <pthread.h>

#include "base/base.h"

/* Lock it, or -EINTR: *cancel became true first, which is noticed within some tens of
 * milliseconds. */
int ng_lock(pthread_mutex_t *mutex, const ng_cancel *cancel);
