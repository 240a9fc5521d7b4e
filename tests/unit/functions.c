/* Scalar functions, aggregates and regular expressions, from text to value: each
 * row of a table is an expression and what it gives over the rows of a small stream. */
#include <stdlib.h>

#include "base/bytes.h"
#include "base/letters.h"
#include "base/text.h"
#include "base/time.h"
#include "io/decoder.h"
#include "t.h"
#include "tocsin.h"

/* ---- memory that counts and fails ---- */

typedef struct heap {
  unsigned long calls, fail_at, fail_once;
  size_t used;
} heap;

static void *heap_resize(void *context, void *block, size_t old_size, size_t new_size)
{
  heap *h = context;
  void *moved;
  if (new_size == 0) {
    free(block);
    h->used -= old_size;
    return NULL;
  }
  if (new_size > old_size) {
    h->calls++;
    if ((h->fail_at && h->calls >= h->fail_at) || h->calls == h->fail_once) return NULL;
  }
  moved = realloc(block, new_size);
  if (moved) h->used = h->used - old_size + new_size;
  return moved;
}

/* ---- one query over one stream ---- */

typedef struct trial {
  heap h;
  tocsin_allocator allocator;
  tsn_alloc alloc;
  tsn_bytes out; /* values, " | " between columns, " / " between rows; or what went wrong */
  tocsin_status status;
  int64_t (*now)(void *context);
  void *now_context;
} trial;

static void show_value(tsn_bytes *out, const tocsin_value *v)
{
  char text[TSN_TIME_TEXT];
  if (v->is_null) {
    tsn_bytes_text(out, "NULL");
    return;
  }
  switch (v->type) {
  case TOCSIN_BOOLEAN: tsn_bytes_text(out, v->as.boolean ? "true" : "false"); break;
  case TOCSIN_DOUBLE: tsn_bytes_append(out, text, tsn_format_double(v->as.real, text)); break;
  case TOCSIN_TEXT:
  case TOCSIN_LIST: tsn_bytes_append(out, v->as.text.bytes, v->as.text.length); break;
  case TOCSIN_TIMESTAMP: tsn_bytes_append(out, text, tsn_time_format(v->as.integer, text)); break;
  case TOCSIN_INTERVAL: tsn_bytes_append(out, text, tsn_interval_format(v->as.integer, text)); break;
  default: tsn_bytes_printf(out, "%lld", (long long)v->as.integer); break;
  }
}

/* Of "the pattern, row 1 at time 1, measure x, `ABS(n)`: ABS is out of range" what stands behind the place. */
static const char *what_failed(const char *message)
{
  const char *at = strstr(message, "`: ");
  return at ? at + 3 : message;
}

static void take(trial *t, tocsin_matcher *m)
{
  tocsin_match match;
  size_t i;
  while (tocsin_matcher_next(m, &match)) {
    if (t->out.length) tsn_bytes_text(&t->out, " / ");
    for (i = 0; i < match.value_count; i++) {
      if (i) tsn_bytes_text(&t->out, " | ");
      show_value(&t->out, &match.values[i]);
    }
  }
}

/* The rows as JSON Lines, read by the program's first stream. */
static tocsin_status read_rows(trial *t, const tocsin_program *program, const char *rows, tsn_batch *batch)
{
  tsn_column_def columns[16];
  tsn_schema schema = {.name = "s", .columns = columns};
  tsn_decoder_options options = {.source = "rows"};
  tsn_decoder *decoder = NULL;
  tocsin_status st;
  size_t i;
  schema.column_count = tocsin_program_stream(program, 0).column_count;
  for (i = 0; i < schema.column_count; i++) {
    tocsin_column_info c = tocsin_program_stream_column(program, 0, i);
    columns[i] = (tsn_column_def){.name = c.name, .type = c.type, .needed = true};
  }
  st = tsn_batch_init(batch, &t->alloc, &schema);
  if (st == TOCSIN_OK) st = tsn_decoder_new(&t->alloc, TSN_FORMAT_JSONL, &schema, &options, &decoder);
  if (st == TOCSIN_OK) st = tsn_decoder_feed(decoder, rows, strlen(rows), batch);
  if (st == TOCSIN_OK) st = tsn_decoder_finish(decoder, batch);
  tsn_decoder_free(decoder);
  return st;
}

static tocsin_status match(trial *t, const tocsin_program *program, const char *rows)
{
  tocsin_matcher_options options = {.allocator = &t->allocator, .now = t->now, .now_context = t->now_context};
  tocsin_matcher *m = NULL;
  tsn_batch batch;
  size_t taken = 0;
  tocsin_status st;
  assert_int_equal(read_rows(t, program, rows, &batch), TOCSIN_OK);
  st = tocsin_matcher_new(program, &options, &m);
  if (st == TOCSIN_OK) {
    tocsin_batch view = tsn_batch_view(&batch);
    st = tocsin_matcher_push(m, 0, &view, 0, &taken);
    if (st == TOCSIN_OK) st = tocsin_matcher_finish(m);
    take(t, m);
    if (st != TOCSIN_OK) tsn_bytes_printf(&t->out, "%d %s", (int)st, what_failed(tocsin_matcher_message(m)));
  }
  tocsin_matcher_free(m);
  tsn_batch_clear(&batch);
  return st;
}

#define STREAM "CREATE STREAM s (id BIGINT, t TEXT, n BIGINT, d DOUBLE, b BOOLEAN, ts TIMESTAMP, v INTERVAL); "

