/* What the cursors of both modules have in common: a scan whose matches are the rows. See module.h. */
#include "bindings/sqlite/module.h"

#include <string.h>

int tsn_sql_cursor_new(size_t size, sqlite3_vtab_cursor **out)
{
  tsn_sql_cursor *c = sqlite3_malloc64(size);

  if (!c) return SQLITE_NOMEM;
  memset(c, 0, size);
  *out = &c->base;
  return SQLITE_OK;
}

int tsn_sql_cursor_next(sqlite3_vtab_cursor *base)
{
  tsn_sql_cursor *c = (tsn_sql_cursor *)base;
  char *error = NULL;
  int st = tsn_sql_scan_next(&c->scan, &c->more, &error);

  c->row++;
  return st == SQLITE_OK ? st : tsn_sql_tell_table(base->pVtab, st, error);
}

int tsn_sql_cursor_eof(sqlite3_vtab_cursor *base)
{
  return !((tsn_sql_cursor *)base)->more;
}

int tsn_sql_cursor_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *out)
{
  *out = ((tsn_sql_cursor *)base)->row;
  return SQLITE_OK;
}
