-- a match ends at what was put into the cart if nothing more is put or bought for half an hour
WITH steps AS (SELECT event, ts, lead(ts) OVER (PARTITION BY customer ORDER BY ts) AS after FROM shop WHERE event IN ('add_to_cart', 'checkout'))
SELECT count(*) AS matches FROM steps WHERE event = 'add_to_cart' AND (after IS NULL OR after > ts + 1800000)
