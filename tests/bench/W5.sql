-- a success with five failures in the ten minutes before it, and five since the last such success
WITH tries AS (SELECT address, ts, event = 'accepted' AS good FROM sshd WHERE event IN ('failed', 'invalid_user', 'accepted')),
     counted AS (SELECT address, ts, good,
                   sum(CASE WHEN good THEN 0 ELSE 1 END) OVER (PARTITION BY address ORDER BY ts RANGE BETWEEN 600000 PRECEDING AND CURRENT ROW) AS lately,
                   sum(CASE WHEN good THEN 0 ELSE 1 END) OVER (PARTITION BY address ORDER BY ts) AS ever FROM tries),
     ends AS (SELECT ever, lag(ever) OVER (PARTITION BY address ORDER BY ts) AS before FROM counted WHERE good AND lately >= 5)
SELECT count(*) AS matches FROM ends WHERE before IS NULL OR ever - before >= 5