static const char *answer(trial *t, const char *query, const char *rows)
{
  tocsin_compile_options options = {.allocator = &t->allocator};
  tocsin_program *program = NULL;
  tocsin_diagnostics *list = NULL;
  char text[4096];
  snprintf(text, sizeof text, "%s%s", STREAM, query);
  tsn_bytes_reset(&t->out);
  t->status = tocsin_compile(text, strlen(text), &options, &program, &list);
  if (t->status == TOCSIN_OK) t->status = match(t, program, rows);
  else if (tocsin_diagnostics_count(list)) {
    const tocsin_diagnostic *d = tocsin_diagnostics_get(list, 0);
    tsn_bytes_printf(&t->out, "[%s] %.*s: %s", d->code, (int)d->length, text + d->offset, d->message);
  }
  tocsin_diagnostics_free(list);
  tocsin_program_free(program);
  return tsn_bytes_cstr(&t->out);
}

static void begin(trial *t)
{
  memset(t, 0, sizeof *t);
  t->allocator = (tocsin_allocator){.resize = heap_resize, .context = &t->h};
  tsn_alloc_init(&t->alloc, NULL);
  tsn_bytes_init(&t->out, &t->alloc, 0);
}

static void end(trial *t)
{
  tsn_bytes_clear(&t->out);
  assert_int_equal(t->h.used, 0);
  assert_int_equal(t->alloc.used, 0);
}

typedef struct expectation {
  const char *expression, *gives;
} expectation;

#define ROW                                                                                                     \
  "{\"id\":1,\"t\":\"Gr\xc3\xbc\xc3\x9f Gott\",\"n\":7,\"d\":2.5,\"b\":true,\"ts\":\"2026-03-31T14:05:06.789Z\"," \
  "\"v\":\"P1DT2H3M4.5S\"}\n"

/* NULL columns: x. */
static void check(const expectation *rows, size_t count, const char *stream)
{
  trial t;
  bool good = true;
  size_t i;
  begin(&t);
  for (i = 0; i < count; i++) {
    char query[3072];
    const char *came;
    snprintf(query, sizeof query, "SELECT * FROM s MATCH_RECOGNIZE (ORDER BY id MEASURES %s AS x PATTERN (a+))",
             rows[i].expression);
    came = answer(&t, query, stream);
    if (!strcmp(came, rows[i].gives)) continue;
    print_error("%s gives %s, not %s\n", rows[i].expression, came, rows[i].gives);
    good = false;
  }
  end(&t);
  assert_true(good);
}

#define CHECK(table, stream) check((table), sizeof(table) / sizeof *(table), (stream))
#define NOTHING "{\"id\":1}\n"

/* ---- numbers ---- */

static void numbers(void **state)
{
  static const expectation table[] = {
      {"ABS(-3)", "3"},
      {"ABS(-2.5)", "2.5"},
      {"ABS(0 SECONDS - v)", "P1DT2H3M4.5S"},
      {"ABS(n - 9223372036854775807 - 8)", "5 ABS is out of the range of BIGINT"},
      {"SIGN(n)", "1"},
      {"SIGN(-d)", "-1.0"},
      {"CEIL(d)", "3.0"},
      {"CEILING(n)", "7"},
      {"FLOOR(d)", "2.0"},
      {"ROUND(d)", "3.0"},
      {"ROUND(-d)", "-3.0"},
      {"ROUND(1.2345, 2)", "1.23"},
      {"ROUND(1250, -2)", "1300"},
      {"ROUND(-1250, -2)", "-1300"},
      {"ROUND(9223372036854775807, -1)", "5 ROUND is out of the range of BIGINT"},
      {"SQRT(d - 0.25)", "1.5"},
      {"SQRT(-d)", "NULL"},
      {"POWER(2, 10)", "1024.0"},
      {"POWER(-8, 1.0 / 3)", "NULL"},
      {"EXP(0)", "1.0"},
      {"LN(1)", "0.0"},
      {"LN(0)", "NULL"},
      {"LOG10(1000)", "3.0"},
      {"MOD(n, 4)", "3"},
      {"MOD(-n, 4)", "-3"},
      {"MOD(n, 0)", "NULL"},
      {"MOD(d, 2)", "0.5"},
      {"LEAST(3, 1, 2)", "1"},
      {"LEAST('b', 'a')", "a"},
      {"GREATEST(3, 4.5)", "4.5"},
      {"GREATEST(3, NULL)", "NULL"},
      {"GREATEST(ts, '2030-01-01')", "2030-01-01T00:00:00.000000Z"},
      {"COALESCE(NULL, n, 9)", "7"},
      {"NULLIF(n, 7)", "NULL"},
      {"NULLIF(n, 8)", "7"},
      {"NULLIF(n, NULL)", "7"},
      {"ABS(t)", "[E1006] t: ABS does not work on TEXT"},
      {"ROUND(d, 0.5)", "[E1006] 0.5: ROUND does not work on DOUBLE"},
      {"LEAST(n, t)", "[E1006] t: LEAST gives TEXT here and BIGINT before"},
      {"SQRT()", "[E1005] SQRT(): SQRT takes 1 argument, not 0"},
      {"SQURT(4)", "[E1004] SQURT: there is no function SQURT"},
  };
  (void)state;
  CHECK(table, ROW);
}

/* ---- texts ---- */

