-- customers that went all the way; the first of each step behind the one before
WITH ahead AS (SELECT customer, ts, event,
                 min(CASE WHEN event = 'add_to_cart' THEN ts END) OVER (PARTITION BY customer ORDER BY ts ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS put,
                 min(CASE WHEN event = 'checkout' THEN ts END) OVER (PARTITION BY customer ORDER BY ts ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS bought
               FROM shop WHERE event IN ('browsing', 'add_to_cart', 'checkout'))
SELECT count(DISTINCT l.customer) AS keys FROM ahead l JOIN ahead p ON l.event = 'browsing' AND p.customer = l.customer AND p.ts = l.put
WHERE p.bought <= l.ts + 3600000
