SELECT count(*) AS matches, sum(c.volume) AS total FROM (SELECT * FROM trades WHERE name = 'IBM') a
JOIN (SELECT * FROM trades WHERE name = 'AIG') b ON b.place > a.place AND b.ts <= a.ts + 1000
JOIN (SELECT * FROM trades WHERE name = 'BAC') c ON c.place > b.place AND c.ts <= a.ts + 1000
