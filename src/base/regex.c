/* Regular expressions: see regex.h; pcre2api(3) for what is called. */
#include "base/regex.h"

#include <stdio.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* \C would split characters. Texts come from events: MATCH_INVALID_UTF looks at them and never trips. */
#define OPTIONS (PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C)

struct tsn_regexes {
  tsn_alloc *alloc;
  pcre2_general_context *general;
  pcre2_compile_context *compile;
  pcre2_match_context *match;
  pcre2_match_data *data; /* one pair: the whole piece */
};

/* ---- memory: PCRE2 frees without a size, so each block carries its own ---- */

typedef union header {
  size_t size;
  max_align_t aligned;
} header;

static void *get(size_t size, void *context)
{
  header *h = size <= SIZE_MAX - sizeof *h ? tsn_alloc_resize(context, NULL, 0, size + sizeof *h) : NULL;
  if (!h) return NULL;
  h->size = size + sizeof *h;
  return h + 1;
}

static void give_back(void *block, void *context)
{
  header *h;
  if (!block) return;
  h = (header *)block - 1;
  tsn_alloc_free(context, h, h->size);
}

/* ---- what matches share ---- */

tsn_regexes *tsn_regexes_new(tsn_alloc *alloc)
{
  tsn_regexes *all = tsn_alloc_array(alloc, 1, sizeof *all);
  if (!all) return NULL;
  all->alloc = alloc;
  all->general = pcre2_general_context_create(get, give_back, alloc);
  if (all->general) {
    all->compile = pcre2_compile_context_create(all->general);
    all->match = pcre2_match_context_create(all->general);
    all->data = pcre2_match_data_create(1, all->general);
  }
  if (!all->general || !all->compile || !all->match || !all->data) {
    tsn_regexes_free(all);
    return NULL;
  }
  pcre2_set_newline(all->compile, PCRE2_NEWLINE_LF);
  pcre2_set_bsr(all->compile, PCRE2_BSR_UNICODE);
  pcre2_set_max_pattern_length(all->compile, TSN_REGEX_PATTERN_MAX);
  pcre2_set_match_limit(all->match, TSN_REGEX_STEPS);
  pcre2_set_heap_limit(all->match, TSN_REGEX_HEAP_KIB);
  return all;
}

void tsn_regexes_free(tsn_regexes *all)
{
  if (!all) return;
  pcre2_match_data_free(all->data);
  pcre2_match_context_free(all->match);
  pcre2_compile_context_free(all->compile);
  pcre2_general_context_free(all->general);
  tsn_alloc_free(all->alloc, all, sizeof *all);
}

/* ---- expressions ---- */

static pcre2_code *code_of(const tsn_regex *regex) { return (pcre2_code *)(uintptr_t)regex; }

tocsin_status tsn_regex_new(tsn_regexes *all, const char *pattern, size_t length, bool fast, tsn_regex **out,
                            tsn_regex_fault *fault)
{
  int error;
  pcre2_code *code = pcre2_compile((PCRE2_SPTR)pattern, length, OPTIONS, &error, &fault->offset, all->compile);
  *out = (tsn_regex *)code;
  if (!code) {
    if (error == PCRE2_ERROR_HEAP_FAILED) return TOCSIN_NOMEM;
    if (pcre2_get_error_message(error, (PCRE2_UCHAR *)fault->text, sizeof fault->text) < 0)
      snprintf(fault->text, sizeof fault->text, "error %d", error);
    return TOCSIN_INVALID;
  }
  if (fast) (void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE); /* where it cannot, the interpreter does */
  return TOCSIN_OK;
}

void tsn_regex_free(tsn_regex *regex) { pcre2_code_free(code_of(regex)); }

tsn_regex_answer tsn_regex_find(tsn_regexes *all, const tsn_regex *regex, const char *text, size_t length, size_t *from,
                                size_t *to)
{
  PCRE2_SPTR subject = (PCRE2_SPTR)(length ? text : "");
  const PCRE2_SIZE *piece;
  int found = pcre2_match(code_of(regex), subject, length, 0, 0, all->data, all->match);
  if (found == PCRE2_ERROR_JIT_STACKLIMIT) /* the interpreter keeps its ways back on the heap */
    found = pcre2_match(code_of(regex), subject, length, 0, PCRE2_NO_JIT, all->data, all->match);
  if (found == PCRE2_ERROR_NOMATCH) return REGEX_ABSENT;
  if (found == PCRE2_ERROR_NOMEMORY) return REGEX_NOMEM;
  if (found < 0) return REGEX_LIMIT;
  piece = pcre2_get_ovector_pointer(all->data);
  *from = piece[0] < piece[1] ? piece[0] : piece[1]; /* \K can put the begin behind the end */
  *to = piece[1];
  return REGEX_FOUND;
}

tocsin_status tsn_regex_check(tsn_alloc *alloc, const char *pattern, size_t length, tsn_regex_fault *fault)
{
  tsn_regexes *all = tsn_regexes_new(alloc);
  tsn_regex *regex = NULL;
  tocsin_status st = all ? tsn_regex_new(all, pattern, length, false, &regex, fault) : TOCSIN_NOMEM;
  tsn_regex_free(regex);
  tsn_regexes_free(all);
  return st;
}
