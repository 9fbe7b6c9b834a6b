/* Rank for any processor. */
#define NG_KERNEL      ng_bwt_kernel_portable
#define NG_KERNEL_NAME "portable"
#include "bwt/kernel/kernel.h"
