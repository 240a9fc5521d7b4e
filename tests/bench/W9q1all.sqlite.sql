SELECT count(*) AS matches, sum(c.volume) AS total FROM stock a JOIN stock b JOIN stock c
ON a.type = 'SELL' AND a.name = 'INTC' AND b.type = 'BUY' AND b.name = 'RIMM' AND b.ts > a.ts AND b.ts <= a.ts + 10000
AND c.type = 'SELL' AND c.name = 'QQQ' AND c.ts > b.ts AND c.ts <= a.ts + 10000
