/* What this machine has. */
#pragma once

#include "base/base.h"

/* Bytes of memory that this process could have: the machine's, or what its cgroup is limited to. */
uint64_t ng_machine_memory(void);
