/* SPDX-License-Identifier: Apache-2.0 */
/* The tokens of a regular expression, by PCRE2's syntax (pcre2pattern(3)). Each function passes
 * what it takes; where the end comes too early, or something changes how the rest is read, all is
 * lost. */
#pragma once

#include "base/base.h"

struct ng_regex {
	const uint8_t *p, *end; /* what is not read yet */
	bool lost;              /* what follows may mean anything */
};

bool ng_regex_looking_at(const struct ng_regex *r, const char *text);
bool ng_regex_skip(struct ng_regex *r, const char *text); /* passed, where it is there */

/* Behind the next `to`; without one all is lost. */
void ng_regex_skip_to(struct ng_regex *r, const char *to);

/* The character at p, which is valid UTF-8 or else all is lost. */
uint32_t ng_regex_character(struct ng_regex *r);

enum ng_regex_escape {
	NG_REGEX_CHARACTER,
	NG_REGEX_NOTHING,  /* \E, which isn't there */
	NG_REGEX_EMPTY,    /* it matches the empty string somewhere */
	NG_REGEX_ANYTHING, /* one character of many, or what isn't known */
	NG_REGEX_QUOTE,    /* \Q */
};

/* What a backslash begins, which is passed already. What is not known is anything, and its braces'
 * contents are passed, too. *ret is set for a character alone. */
enum ng_regex_escape ng_regex_escape(struct ng_regex *r, bool in_class, uint32_t *ret);

/* Members of a class that is taken for a set of characters. */
#define NG_REGEX_CLASS_MAX 32u

struct ng_regex_class {
	uint32_t c[NG_REGEX_CLASS_MAX];
	unsigned n;
	bool many; /* more than these, or of no known number */
};

/* A class, behind its bracket. */
void ng_regex_class(struct ng_regex *r, struct ng_regex_class *ret_class);

#define NG_REGEX_FOREVER UINT32_MAX

/* A quantifier: how often what is before it stands there. False: there is none. */
bool ng_regex_quantifier(struct ng_regex *r, unsigned *ret_min, unsigned *ret_max);

/* (?i), (?-i:...) and their like, behind the question mark: *fold is what holds from there on. True
 * where a group follows, false where the parenthesis is closed. */
bool ng_regex_options(struct ng_regex *r, bool *fold);