static void texts(void **state)
{
  static const expectation table[] = {
      {"LENGTH(t)", "9"},
      {"LENGTH('')", "0"},
      {"LOWER('ÀÉÎ ĀŽ ΑΩΣ АЯЁ İ ẞ Ⴀ 𐐀 Z')", "àéî āž αωσ аяё i ß ⴀ 𐐨 z"},
      {"UPPER('àéî āž αωσς аяё ß ÿ ı ǆ ⅷ z')", "ÀÉÎ ĀŽ ΑΩΣΣ АЯЁ ß Ÿ I Ǆ Ⅷ Z"},
      {"LENGTH(UPPER('ɐɐɐ'))", "3"},
      {"TRIM('  a b ')", "a b"},
      {"TRIM(BOTH FROM '  a ')", "a"},
      {"TRIM(LEADING FROM ' a ') || '|'", "a |"},
      {"'|' || TRIM(TRAILING FROM ' a ')", "| a"},
      {"TRIM('x' FROM 'xxaxbxx')", "axb"},
      {"TRIM(LEADING 'xy' FROM 'yxaxy')", "axy"},
      {"TRIM(TRAILING 'öß' FROM 'aßöß')", "a"},
      {"TRIM('ab', 'ba')", ""},
      {"TRIM('' FROM ' a ')", " a "},
      {"TRIM(n)", "[E1006] n: TRIM does not work on BIGINT"},
      {"TRIM('a', 'b', 'up')", "[E1019] 'up': the side of TRIM is BOTH, LEADING or TRAILING"},
      {"SUBSTRING(t FROM 3)", "üß Gott"},
      {"SUBSTRING(t FROM 3 FOR 2)", "üß"},
      {"SUBSTRING(t, 3, 2)", "üß"},
      {"SUBSTRING(t, 0, 3)", "Gr"},
      {"SUBSTRING(t, -5)", "Grüß Gott"},
      {"SUBSTRING(t, -5, 3)", ""},
      {"SUBSTRING(t, 3, -1)", ""},
      {"SUBSTRING(t, 100)", ""},
      {"SUBSTRING(t, 2, 9223372036854775807)", "rüß Gott"},
      {"SUBSTRING(t, -9223372036854775807, -2)", ""},
      {"SUBSTRING(t, 'a')", "[E1006] 'a': SUBSTRING does not work on TEXT"},
      {"POSITION('ß' IN t)", "4"},
      {"POSITION('Gott', t)", "6"},
      {"POSITION('x' IN t)", "0"},
      {"POSITION('' IN t)", "1"},
      {"POSITION('ott' IN 'oott')", "2"},
      {"REPLACE('aXbXX', 'X', '--')", "a--b----"},
      {"REPLACE('aXbXX', 'X', '')", "ab"},
      {"REPLACE('aaa', 'aa', 'b')", "ba"},
      {"REPLACE('abc', '', 'x')", "abc"},
      {"REPLACE('abc', 'd', 'x')", "abc"},
      {"CONCAT('a', NULL, 'b')", "ab"},
      {"CONCAT(NULL)", ""},
      {"STARTS_WITH(t, 'Grü')", "true"},
      {"STARTS_WITH(t, 'ü')", "false"},
      {"t LIKE 'Gr__ G%'", "true"},
      {"t NOT LIKE '%tt'", "false"},
      {"t ILIKE 'gr%'", "true"},
      {"'50%' LIKE '50!%' ESCAPE '!'", "true"},
      {"'50x' LIKE '50!%' ESCAPE '!'", "false"},
      {"'a' LIKE 'a' ESCAPE '!!'", "5 the ESCAPE of LIKE is one ASCII character"},
      {"UPPER(n)", "[E1006] n: UPPER does not work on BIGINT"},
  };
  (void)state;
  CHECK(table, ROW);
}

/* Every mapping of one character, against what a mapping must be. */
static void letters_map_back_and_forth(void **state)
{
  uint32_t c, mapped = 0;
  char a[4], b[4];
  (void)state;
  for (c = 0; c <= 0x10ffff; c++) {
    uint32_t up = tsn_letter_upper(c), low = tsn_letter_lower(c);
    size_t length;
    if (c >= 0xd800 && c < 0xe000) continue;
    length = tsn_utf8_encode(c, a);
    mapped += up != c;
    /* Mapping twice is mapping once, and no text outgrows its room. */
    if (tsn_letter_upper(up) != up || tsn_letter_lower(low) != low) fail_msg("U+%04X maps on", (unsigned)c);
    if (tsn_utf8_encode(up, b) > length + (length == 2)) fail_msg("U+%04X grows", (unsigned)c);
    if (tsn_utf8_encode(low, b) > length + (length == 2)) fail_msg("U+%04X grows", (unsigned)c);
  }
  assert_int_equal(mapped, 1450); /* of UnicodeData.txt 14.0 */
}

/* ---- regular expressions ---- */

