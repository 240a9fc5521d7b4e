-- a trade has a match if the highest price of the ten seconds from it on is high enough
WITH ahead AS (SELECT price, max(price) OVER (PARTITION BY name ORDER BY ts RANGE BETWEEN CURRENT ROW AND 10000 FOLLOWING) AS best FROM trades)
SELECT count(*) AS matches FROM ahead WHERE best > price * 1.01
