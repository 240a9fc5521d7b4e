#!/usr/bin/env python3
"""Makes the sample events beside it, the same ones every time: shop.jsonl and logins.jsonl.

    make_samples.py [FOLDER]

The shop: customers browse, fill carts, buy, or leave. Some carts are abandoned for good, some are bought in part, some
only late. The logins: accounts that mistype, and one address that guesses until it is in. All of it is invented.
"""
import json
import os
import random
import sys
from datetime import datetime, timedelta, timezone

PRODUCTS = [("Espresso beans", "Coffee", 14.9), ("Paper filters", "Coffee", 3.5), ("Hand grinder", "Coffee", 59.0),
            ("Green tea", "Tea", 8.9), ("Teapot", "Tea", 34.5), ("Honey", "Pantry", 6.2), ("Oat biscuits", "Pantry", 2.8),
            ("Dark chocolate", "Pantry", 3.9), ("Olive oil", "Pantry", 11.4), ("Blue mug", "Kitchen", 9.9)]
START = datetime(2026, 1, 31, 9, 0, tzinfo=timezone.utc)


def stamp(t):
    return t.strftime("%Y-%m-%dT%H:%M:%SZ")


def visit(rng, customer, t, events):
    """One visit: what happens is decided by what kind of visitor this is."""
    kind = rng.choices(["looks", "buys", "abandons", "thinks twice"], [40, 30, 20, 10])[0]

    def add(event, product=None):
        nonlocal t
        row = {"customer_id": customer, "ts": stamp(t), "event": event}
        if product:
            name, category, price = product
            row["product"] = {"name": name, "category": category, "price": price}
        events.append((t, row))
        t += timedelta(seconds=rng.randint(5, 240))

    add("login")
    for _ in range(rng.randint(1, 4)):
        add("browsing", rng.choice(PRODUCTS))
    if kind == "looks":
        add("logout_without_purchase")
        return
    for _ in range(rng.randint(1, 3)):
        add("add_to_cart", rng.choice(PRODUCTS))
    if kind == "buys":
        add("checkout")
        if rng.random() < 0.3:
            add("add_to_cart", rng.choice(PRODUCTS))       # one more thing, left behind
    elif kind == "thinks twice":
        t += timedelta(minutes=rng.randint(10, 25))
        add("checkout")


def shop(rng):
    events = []
    for number in range(1, 61):
        visit(rng, f"c{number:03}", START + timedelta(seconds=rng.randint(0, 3 * 3600)), events)
    events.sort(key=lambda e: e[0])
    return [row for _, row in events]


def logins(rng):
    events = []
    for number in range(1, 25):
        t = START + timedelta(seconds=rng.randint(0, 7200))
        user, ip = f"user{number}", f"192.0.2.{number}"
        for _ in range(rng.choice([0, 0, 1, 2])):
            events.append((t, {"ts": stamp(t), "event": "failed", "user": user, "ip": ip}))
            t += timedelta(seconds=rng.randint(2, 20))
        events.append((t, {"ts": stamp(t), "event": "accepted", "user": user, "ip": ip}))
    t = START + timedelta(minutes=40)
    for guess in range(17):
        row = {"ts": stamp(t), "event": "invalid_user" if guess < 6 else "failed", "user": rng.choice(["root", "admin", "backup"]),
               "ip": "198.51.100.7"}
        events.append((t, row))
        t += timedelta(seconds=rng.randint(1, 6))
    events.append((t, {"ts": stamp(t), "event": "accepted", "user": "backup", "ip": "198.51.100.7"}))
    events.sort(key=lambda e: e[0])
    return [row for _, row in events]


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
    for name, make in (("shop", shop), ("logins", logins)):
        with open(os.path.join(folder, name + ".jsonl"), "w") as out:
            for row in make(random.Random(f"tocsin {name}")):
                out.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
