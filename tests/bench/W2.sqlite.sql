SELECT count(*) AS matches, sum(c.volume) AS total FROM trades a JOIN trades b JOIN trades c
ON a.name = 'IBM' AND b.name = 'AIG' AND b.ts BETWEEN a.ts AND a.ts + 1000 AND b.place > a.place
AND c.name = 'BAC' AND c.ts BETWEEN b.ts AND a.ts + 1000 AND c.place > b.place