static void regular_expressions(void **state)
{
  static const expectation table[] = {
      {"t REGEXP '^Gr.. G'", "true"},
      {"t NOT REGEXP 'x'", "true"},
      {"REGEXP_LIKE(t, 'gott')", "false"},
      {"REGEXP_LIKE(t, '(?i)GRÜSS|GRÜß')", "true"},
      {"REGEXP_LIKE('', '')", "true"},
      {"REGEXP_SUBSTR(t, '[a-zü-ß]+$')", "[E1023] '[a-zü-ß]+$': this is no regular expression: range out of order in "
                                         "character class, behind 8 bytes of it"},
      {"REGEXP_SUBSTR(t, '.ß')", "üß"},
      {"REGEXP_SUBSTR(t, 'x')", "NULL"},
      {"REGEXP_SUBSTR(t, 'x*')", ""},
      {"REGEXP_SUBSTR('a=1, b=22', '(?<=b=)\\d+')", "22"},
      {"REGEXP_LIKE('a\r\nb', '^b')", "false"},
      {"REGEXP_LIKE(t, SUBSTRING(t, 1, 2))", "true"},
      {"REGEXP_LIKE(t, '[' || t)", "5 '[Gr\xc3\xbc\xc3\x9f Gott' is no regular expression: missing "
                                   "terminating ] for character class, behind 12 bytes of it"},
      {"t REGEXP '(a'", "[E1023] '(a': this is no regular expression: missing closing parenthesis, behind 2 bytes of it"},
      {"t REGEXP '\\C'", "[E1023] '\\C': this is no regular expression: using \\C is disabled by the application, behind 2 "
                         "bytes of it"},
      {"t REGEXP n", "[E1006] n: REGEXP does not work on BIGINT"},
      {"t REGEXP 'a' ESCAPE 'b'", "[E1017] 'b': REGEXP takes no ESCAPE"},
      {"'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab' REGEXP '^(a+)+$'",
       "4 the regular expression '^(a+)+$' gave up on a text of 38 bytes: match limit of "
       "10000 steps"},
      {"'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab' REGEXP '^(a+' || ')+$'",
       "4 the regular expression '^(a+)+$' gave up on a text of 38 bytes: match limit of "
       "10000 steps"},
  };
  (void)state;
  CHECK(table, ROW);
}

/* More patterns from the data than are kept, again and again. */
static void patterns_from_the_data(void **state)
{
  char rows[8192], *at = rows;
  trial t;
  int i;
  (void)state;
  for (i = 0; i < 100; i++)
    at += sprintf(at, "{\"id\":%d,\"t\":\"k%d\",\"n\":%d}\n", i, i % 23, i % 23);
  begin(&t);
  assert_string_equal(answer(&t,
                             "SELECT * FROM s MATCH_RECOGNIZE (ORDER BY id MEASURES COUNT(*) AS c PATTERN (a+) DEFINE a AS "
                             "('xk' || CAST(n AS TEXT) || 'y') REGEXP ('x' || t || 'y') AND t REGEXP '^k[0-9]+$')",
                             rows),
                      "100");
  end(&t);
}

/* ---- times ---- */

static void times(void **state)
{
  static const expectation table[] = {
      {"EXTRACT(YEAR FROM ts)", "2026"},
      {"EXTRACT(QUARTER FROM ts)", "1"},
      {"EXTRACT(MONTH FROM ts)", "3"},
      {"EXTRACT(WEEK FROM ts)", "14"},
      {"EXTRACT(DAY FROM ts)", "31"},
      {"EXTRACT(DOW FROM ts)", "2"},
      {"EXTRACT(ISODOW FROM ts)", "2"},
      {"EXTRACT(DOY FROM ts)", "90"},
      {"EXTRACT(HOUR FROM ts)", "14"},
      {"EXTRACT(MINUTES FROM ts)", "5"},
      {"EXTRACT('second' FROM ts)", "6"},
      {"EXTRACT(MILLISECOND FROM ts)", "6789"},
      {"EXTRACT(MICROSECOND FROM ts)", "6789000"},
      {"EXTRACT(EPOCH FROM ts)", "1774965906"},
      {"EXTRACT(EPOCH FROM TIMESTAMP '1969-12-31T23:59:59.5Z')", "-1"},
      {"EXTRACT(SECOND FROM TIMESTAMP '1969-12-31T23:59:59.5Z')", "59"},
      {"EXTRACT(WEEK FROM TIMESTAMP '2027-01-03')", "53"},
      {"EXTRACT(ISOYEAR FROM TIMESTAMP '2027-01-03')", "2026"},
      {"EXTRACT(WEEK FROM TIMESTAMP '2024-12-30')", "1"},
      {"EXTRACT(ISOYEAR FROM TIMESTAMP '2024-12-30')", "2025"},
      {"EXTRACT(DOW FROM TIMESTAMP '2026-03-29')", "0"},
      {"EXTRACT(ISODOW FROM TIMESTAMP '2026-03-29')", "7"},
      {"EXTRACT(DAY FROM '2026-02-28')", "28"},
      {"EXTRACT(DAY FROM v)", "1"},
      {"EXTRACT(HOUR FROM v)", "2"},
      {"EXTRACT(SECOND FROM v)", "4"},
      {"EXTRACT(MILLISECOND FROM v)", "4500"},
      {"EXTRACT(EPOCH FROM v)", "93784"},
      {"EXTRACT(HOUR FROM 0 SECONDS - v)", "-2"},
      {"EXTRACT(MONTH FROM v)", "[E0130] MONTH: EXTRACT has no MONTH of an INTERVAL"},
      {"EXTRACT(FORTNIGHT FROM ts)", "[E0130] FORTNIGHT: EXTRACT knows no unit FORTNIGHT"},
      {"EXTRACT(YEAR FROM n)", "[E1006] n: EXTRACT does not work on BIGINT"},
      {"DATE_TRUNC(SECOND, ts)", "2026-03-31T14:05:06.000000Z"},
      {"DATE_TRUNC('minute', ts)", "2026-03-31T14:05:00.000000Z"},
      {"DATE_TRUNC(HOUR, ts)", "2026-03-31T14:00:00.000000Z"},
      {"DATE_TRUNC(day, ts)", "2026-03-31T00:00:00.000000Z"},
      {"DATE_TRUNC(WEEK, ts)", "2026-03-30T00:00:00.000000Z"},
      {"DATE_TRUNC(MONTH, ts)", "2026-03-01T00:00:00.000000Z"},
      {"DATE_TRUNC(QUARTER, TIMESTAMP '2026-12-31')", "2026-10-01T00:00:00.000000Z"},
      {"DATE_TRUNC(YEAR, ts)", "2026-01-01T00:00:00.000000Z"},
      {"DATE_TRUNC(HOUR, TIMESTAMP '1969-12-31T23:30:00Z')", "1969-12-31T23:00:00.000000Z"},
      {"DATE_TRUNC(WEEK, TIMESTAMP '1970-01-01')", "1969-12-29T00:00:00.000000Z"},
      {"DATE_TRUNC(DOW, ts)", "[E0130] DOW: DATE_TRUNC knows no unit DOW"},
      {"DATE_TRUNC(n, ts)", "[E0130] n: DATE_TRUNC knows no unit N"},
      {"DATE_TRUNC(HOUR, v)", "[E1006] v: DATE_TRUNC does not work on INTERVAL"},
      {"DATE_TRUNC(HOUR, 'soon')", "[E1006] 'soon': this text cannot be read as TIMESTAMP"},
      {"TIMESTAMPDIFF(SECOND, '2026-01-01', '2026-01-01T00:01:00.9Z')", "60"},
      {"TIMESTAMPDIFF(SECOND, '2026-01-01T00:01:00.9Z', '2026-01-01')", "-60"},
      {"TIMESTAMPDIFF(MICROSECOND, '2026-01-01', '2026-01-01T00:00:01Z')", "1000000"},
      {"TIMESTAMPDIFF(HOUR, '2026-01-01', ts)", "2150"},
      {"TIMESTAMPDIFF(DAY, '2026-01-01', ts)", "89"},
      {"TIMESTAMPDIFF(WEEK, '2026-01-01', ts)", "12"},
      {"TIMESTAMPDIFF(MONTH, '2026-01-31', '2026-02-28')", "0"},
      {"TIMESTAMPDIFF(MONTH, '2026-01-15', '2026-04-15')", "3"},
      {"TIMESTAMPDIFF(MONTH, '2026-04-15', '2026-01-15T00:00:01Z')", "-2"},
      {"TIMESTAMPDIFF(MONTH, '2026-01-15T12:00:00Z', '2026-02-15T11:59:59Z')", "0"},
      {"TIMESTAMPDIFF(QUARTER, '2026-01-01', '2026-12-31')", "3"},
      {"TIMESTAMPDIFF(YEAR, '2000-02-29', '2001-02-28')", "0"},
      {"TIMESTAMPDIFF(YEAR, '2000-02-29', '2001-03-01')", "1"},
      {"TIMESTAMPDIFF(EPOCH, ts, ts)", "[E0130] EPOCH: TIMESTAMPDIFF knows no unit EPOCH"},
      {"NOW()", "5 NOW() needs a clock, and the host gave none"},
      {"NOW(1)", "[E1005] NOW(1): NOW takes no argument, not 1"},
  };
  (void)state;
  CHECK(table, ROW);
}

