/* Rank with AVX2; compiled with its flags, called only where the processor has it. */
#define NG_KERNEL      ng_bwt_kernel_avx2
#define NG_KERNEL_NAME "avx2"
#include "bwt/bwt_kernel.h"
