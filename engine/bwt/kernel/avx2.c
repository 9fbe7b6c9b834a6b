/* SPDX-License-Identifier: Apache-2.0 */
/* Rank with AVX2, BMI2 and POPCNT; compiled with their flags, called only where the processor has
 * them. */
#define NG_KERNEL      ng_bwt_kernel_avx2
#define NG_KERNEL_NAME "avx2"
#include "bwt/kernel/kernel.h"
