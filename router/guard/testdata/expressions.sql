id
t.id
ID
t.`a b`
*
t.*, 1
1
007
1.50
.5
1.*2
1e3
1.5E-3
1e-400
123456789012345678901234567890
-5
- 5
+5
- -5
5--5
-(5)
(1)
( 1 )
((id))
(id + 1)
+id
-id
18446744073709551615
18446744073709551616
-9223372036854775808
99999999999999999999999999999999999999999999999999999999999999999
0.123456789012345678901234567890
NULL
null
(null)
true
FALSE
(true)
'abc'
('abc')
"dq"
''
' lead'
'trail '
'  '
'it''s'
'a\nb\t\0c'
'a\%b\_c\x'
'é😀'
'ab' 'cd'
'a' "b" 'c'
n'nat'
_utf8mb4'intro'
_latin1'é'
_binary'bin'
_utf8mb4 x'4142'
_latin1 0xE9
x'4142'
X'4142'
0x4142
b'1000001'
B'1000001'
0b1000001
x'4142' + 0
0x4142 + 0
b'1000001' + 0
0b1000001 + 0
x''
x'00' = 0x00
concat(x'41', 0x41, b'1000001')
date'2024-02-29'
DATE '2024-02-29'
time'12:34:56.5'
timestamp'2024-02-29 12:34:56'
{d '2024-02-29'}
{t '12:34:56'}
{ts '2024-02-29 12:34:56'}
id+1
id + 1
id  +  1
1+2*3-4/5%6
(1+2)*3
2^3^2, 2|1&3, 1<<2>>1, ~5, !0, !1
7 div 2, 7 mod 2, 7 % 2, mod(7, 2), mod(7+1, 2+1), mod(id, 2) * 3, 10 - mod(7, 4) - 1
mod(-7, 4), -mod(7, 4), 10 / mod(7, 4) / 2, mod(7, 4) ^ 2, ~mod(7, 4) & 15, '3' like mod(7, 4), (1 + 1) % 2, mod (9, 5) mod 3, mod(7 mod 4, 2), mod(1 = 1, 2), mod(not 0, 3)
1 = 1, 1 != 2, 1 <> 2, 1 < 2, 1 <= 2, 1 > 2, 1 >= 2, null <=> null
n is null, n is not null, n is true, n is not true, n is false, n is unknown, n is not unknown
n between 0 and 5, n not between 0 and 5, n between -1 and 1 and 1
not n, not not n, ! n, not n = 1, ! n = 1
1 and 0 or 1, 1 xor 1, 1 && 0, 1 || 0, not 1 and 0, 1 or 1 and 0
name like 's%', name like 'S%', name not like '%p_t', name like '%|%' escape '|', name like 'sp\%' escape '', b like 'a\%b\_c'
name like '%\\%', name like '%\\\\%', name like 'it''s%'
name regexp '^s', name rlike 's', name not regexp '^s'
name in ('spot', 'max'), name not in ('spot'), n in (1, null), (id, n) in ((1, 1), (2, 3)), row(1, 2) = (1, 2)
case n when 1 then 'one' when null then 'x' else 'many' end
case when n > 0 then 'pos' when n < 0 then 'neg' end
case id when 1 then case n when 1 then 'a' end else 'b' end
if(n > 0, 'y', 'n'), ifnull(n, 7), nullif(n, 1), coalesce(null, n, 5)
interval(3, 1, 2, 4), least(1, 2), greatest('a', 'b'), isnull(n)
name collate utf8mb4_bin = 'SPOT', name collate utf8mb4_general_ci = 'SPOT', 'a' collate utf8mb4_bin
binary name = 'SPOT', binary 'a' = 'A'
cast(n as char), cast(n as signed), cast('12' as unsigned), cast(u as signed integer), cast(name as char(2))
cast('1.555' as decimal(5,2)), cast('1.5' as decimal(5)), cast('1.5' as decimal), cast(n as double), cast(n as float)
cast('2024-02-29' as date), cast('2024-02-29 1:2:3.456' as datetime(2)), cast('1:2:3.456' as time(1)), cast('1:2:3' as time)
cast(name as binary), cast(name as binary(3)), cast(name as char character set latin1), cast('é' as char charset utf8mb4)
convert(n, char), convert('12', signed), convert(name using utf8mb4), convert(name using latin1), convert('a' using binary), convert(b using 'utf8mb4')
char(65), char(65, 66.4, '67'), char(0xC3, 0xA9 using utf8mb4), char(65 using latin1), hex(char(256))
insert('Quadratic', 3, 4, 'What'), trim('  x '), trim(both from ' x '), trim(leading 'x' from 'xxa'), trim(trailing 'a' from 'xaa'), trim('x' from 'xax')
ltrim(' x'), rtrim('x '), substring('abcdef', 2), substring('abcdef', 2, 3), substring('abcdef' from 2), substring('abcdef' from 2 for 3), substr('abc', 2), mid('abcdef', 2, 2)
position('b' in 'abc'), locate('b', 'abcb', 3), instr('abc', 'c'), extract(year from dt), extract(day_microsecond from dt), extract(hour_minute from '2024-01-01 10:20:30')
dt + interval 1 day, dt - interval 1 month, interval 1 year + dt, dt + interval '1:30' minute_second, dt + interval -n day, dt - interval 1 day - interval 2 hour
date_add(dt, interval 1 second), date_sub(dt, interval 1.5 second), adddate(da, 31), adddate(da, interval 1 week), subdate(da, 1), addtime(dt, '1:0:0'), subtime(ti, '0:0:1')
timestampadd(minute, 1, dt), timestampdiff(day, da, dt), timestampdiff(SQL_TSI_HOUR, da, dt), get_format(date, 'usa'), get_format(datetime, 'iso'), date_format(dt, '%Y-%m-%d %H:%i:%s.%f')
now(), now(6), current_timestamp, current_timestamp(3), current_date, current_date(), curdate(), current_time, curtime(2), localtime, localtime(), localtimestamp(1), utc_date, utc_time(), utc_timestamp(3), sysdate() > 0, unix_timestamp()
json_extract(js, '$.a.b[1]'), json_unquote(json_extract(js, '$.s')), json_value(js, '$.s')
json_object('a', n, 'b', name), json_array(1, 'x', null, true, 1.5), json_type(js), json_valid(log), json_length(js), json_keys(js)
upper(name), lower(name), concat(name, '-', n), concat_ws(',', name, null, 'x'), length(name), char_length(name), reverse(name), repeat('ab', 3), replace(name, 's', '<'), left(name, 2), right(name, 2), lpad(n, 5, '0'), hex(name), unhex('41'), md5(name), sha1('x'), sha2('x', 256), format(1234.5, 2)
rand(5), round(d, 2), truncate(d, 1), floor(f), ceil(d), abs(n), sign(n), pow(2, 3), sqrt(n), pi(), log(2, 8), ln(2), exp(1)
(select 1), ( select 1 ), (select max(id) from o), (select name from o where o.t_id = t.id order by id limit 1)
exists (select 1 from o where t_id = t.id), not exists (select 1 from o where t_id = t.id), not not exists (select 1)
id in (select t_id from o), id not in (select t_id from o), (id, name) in (select t_id, name from o), id in ((select t_id from o where id = 1))
id = any (select t_id from o), id > all (select t_id from o where t_id < 3), id <> some (select t_id from o)
row_number() over (order by id), rank() over (order by n desc), dense_rank() over (partition by n is null order by n), sum(n) over (order by id), avg(n) over (order by id rows between 1 preceding and 1 following), count(*) over (), lag(n) over (order by id), lead(n, 2) over (order by id), first_value(n) over (order by id), ntile(2) over (order by id), percent_rank() over (order by id), cume_dist() over (order by id), nth_value(n, 2) over (order by id)
max(n) over (order by id range between unbounded preceding and current row), min(n) over (order by dt range between interval 1 day preceding and interval 1 day following)
sum(n) over w, count(n) over (w rows 2 preceding) from t window w as (order by id)
id as x, id y, id 'z', id as "w", id as 'a b'
'x' 'alias', 'x' as alias, 1 'one', 1 as `back``tick`
/* before */ id /* after */, id /* within */ + 1
id -- line
bits, b, bits + 0, hex(b), b = 'abc', bin(bits)
charset(name), collation(name), coercibility('a')
inet_aton('10.0.0.1'), inet_ntoa(167772161), is_ipv4('1.2.3.4'), hex(inet6_aton('::1'))
crc32('a'), conv('ff', 16, 10), oct(8), bit_count(7), ascii('a'), ord('é'), soundex('hello'), find_in_set('b', 'a,b'), elt(2, 'a', 'b'), field('b', 'a', 'b'), make_set(5, 'a', 'b', 'c'), export_set(5, 'Y', 'N', ',', 4)
year(dt), quarter(dt), month(dt), week(dt, 3), weekofyear(dt), yearweek(dt), dayofyear(dt), weekday(dt), dayname(dt), monthname(dt), last_day(dt), to_days(dt), from_days(738000), makedate(2024, 60), maketime(1, 2, 3), microsecond(dt), sec_to_time(3661), time_to_sec(ti), datediff(dt, da), timediff(dt, da), str_to_date('29.02.2024', '%d.%m.%Y'), from_unixtime(1700000000), unix_timestamp(dt), convert_tz(dt, '+00:00', '+02:00'), period_add(202401, 2), period_diff(202403, 202401)
concat('😀', name), 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
concat('éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé')
"a`b", 'c"d', t.`id`, concat("'", '"', '`')
name = 'it''s \\ "q"', name = "it's \\ \"q\""
1 in (1), 1 in (1,2), 'a' in ('A'), n in (select x from o)
nosuchcolumn
nosuch.id
length()
abs('x'), 1/0, 'a' + 1, cast('x' as signed)
acos(0.5), asin(0.5), atan(1), atan(1, 2), atan2(1, 2), cos(1), cot(1), sin(1), tan(1), degrees(1), radians(180), log10(100), log2(8), power(2, 3), ceiling(1.5)
bit_length('é'), octet_length('é'), character_length('é'), lcase(name), ucase(name), rpad(n, 5, 'x'), space(3), strcmp('a', 'b'), substring_index('a.b.c', '.', 2), quote(name), to_base64('abc'), from_base64('YWJj'), natural_sort_key('a10'), chr(65)
sha('x'), crc32c('a'), uncompress(compress('abc')), uncompressed_length(compress('abc')), hex(compress(''))
date(dt), time(dt), timestamp(da), timestamp(da, '1:0:0'), day(dt), dayofmonth(dt), dayofweek(dt), hour(ti), minute(ti), second(ti), time_format(ti, '%H.%i'), to_seconds(dt), add_months(da, 1), to_char(dt, 'YYYY-MM')
hex(inet6_aton('1.2.3.4')), inet6_ntoa(inet6_aton('fe80::1')), is_ipv6('::1'), is_ipv4_compat(inet6_aton('::1.2.3.4')), is_ipv4_mapped(inet6_aton('::ffff:1.2.3.4'))
regexp_instr(name, 'o'), regexp_replace(name, '[aeiou]', '<\\0>'), regexp_substr(name, '[aeiou]+')
json_array_append('[1]', '$', 2), json_array_insert('[1]', '$[0]', 0), json_insert('{}', '$.a', 1), json_replace('{"a":1}', '$.a', 2), json_set('{}', '$.a', 3), json_remove('{"a":1}', '$.a'), json_search('["x"]', 'one', 'x'), json_contains('[1,2]', '1'), json_contains_path('{"a":1}', 'one', '$.a'), json_depth('[[1]]')
json_compact('{ "a" : 1 }'), json_detailed('{"a":1}'), json_loose('{"a":1}'), json_equals('{}', '{ }'), json_exists('{"a":1}', '$.a'), json_query('{"a":{}}', '$.a'), json_quote('a"b'), json_normalize('{"b":1,"a":2}'), json_merge('[1]', '[2]'), json_merge_patch('{"a":1}', '{"a":2}'), json_merge_preserve('[1]', '[2]'), json_overlaps('[1]', '[1]')
nvl(n, 1), nvl2(n, 1, 2), last_value(n) over (order by id), ifnull(null, 'x')
regexp_like(name, 's'), any_value(n), json_pretty(js), bin_to_uuid(b)
json_schema_valid('{}', js)
