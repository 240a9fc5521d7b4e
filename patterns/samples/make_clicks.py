#!/usr/bin/env python3
"""Makes clicks.csv beside it, the same every time: visits of two people, all of it invented.

    make_clicks.py > clicks.csv

ann comes day after day for 2, 3 or 4 steps, and once for 6; bob comes for 3, 3, 9 and 3, too few visits to judge the third.
"""
from datetime import datetime, timedelta, timezone

START = datetime(2026, 1, 20, 9, 0, tzinfo=timezone.utc)
PAGES = ("home", "tea", "teapot", "cart")


def main():
    print("user_id,ts,page,action")
    rows = []
    for user, visits in (("ann", (2, 3, 4, 3, 6)), ("bob", (3, 3, 9, 3))):
        for day, steps in enumerate(visits):
            for step in range(steps):
                at = START + timedelta(days=day, minutes=2 * step, hours=1 if user == "bob" else 0)
                rows.append((at, user, PAGES[step % 4], "click" if step % 3 == 2 else "view"))
    for at, user, page, action in sorted(rows):
        print(f"{user},{at:%Y-%m-%dT%H:%M:%SZ},{page},{action}")


if __name__ == "__main__":
    main()