static int64_t tick(void *context) { return (*(int64_t *)context)++; }

static void now_is_asked_once_a_row(void **state)
{
  int64_t clock = 0;
  trial t;
  (void)state;
  begin(&t);
  t.now = tick;
  t.now_context = &clock;
  assert_string_equal(answer(&t,
                             "SELECT * FROM s MATCH_RECOGNIZE (ORDER BY id MEASURES NOW() AS x, NOW() - FIRST(a.ts) AS y "
                             "AFTER MATCH SKIP TO NEXT ROW PATTERN (a) DEFINE a AS NOW() = NOW())",
                             "{\"id\":1,\"ts\":\"1970-01-01\"}\n{\"id\":2,\"ts\":\"1970-01-01\"}\n"),
                      "1970-01-01T00:00:00.000000Z | PT0S / 1970-01-01T00:00:00.000001Z | PT0.000001S");
  end(&t);
}

/* ---- JSON, places, hashes ---- */

static void json_values(void **state)
{
  static const expectation table[] = {
      {"JSON_VALUE('{\"a\":{\"b\":[10,{\"c d\":\"x\"}]}}', '$.a.b[1].\"c d\"')", "x"},
      {"JSON_VALUE('{\"a\":{\"b\":[10,{\"c d\":\"x\"}]}}', '$.a.b[1]\"c d\"')", "x"},
      {"JSON_VALUE('{\"a\":[1,2]}', '$[\"a\"][1]')", "2"},
      {"JSON_VALUE('{\"a\":{\"b\":1}}', '$.a.c')", "NULL"},
      {"JSON_VALUE('{\"a\":{\"b\":1}}', '$.a[0]')", "NULL"},
      {"JSON_VALUE('{\"a\":{\"b\":1}}', '$.a')", "NULL"},
      {"JSON_VALUE('{\"a\":[1]}', '$.a[1]')", "NULL"},
      {"JSON_VALUE('{\"a\":null}', '$.a')", "NULL"},
      {"JSON_VALUE('{\"a\":true}', '$.a')", "true"},
      {"JSON_VALUE(' {\"a\" : -1.50e3 } ', '$.a')", "-1.50e3"},
      {"JSON_VALUE('{\"a\":1,\"a\":2}', '$.a')", "2"},
      {"JSON_VALUE('{\"a\":1,\"a\":{}}', '$.a')", "NULL"},
      {"JSON_VALUE('{\"a\":{\"b\":1},\"a\":{\"c\":2}}', '$.a.b')", "NULL"},
      {"JSON_VALUE('{\"\\u0061\":\"\\u00fc\\ud83d\\ude00\\n\"}', '$.a')", "ü😀\n"},
      {"JSON_VALUE('\"x\"', '$')", "x"},
      {"JSON_VALUE('7', '$')", "7"},
      {"JSON_VALUE('NaN', '$')", "NULL"},
      {"JSON_VALUE('{\"A\":1}', '$.a')", "NULL"},
      {"JSON_VALUE('{\"a\":1', '$.a')", "NULL"},
      {"JSON_VALUE('{\"a\":1} x', '$.a')", "NULL"},
      {"JSON_VALUE('{\"a\":1,}', '$.a')", "NULL"},
      {"JSON_VALUE('{\"a\":01}', '$.a')", "NULL"},
      {"JSON_VALUE('{\"a\":1.}', '$.a')", "NULL"},
      {"JSON_VALUE('{\"a\":\"\\ud800\"}', '$.a')", "NULL"},
      {"JSON_VALUE('{\"a\":\"\\x\"}', '$.a')", "NULL"},
      {"JSON_VALUE('[1,2', '$[0]')", "NULL"},
      {"JSON_VALUE('', '$')", "NULL"},
      {"JSON_VALUE('[[[[]]], 3]', '$[1]')", "3"},
      {"JSON_VALUE('{\"a\":1}', t)", "NULL"},
      {"JSON_VALUE('{\"a\":1}', 'a')", "[E1024] 'a': this is no JSON path"},
      {"JSON_VALUE('{\"a\":1}', '$.')", "[E1024] '$.': this is no JSON path"},
      {"JSON_VALUE('{\"a\":1}', '$[x]')", "[E1024] '$[x]': this is no JSON path"},
      {"JSON_VALUE('{\"a\":1}', '$.\"a')", "[E1024] '$.\"a': this is no JSON path"},
      {"JSON_VALUE(n, '$.a')", "[E1006] n: JSON_VALUE does not work on BIGINT"},
  };
  (void)state;
  CHECK(table, ROW);
}

