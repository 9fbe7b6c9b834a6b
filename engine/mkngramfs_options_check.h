/* SPDX-License-Identifier: Apache-2.0 */
/* Which options of mkngramfs go together. */
#pragma once

#include "mkngramfs_options.h"

/* Of arguments that were parsed: 0, or EXIT_USAGE after a message. What the environment has is
 * filled in, and an INDEX that stands where SOURCEs do. */
int check_arguments(struct arguments *args);
