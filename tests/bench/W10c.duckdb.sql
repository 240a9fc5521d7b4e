-- which battery and which theft are the last takes more: the number of robberies that have both
SELECT count(DISTINCT r.id) AS matches FROM (SELECT * FROM crime WHERE type = 'ROBBERY') r
JOIN (SELECT * FROM crime WHERE type = 'THEFT') t ON t.ts > r.ts AND t.ts <= r.ts + 1800000
  AND t.lon BETWEEN r.lon - 0.05::DOUBLE AND r.lon + 0.05::DOUBLE AND t.lat BETWEEN r.lat - 0.05::DOUBLE AND r.lat + 0.05::DOUBLE
JOIN (SELECT * FROM crime WHERE type = 'BATTERY') b ON b.ts > r.ts AND b.ts < t.ts
  AND b.lon BETWEEN r.lon - 0.05::DOUBLE AND r.lon + 0.05::DOUBLE AND b.lat BETWEEN r.lat - 0.05::DOUBLE AND r.lat + 0.05::DOUBLE
