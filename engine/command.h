/* SPDX-License-Identifier: Apache-2.0 */
/* What the command lines of mkngramfs and ngramfsck share: values of options, the messages about
 * wrong ones, and ending on a signal. */
#pragma once

#include "progress.h"

enum { EXIT_USAGE = 2 };

/* Write a message and where help is to stderr. Returns EXIT_USAGE, so that a caller can say
 * `return ng_usage(...)`. */
int ng_usage(const char *fmt, ...) __attribute__((__format__(printf, 1, 2)));

/* The value of an option: 0, or EXIT_USAGE after a message that names the option, with *ret as it
 * was. Numbers are decimal and without a sign. */

/* Bytes: a number, behind which K, M, G or T may stand for powers of 1024. */
int ng_parse_size(const char *option, const char *arg, uint64_t *ret);

/* A number in [lo, hi]. */
int ng_parse_count(const char *option, const char *arg, uint32_t lo, uint32_t hi, uint32_t *ret);

int ng_parse_number(const char *option, const char *arg, uint64_t *ret);

/* The place of arg among words. */
int ng_parse_word(const char *option, const char *arg, const char *const *words, size_t n,
		  unsigned *ret);

/* The value of --progress. */
int ng_parse_progress(const char *arg, enum ng_progress_mode *ret);

/* From now on SIGINT, SIGTERM and SIGHUP set the flag that this returns, instead of ending the
 * process. System calls aren't restarted, so that a read from a silent pipe ends. */
const ng_cancel *ng_catch_signals(void);