static void json_nests_so_deep(void **state)
{
  char text[1024], brackets[201];
  expectation row = {text, NULL};
  int deep;
  (void)state;
  for (deep = 199; deep <= 200; deep++) { /* and one around them */
    memset(brackets, '[', sizeof brackets);
    brackets[deep] = 0;
    snprintf(text, sizeof text, "JSON_VALUE('[1,%s", brackets);
    memset(brackets, ']', (size_t)deep);
    snprintf(text + strlen(text), sizeof text - strlen(text), "%s]', '$[0]')", brackets);
    row.gives = deep == 199 ? "1" : "NULL";
    check(&row, 1, ROW);
  }
}

static void places_and_hashes(void **state)
{
  static const expectation table[] = {
      {"ROUND(GEO_DISTANCE(52.5200, 13.4050, 48.8566, 2.3522))", "877465.0"}, /* Berlin to Paris */
      {"GEO_DISTANCE(1, 2, 1, 2)", "0.0"},
      {"ROUND(GEO_DISTANCE(0, 179.5, 0, -179.5))", "111195.0"},
      {"ROUND(GEO_DISTANCE(90, 0, -90, 77))", "20015114.0"},
      {"GEO_DISTANCE(91, 0, 0, 0)", "NULL"},
      {"GEO_DISTANCE(0, 1e308 * 10, 0, 0)", "NULL"},
      {"GEO_DISTANCE(0, 0, 0)", "[E1005] GEO_DISTANCE(0, 0, 0): GEO_DISTANCE takes 4 arguments, not 3"},
      /* As the XXH64 of the python package xxhash 3.5 of the same bytes. */
      {"HASH('')", "-1205034819632174695"},
      {"HASH('a')", "-3292477735350538661"},
      {"HASH('abc')", "4952883123889572249"},
      {"HASH('0123456789012345678901234567890123456789')", "-3859646398582380239"},
      {"HASH(1) = HASH(1.0)", "false"},
      {"HASH(0.0) = HASH(-0.0)", "true"},
      {"HASH(TRUE) = HASH(FALSE)", "false"},
      {"HASH(1)", "-6977822845260490347"},
      {"HASH(2.5)", "-491007997570073712"},
      {"HASH(TRUE)", "-8484456787529832656"},
      {"HASH(NULL)", "NULL"},
      {"HASH(1 MICROSECOND) = HASH(1)", "true"},
  };
  (void)state;
  CHECK(table, ROW);
}

static void null_in_null_out(void **state)
{
  static const expectation table[] = {
      {"LOWER(t)", "NULL"},
      {"UPPER(t)", "NULL"},
      {"TRIM(t)", "NULL"},
      {"TRIM('a', t)", "NULL"},
      {"SUBSTRING(t, 1)", "NULL"},
      {"SUBSTRING('a', n)", "NULL"},
      {"SUBSTRING('a', 1, n)", "NULL"},
      {"POSITION(t IN 'a')", "NULL"},
      {"REPLACE('a', t, 'b')", "NULL"},
      {"REGEXP_LIKE(t, 'a')", "NULL"},
      {"REGEXP_LIKE('a', t)", "NULL"},
      {"t REGEXP NULL", "NULL"},
      {"REGEXP_SUBSTR(t, 'a')", "NULL"},
      {"EXTRACT(DAY FROM ts)", "NULL"},
      {"DATE_TRUNC(DAY, ts)", "NULL"},
      {"TIMESTAMPDIFF(DAY, ts, '2026-01-01')", "NULL"},
      {"JSON_VALUE(t, '$.a')", "NULL"},
      {"JSON_VALUE('{}', t)", "NULL"},
      {"GEO_DISTANCE(1, 2, 3, d)", "NULL"},
      {"HASH(t)", "NULL"},
      {"ABS(n)", "NULL"},
      {"LENGTH(t)", "NULL"},
      {"STARTS_WITH(t, 'a')", "NULL"},
      {"LENGTH(CONCAT(t))", "0"},
      {"LOWER(NULL)", "NULL"},
      {"EXTRACT(DAY FROM NULL)", "NULL"},
  };
  (void)state;
  CHECK(table, NOTHING);
}

