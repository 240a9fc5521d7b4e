SELECT count(*) AS matches, sum(y.v) AS total FROM runs y JOIN runs x
ON y.type = 'y' AND x.type = 'x' AND x.k = y.k AND x.ts BETWEEN y.ts - 10000 AND y.ts - 1 AND y.v > x.v * 1.5::DOUBLE
