-- customers that went all the way; the first of each step behind the one before
WITH looked AS (SELECT customer, ts FROM shop WHERE event = 'browsing'), put AS (SELECT customer, ts FROM shop WHERE event = 'add_to_cart'),
     bought AS (SELECT customer, ts FROM shop WHERE event = 'checkout'),
     two AS (SELECT looked.customer, looked.ts AS began, put.ts FROM looked ASOF JOIN put ON looked.customer = put.customer AND looked.ts < put.ts)
SELECT count(DISTINCT two.customer) AS keys FROM two ASOF JOIN bought ON two.customer = bought.customer AND two.ts < bought.ts
WHERE bought.ts <= two.began + 3600000
