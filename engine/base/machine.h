/* SPDX-License-Identifier: Apache-2.0 */
/* What this machine has, and what this process has of it. */
#pragma once

#include "base/base.h"

/* Bytes of memory that this process could have: the machine's, or what its cgroup is limited to. */
uint64_t ng_machine_memory(void);

/* Memory that this process has in RAM, mapped files included; 0 where that isn't known. */
uint64_t ng_machine_resident(void);
