/* Rank with AVX512; compiled with its flags, called only where the processor has it. */
#define NG_KERNEL      ng_bwt_kernel_avx512
#define NG_KERNEL_NAME "avx512"
#include "bwt/bwt_kernel.h"
