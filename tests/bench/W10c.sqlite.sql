-- which battery and which theft are the last takes more: the number of robberies that have both
SELECT count(DISTINCT r.id) AS matches FROM crime r JOIN crime t JOIN crime b
ON r.type = 'ROBBERY' AND t.type = 'THEFT' AND t.ts > r.ts AND t.ts <= r.ts + 1800000
AND t.lon BETWEEN r.lon - 0.05 AND r.lon + 0.05 AND t.lat BETWEEN r.lat - 0.05 AND r.lat + 0.05
AND b.type = 'BATTERY' AND b.ts > r.ts AND b.ts < t.ts
AND b.lon BETWEEN r.lon - 0.05 AND r.lon + 0.05 AND b.lat BETWEEN r.lat - 0.05 AND r.lat + 0.05
