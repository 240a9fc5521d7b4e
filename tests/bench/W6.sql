WITH gaps AS (SELECT customer, ts, ts - lag(ts) OVER (PARTITION BY customer ORDER BY ts) AS gap FROM shop),
     numbered AS (SELECT customer, ts, sum(CASE WHEN gap <= 1800000 THEN 0 ELSE 1 END) OVER (PARTITION BY customer ORDER BY ts) AS visit FROM gaps),
     visits AS (SELECT max(ts) - min(ts) AS lasted FROM numbered GROUP BY customer, visit)
SELECT count(*) AS matches, sum(lasted) AS total FROM visits
