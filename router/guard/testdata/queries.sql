select 1
SELECT 1 FROM DUAL
select 1 from dual where 1 = 1
select 1 where 0
select 1 limit 0
select distinct n > 0 from t order by 1
select all n from t order by id
select sql_calc_found_rows sql_no_cache high_priority straight_join id from t order by id limit 2
select id from t use index (primary) order by id
select id from t force index (primary) ignore index for order by (primary) use key () where id > 1 order by id
select id from t a ignore key for join (primary) use index for group by (primary) where a.id > 1 order by id
select id from t use index (nosuch) order by id
select a.id from t a force index for join (primary), o b use index (primary, `primary`) where a.id = b.t_id order by b.id
select count(*), COUNT( * ), count(n), count(distinct n, name), count(all n), sum(n), avg(d), min(name), max(f), std(n), stddev(n), stddev_samp(n), variance(n), var_samp(n), bit_and(u), bit_or(u), bit_xor(u) from t
select group_concat(name), group_concat(distinct name order by id desc separator '|'), group_concat(id, '-', n order by id separator ''), group_concat(id separator '\'') from t
select json_arrayagg(id), json_objectagg(id, name) from t where name is not null
select n > 0, count(*) from t group by n > 0 order by 2 desc, 1
select n > 0 as pos, count(*) c from t group by pos having c > 1 order by pos
select n > 0 as pos, count(*) from t group by 1 with rollup
select name, count(*) from t group by name having count(*) = 1 and name is not null order by name
select max(id) + 1 from t having max(id) > 1
select t.id, o.id from t join o on o.t_id = t.id order by 1, 2
select * from t join o on o.t_id = t.id order by t.id, o.id
select t.id, o.* from t left join o on o.t_id = t.id order by t.id, o.id
select t.id, o.id from t right join o on o.t_id = t.id order by o.id
select t.id, o.id from t left outer join o using (id) order by 1
select * from o natural join p order by 1
select * from o natural left join p order by 1
select * from o natural right join p order by p.id
select * from o inner join p using (id, x)
select * from o cross join p order by o.id, p.id
select * from o, p where o.id = p.o_id order by o.id
select * from o, p, t where o.id = p.o_id and t.id = o.t_id order by o.id
select * from t, o join p on p.o_id = o.id where t.id = 1 order by o.id
select t.id, o.id, p.id from t join o on o.t_id = t.id left join p on p.o_id = o.id order by 1, 2
select t.id, o.id, p.id from t left join (o join p on p.o_id = o.id) on o.t_id = t.id order by 1, 2
select t.id, o.id, p.id from t left join o join p on p.o_id = o.id on o.t_id = t.id order by 1, 2
select t.id, o.id, p.id from t join o join p on p.o_id = o.id and o.t_id = t.id order by 1, 2
select t.id, o.id, p.id from t straight_join o on o.t_id = t.id straight_join p on p.o_id = o.id order by 1, 2
select t.id, o.id from (t, o) where o.t_id = t.id order by 2
select t.id, o.id, p.id from (t join o on o.t_id = t.id) left join p on p.o_id = o.id order by 2
select t.id, o.id from (t) join (o) on o.t_id = t.id order by 2
select * from {oj o left outer join p on p.o_id = o.id} order by o.id
select a.id, b.id from o a, o as b where a.id = b.t_id order by 1, 2
select x.y from (select 1 y) x
select * from (select 1+1, 'abc', id from t order by id limit 1) x
select `1+1`, abc from (select 1+1, 'abc') x
select x.*, y.* from (select id from t) x join (select id i, max(x) from o group by id) y on x.id = y.i order by 1
select * from (select id from t union select id from o) u order by id
select * from ((select 1 as a)) x, (select 2 as b) y
select id from t union select id from o order by id
select id from t union all select id from o order by id limit 3
(select id from t order by id desc limit 1) union all (select id from o order by id limit 2)
(select id from t) union (select id from o) order by id desc limit 2, 3
select 1 union select 2 union all select 2 order by 1
select 1 union all select 2 union select 2 order by 1
select 1 union all (select 2 union select 2) order by 1
(select 1 union all select 1) union select 2 order by 1
select id from t intersect select id from o order by id
select id from t except select id from o order by id
select 1 union select 2 intersect select 2 order by 1
(select 1 union select 2) intersect select 2
select 1 a union select 2 b union select 3 order by a desc
select 1+1 union select 5
select 'x' union select 'y' order by 1
(select 1)
((select 1))
(select 1) limit 1
(select id from t order by id desc) order by id limit 2
((select 1) union (select 2)) order by 1 limit 1
with a as (select 1 x) select * from a
with a as (select 1+1) select * from a
with a (y, z) as (select 1, 2) select z, y from a
with a as (select id from t), b as (select max(id) m from a) select * from b
with recursive r (n) as (select 1 union all select n + 1 from r where n < 5) select sum(n), count(*) from r
with recursive r as (select 1 as n, cast('a' as char(10)) s union all select n + 1, concat(s, 'b') from r where n < 3) select * from r
with a as (select 1) (select * from a)
select * from (with a as (select 3 x) select x from a) b
select (with a as (select 3 x) select x from a)
select 1 union (with a as (select 2) select * from a) order by 1
with a as (select 1 x) select x from a union all select x + 1 from a
with t as (select * from t) select id from t order by id
select id from t where name = 'spot'
select id from t where name = 'SPOT' or n < 0 order by id
select id from t where not (n = 1) and (name like 'm%' or n is null) order by id
select id from t where id = 1 or id = 2 or id = 3 and n = 5 order by id desc
select id from t where json_unquote(json_extract(js, '$.s')) = 'x"y'
select id from t where dt between '2024-01-01' and '2024-12-31' order by id
select id from t where dt > date'2024-01-01' + interval 1 month order by id
select id from t order by name is null, name desc, id
select id from t order by 1 desc limit 2 offset 1
select id from t order by id limit 1, 2
select id, n from t order by `n` desc, t.id
select id + 1 from t order by id + 1 desc
select id + 1 from t order by `id + 1` desc
select -id from t order by -id
select id i from t group by i order by i
select t.name from t group by t.name order by t.name
select t.name, o.name from t join o on o.t_id = t.id order by t.name, o.name
select name from t having name = 'spot'
select id, (match (log) against ('apple')) > 0 from t
select id from t where match (log) against ('apple' in boolean mode) order by id
select id from t where match (log) against ('+apple -pie' in boolean mode)
select id, sum(n) over w s, row_number() over w from t window w as (order by id) order by id
select count(*) from t where (id, n) = (1, 1)
select id from t where exists (select * from o where o.t_id = t.id and exists (select 1 from p where p.o_id = o.id)) order by id
select id from t where n = (select min(n) from t)
select id from t where id > all (select 1 union select 2) order by id
select name from t where n in (1, 2147483647) and name not in ('x') order by id
select distinct t_id from o order by t_id
select o.t_id, sum(o.x) total from o group by o.t_id having total > 15 order by total, t_id
select t_id, group_concat(name order by name desc) from o group by t_id order by null
select if(grouping(t_id), 'all', t_id) from o group by t_id with rollup
select count(*) as `count` from t
select id from t where id = '1' and 1 = 1.0 and 'a' = 'A'
select 'a' = 'a ' , 'a' like 'a '
select 1 as a, 2 as a
select id, id from t order by id limit 1
select * from t where 0
select * from nosuchtable
select id from t group by nosuch
select id from t order by 99
select max(sum(n)) from t
select id, id from (select 1 id, 2 id) x
select 1 union select 1, 2
select * from (select 1)
select (select id from t)
explain select id from t where id = 1
select id from t order by (select max(x) from o where o.t_id = id), id
select id, name from t order by (select max(x) from o where o.t_id = t.id) desc, id
select (id), +n from t order by (select max(x) from o where o.t_id = id), n
select id + 1 from t order by (select max(x) from o where o.t_id = id + 1), id
select n + 1 as m, id from t order by (select max(x) from o where o.t_id = id), m, id
select id as id from t order by (select max(x) from o where o.t_id = id), id
