-- group: join, GROUP BY
SELECT c.country, COUNT(*) AS n, SUM(s.amount) AS total
FROM sales s JOIN clients c ON c.id = s.client
GROUP BY c.country
ORDER BY c.country;

-- left: LEFT JOIN with a condition
SELECT c.segment, COUNT(s.id) AS n, SUM(s.amount) AS total
FROM clients c LEFT JOIN sales s ON s.client = c.id AND s.state = 'returned'
GROUP BY c.segment
ORDER BY c.segment;

-- in: IN of a foreign subquery
SELECT COUNT(*) AS n, SUM(amount) AS total
FROM sales
WHERE client IN (SELECT id FROM clients WHERE country = 'DE');

-- not-in: NOT IN of a foreign subquery
SELECT COUNT(*) AS n, SUM(amount) AS total
FROM sales
WHERE client NOT IN (SELECT id FROM clients WHERE segment = 'retail');

-- exists: correlated EXISTS
SELECT c.segment, COUNT(*) AS n
FROM clients c
WHERE EXISTS (SELECT 1 FROM sales s WHERE s.client = c.id AND s.amount > 990)
GROUP BY c.segment
ORDER BY c.segment;

-- distinct: COUNT(DISTINCT) over a join
SELECT p.category, COUNT(DISTINCT s.client) AS n
FROM sales s JOIN products p ON p.id = s.product
GROUP BY p.category
ORDER BY p.category;

-- union: UNION of two tables' keys
SELECT COUNT(*) AS n
FROM (SELECT client AS k FROM sales WHERE quantity = 1 UNION SELECT id FROM clients WHERE country = 'FR') AS u;

-- window: ROW_NUMBER over a grouped join
SELECT country, name, spent
FROM (
        SELECT c.country, c.name, SUM(s.amount) AS spent,
               ROW_NUMBER() OVER (PARTITION BY c.country ORDER BY SUM(s.amount) DESC, c.id) AS n
        FROM sales s JOIN clients c ON c.id = s.client
        GROUP BY c.id, c.country, c.name
     ) AS ranked
WHERE n <= 3
ORDER BY country, n;

-- few-keys: join of a few clients
SELECT c.name, s.id, s.amount
FROM clients c JOIN sales s ON s.client = c.id
WHERE c.name IN ('client 17', 'client 4711', 'client 815')
ORDER BY s.id;

-- one-key: join of one client by its id
SELECT c.name, COUNT(*) AS n, SUM(s.amount) AS total
FROM clients c JOIN sales s ON s.client = c.id
WHERE c.id = 471
GROUP BY c.name;

-- three: three-way join, a part of the rows
SELECT c.country, p.category, SUM(s.amount) AS total
FROM sales s JOIN clients c ON c.id = s.client JOIN products p ON p.id = s.product
WHERE s.day >= '2025-10-01' AND c.segment = 'public'
GROUP BY c.country, p.category
ORDER BY total DESC, c.country, p.category
LIMIT 20;

-- three-all: three-way join, all rows
SELECT c.segment, p.category, COUNT(*) AS n, SUM(s.quantity * p.price) AS listed
FROM sales s JOIN clients c ON c.id = s.client JOIN products p ON p.id = s.product
GROUP BY c.segment, p.category
ORDER BY c.segment, p.category;

-- text: join on text keys
SELECT a.platform, COUNT(*) AS n, SUM(v.ms) AS ms
FROM visits v JOIN agents a ON a.uid = v.uid
GROUP BY a.platform
ORDER BY a.platform;

-- text-in: IN on text keys
SELECT COUNT(*) AS n, SUM(ms) AS ms
FROM visits
WHERE uid IN (SELECT uid FROM agents WHERE version = 7);

-- top: the first rows of a join
SELECT s.id, s.amount, c.name
FROM sales s JOIN clients c ON c.id = s.client
ORDER BY s.amount DESC, s.id
LIMIT 20;

-- derived: join with a grouped derived table
SELECT c.segment, COUNT(*) AS n, MAX(t.spent) AS most
FROM clients c JOIN (SELECT client, SUM(amount) AS spent FROM sales GROUP BY client) AS t ON t.client = c.id
GROUP BY c.segment
ORDER BY c.segment;

-- scalar: correlated subquery in the select list
SELECT c.id, c.name, (SELECT MAX(s.amount) FROM sales s WHERE s.client = c.id) AS most
FROM clients c
WHERE c.country = 'IT' AND c.segment = 'public'
ORDER BY c.id;

-- correlated: correlated subquery in WHERE
SELECT COUNT(*) AS n, SUM(s.amount) AS total
FROM sales s
WHERE s.amount > (SELECT 9 * p.price FROM products p WHERE p.id = s.product);

-- having: HAVING with a foreign subquery
SELECT s.client, SUM(s.amount) AS total
FROM sales s
GROUP BY s.client
HAVING SUM(s.amount) > (SELECT 2 * MAX(credit) FROM clients)
ORDER BY total DESC, s.client
LIMIT 50;
