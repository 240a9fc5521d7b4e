SELECT count(*) AS matches, sum(c.volume) AS total FROM (SELECT * FROM stock WHERE type = 'SELL' AND name = 'INTC') a
JOIN (SELECT * FROM stock WHERE type = 'BUY' AND name = 'RIMM') b ON b.ts > a.ts AND b.ts <= a.ts + 10000
JOIN (SELECT * FROM stock WHERE type = 'SELL' AND name = 'QQQ') c ON c.ts > b.ts AND c.ts <= a.ts + 10000