/* ---- aggregates ---- */

#define SEVERAL                                                                           \
  "{\"id\":1,\"t\":\"b\",\"n\":3,\"d\":0.0,\"b\":true,\"v\":\"PT1S\"}\n"                   \
  "{\"id\":2,\"t\":\"a\",\"n\":1,\"d\":-0.0,\"b\":true,\"v\":\"PT3S\"}\n"                  \
  "{\"id\":3,\"t\":null,\"n\":3,\"d\":2.5,\"b\":false}\n"                                  \
  "{\"id\":4,\"t\":\"b\",\"n\":null,\"d\":1.5,\"v\":\"PT2S\"}\n"                           \
  "{\"id\":5,\"t\":\"c\",\"n\":5,\"d\":2.5,\"b\":true,\"v\":\"PT1S\"}\n"

static void aggregates(void **state)
{
  static const expectation table[] = {
      {"COUNT(DISTINCT a.t)", "3"},
      {"COUNT(DISTINCT n)", "3"},
      {"COUNT(DISTINCT d)", "3"},
      {"COUNT(DISTINCT b)", "2"},
      {"COUNT(DISTINCT n + 1)", "3"},
      {"SUM(DISTINCT n)", "9"},
      {"AVG(DISTINCT n)", "3.0"},
      {"STDDEV_POP(DISTINCT n) * STDDEV_POP(DISTINCT n) > 2.66", "true"},
      {"MIN(DISTINCT n)", "1"},
      {"MAX(DISTINCT t)", "c"},
      {"ARRAY_AGG(DISTINCT t)", "[\"b\",\"a\",null,\"c\"]"},
      {"ARRAY_AGG(DISTINCT n)", "[3,1,null,5]"},
      {"STRING_AGG(DISTINCT t, '-')", "b-a-c"},
      {"COUNT(DISTINCT n) + COUNT(n)", "7"},
      {"COUNT(DISTINCT *)", "[E1017] *: DISTINCT takes a value, not *"},
      {"MIN_BY(t, n)", "a"},
      {"MAX_BY(t, n)", "c"},
      {"MIN_BY(n, t)", "1"},
      {"MIN_BY(id, d)", "1"},
      {"MAX_BY(id, d)", "3"},
      {"MAX_BY(t, d)", "NULL"},
      {"MAX_BY(id, t)", "5"},
      {"MIN_BY(id, v)", "1"},
      {"MIN_BY(a.id, a.b)", "3"},
      {"MIN_BY(id, CAST(NULL AS TEXT))", "NULL"},
      {"MAX_BY(LAST(id), n)", "[E1012] LAST(id): LAST does not stand inside MAX_BY"},
      {"MIN_BY(t)", "[E1005] MIN_BY(t): MIN_BY takes two arguments, not 1"},
      {"APPROX_PERCENTILE(n, 0.5)", "3"},
      {"APPROX_PERCENTILE(n, 0)", "1"},
      {"APPROX_PERCENTILE(n, 1)", "5"},
      {"APPROX_PERCENTILE(d, 0.8)", "2.5"},
      {"APPROX_PERCENTILE(v, 0.5)", "PT1S"},
      {"APPROX_PERCENTILE(v, 0.75)", "PT2S"},
      {"APPROX_PERCENTILE(DISTINCT n, 0.34)", "3"},
      {"APPROX_PERCENTILE(t, 0.5)", "[E1006] t: APPROX_PERCENTILE does not work on TEXT"},
      {"APPROX_PERCENTILE(n, 50)", "[E1006] 50: the part of APPROX_PERCENTILE is a constant from 0 to 1"},
      {"APPROX_PERCENTILE(n, d)", "[E1019] d: a constant is wanted here, not a column"},
  };
  (void)state;
  CHECK(table, SEVERAL);
}

static void aggregates_of_nothing(void **state)
{
  static const expectation table[] = {
      {"COUNT(DISTINCT t)", "0"},      {"SUM(DISTINCT n)", "NULL"},     {"MIN_BY(id, n)", "NULL"},
      {"MAX_BY(t, id)", "NULL"},       {"APPROX_PERCENTILE(n, 0.5)", "NULL"}, {"STRING_AGG(DISTINCT t, '')", "NULL"},
      {"ARRAY_AGG(DISTINCT t)", "[null]"},
  };
  (void)state;
  CHECK(table, NOTHING);
}

static void running_and_final(void **state)
{
  trial t;
  (void)state;
  begin(&t);
  assert_string_equal(
      answer(&t,
             "SELECT c, f, m, mf, p, pf, l FROM s MATCH_RECOGNIZE (ORDER BY id MEASURES RUNNING COUNT(DISTINCT t) AS c, "
             "FINAL COUNT(DISTINCT t) AS f, MAX_BY(t, n) AS m, FINAL MAX_BY(t, n) AS mf, APPROX_PERCENTILE(n, 0.5) AS p, "
             "FINAL APPROX_PERCENTILE(n, 0.5) AS pf, ARRAY_AGG(DISTINCT n) AS l ALL ROWS PER MATCH PATTERN (a+))",
             SEVERAL),
      "1 | 3 | b | c | 3 | 3 | [3] / 2 | 3 | b | c | 1 | 3 | [3,1] / 2 | 3 | b | c | 3 | 3 | [3,1] / "
      "2 | 3 | b | c | 3 | 3 | [3,1,null] / 3 | 3 | c | c | 3 | 3 | [3,1,null,5]");
  end(&t);
}

