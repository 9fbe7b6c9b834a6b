/* SPDX-License-Identifier: Apache-2.0 */
/* Rank for any processor. */
#define NG_KERNEL      ng_bwt_kernel_portable
#define NG_KERNEL_NAME "portable"
#include "bwt/kernel/kernel.h"
