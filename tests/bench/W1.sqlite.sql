-- rows numbered within a share, and within a share and a direction: the difference is one for a run
WITH moves AS (SELECT name, row_number() OVER w AS i, price - lag(price) OVER w AS step FROM trades
               WINDOW w AS (PARTITION BY name ORDER BY ts)),
     marked AS (SELECT name, i, step > 0 AS up, i - row_number() OVER (PARTITION BY name, step > 0 ORDER BY i) AS run FROM moves WHERE step <> 0),
     runs AS MATERIALIZED (SELECT name, up, min(i) AS first, count(*) AS n FROM marked GROUP BY name, up, run HAVING count(*) > 1)
SELECT count(*) AS matches, sum(d.n + u.n) AS total FROM runs d JOIN runs u ON u.name = d.name AND u.first = d.first + d.n AND u.up = 1 AND d.up = 0