/* A set of one match must not be seen by the next. */
static void each_match_counts_anew(void **state)
{
  trial t;
  (void)state;
  begin(&t);
  assert_string_equal(answer(&t,
                             "SELECT * FROM s MATCH_RECOGNIZE (ORDER BY id MEASURES COUNT(DISTINCT t) AS c, "
                             "SUM(DISTINCT n) AS n, APPROX_PERCENTILE(id, 0.5) AS p "
                             "AFTER MATCH SKIP TO NEXT ROW PATTERN (a a))",
                             SEVERAL),
                      "2 | 4 | 1 / 1 | 4 | 2 / 1 | 3 | 3 / 2 | 5 | 4");
  end(&t);
}

static void aggregates_in_conditions(void **state)
{
  static const expectation table[] = {
      {"MAX_BY(t, n) = 'b'", "4"},
      {"MAX_BY(a.n, a.t) IS NOT NULL", "5"}, /* a NULL value comes only under a key that is not larger */
      {"MIN_BY(a.t, -a.id) IS NOT NULL", "2"},
      {"MIN_BY(id, d) = 1", "5"},
      {"COUNT(DISTINCT n) < 2", "1"},
      {"COUNT(DISTINCT a.t) < 3", "4"},
      {"SUM(DISTINCT n) < 9", "4"},
      {"STDDEV_POP(DISTINCT n) < 1.5", "4"},
      {"APPROX_PERCENTILE(n, 0.5) = 3 OR id = 2", "5"},
      {"APPROX_PERCENTILE(DISTINCT n, 0.7) <= 3", "4"},
      {"STRING_AGG(t, '-') <> 'b-a-b'", "3"},
      {"STRING_AGG(DISTINCT t, '') IN ('b', 'ba')", "4"},
      {"CAST(ARRAY_AGG(n) AS TEXT) <> '[3,1,3,null]'", "3"},
      {"CAST(ARRAY_AGG(DISTINCT n) AS TEXT) <> '[3,1,null]'", "3"},
      {"CAST(ARRAY_AGG(DISTINCT a.n) AS TEXT) LIKE '%5%' OR id < 5", "5"},
      {"MAX(DISTINCT n) < 5", "4"},
      {"a.t REGEXP '^[ab]$'", "2"},
  };
  trial t;
  size_t i;
  (void)state;
  begin(&t);
  for (i = 0; i < T_COUNT(table); i++) {
    char query[1024];
    snprintf(query, sizeof query, "SELECT * FROM s MATCH_RECOGNIZE (ORDER BY id MEASURES COUNT(*) AS c PATTERN (^ a+) DEFINE a AS %s)",
             table[i].expression);
    assert_string_equal(answer(&t, query, SEVERAL), table[i].gives);
  }
  end(&t);
}

/* ---- memory ---- */

#define GREEDY                                                                                                       \
  "SELECT m, r FROM s MATCH_RECOGNIZE (ORDER BY id MEASURES COUNT(DISTINCT t) AS c, APPROX_PERCENTILE(n, 0.5) AS p, "  \
  "STRING_AGG(DISTINCT UPPER(REPLACE(t, '+', '-')), '/') AS m, MIN_BY(t, n) AS k, "                                   \
  "REGEXP_SUBSTR('abc', '.' || LAST(t)) AS r PATTERN (a+) DEFINE a AS (t IS NULL OR t REGEXP '^[abc]$') "                       \
  "AND COUNT(DISTINCT t) < 9 AND STRING_AGG(DISTINCT t, '') <> 'x' AND APPROX_PERCENTILE(n, 0.5) < 9)"

/* The n-th growing call fails, and every later one, or only that one. */
static void no_memory_is_no_memory(void **state)
{
  unsigned long n;
  int once;
  (void)state;
  for (once = 0; once < 2; once++)
    for (n = 1; n < 100000; n++) {
      trial t;
      const char *came;
      begin(&t);
      if (once) t.h.fail_once = n;
      else t.h.fail_at = n;
      came = answer(&t, GREEDY, SEVERAL);
      if (t.status == TOCSIN_OK) {
        assert_string_equal(came, "B/A/C | bc");
        end(&t);
        if (n > t.h.calls) break;
        continue; /* a call that may fail: machine code for a regular expression */
      }
      if (t.status != TOCSIN_NOMEM) fail_msg("call %lu: %d %s", n, (int)t.status, came);
      end(&t);
    }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(numbers),
      cmocka_unit_test(texts),
      cmocka_unit_test(letters_map_back_and_forth),
      cmocka_unit_test(regular_expressions),
      cmocka_unit_test(patterns_from_the_data),
      cmocka_unit_test(times),
      cmocka_unit_test(now_is_asked_once_a_row),
      cmocka_unit_test(json_values),
      cmocka_unit_test(json_nests_so_deep),
      cmocka_unit_test(places_and_hashes),
      cmocka_unit_test(null_in_null_out),
      cmocka_unit_test(aggregates),
      cmocka_unit_test(aggregates_of_nothing),
      cmocka_unit_test(running_and_final),
      cmocka_unit_test(each_match_counts_anew),
      cmocka_unit_test(aggregates_in_conditions),
      cmocka_unit_test(no_memory_is_no_memory),
  };
  return T_RUN(tests);
}
