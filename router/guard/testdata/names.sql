id
ID
Id
t.id
T.ID
t . id
(id)
((id))
( ID )
+id
+ id
+(id)
-(-id)
- id
-id
--id
`id`
`ID`
t.`Id`
`a b`
(`a b`)
+`a b`
1
(1)
+1
-1
- 1
( 1 )
((1))
+(1)
+ + 1
1.0
1.50
01
.5
5.
1e3
1E3
1.5e-3
(1.50)
9223372036854775808
-9223372036854775808
99999999999999999999999
0x41
x'41'
X'41'
b'101'
B'101'
0b101
(0x41)
null
NULL
Null
\N
(null)
( NULL )
+null
true
TRUE
True
false
(true)
(FALSE)
+true
not true
'text'
'Text '
' text'
'  text'
"text"
("text")
( 'text' )
+'text'
''
' '
'a' 'b'
'a' "b" 'c'
'a'   'b'
'a''b'
'a\'b'
'a\\b'
'a\nb'
'a\0b'
'tab	x'
'it"s'
"it's"
"a""b"
'é'
'Ω😀'
'%'
'\%'
'\_'
'0123456789012345678901234567890123456789012345678901234567890123456789'
'                                                                      x'
_latin1'text'
_latin1 'text'
_utf8mb4'text'
_utf8mb4 "text"
_binary'abc'
_latin1 x'41'
(_latin1'text')
N'text'
n'text'
N 'text'
date'2024-01-01'
date '2024-01-01'
DATE  '2024-01-01'
(date'2024-01-01')
time'12:00:00'
timestamp'2024-01-01 00:00:00'
{d '2024-01-01'}
{ d '2024-01-01' }
{t '12:00:00'}
{ts '2024-01-01 00:00:00'}
1+1
1 + 1
1  +  1
(1+1)
( 1 + 1 )
((1+1))
+(1+1)
-(1+1)
1+(1)
id+1
id + 1
ID+1
t.id+1
`id`+1
`t`.`id` + 1
id /* c */ + 1
id /* c */
/* c */ id
/* c */ id + 1
/* c */ 1
id + 1 /* c */
id + 1 -- c
1 -- c
id # c
'text' /* c */
'text' -- c
/* c */ 'text'
( /* c */ id )
count(*)
COUNT(*)
Count( * )
count( * )
count(id)
max( id )
sum(distinct id)
now() is null
concat('a','b')
CONCAT('a', 'b')
concat( 'a' , 'b' )
concat("a",'b')
if(id,1,2)
case when id then 1 else 2 end
CASE id WHEN 1 THEN 'a' END
cast(id as char)
CAST( id AS CHAR(10) )
convert(id, char)
convert('a' using utf8mb4)
char(65)
CHAR(65 using utf8mb4)
insert('abc',1,1,'x')
mod(id,2)
id mod 2
id % 2
id div 2
id between 1 and 2
id in (1,2)
id in (1, 2)
id not in (1,2)
name like 'a%'
name like 'a%' escape '|'
name regexp 'a'
name rlike 'a'
id is null
id is not null
id is true
not id
! id
!id
~id
id and 1
id && 1
id or 1
id || 1
id xor 1
id = 1
id <=> 1
id <> 1
id != 1
id >= 1
(id, 1) = (1, 1)
row(id, 1) = row(1, 1)
binary name = 'a'
binary name
name collate utf8mb4_bin
(select 1)
(SELECT id FROM o LIMIT 1)
( select 1 )
((select 1))
exists (select 1)
not exists (select 1)
id in (select id from o)
id = any (select id from o)
id > all(select id from o)
interval(1,2,3)
id + interval 1 day
da + interval 1 day
date_add(da, interval 1 day)
DATE_ADD( da , INTERVAL 1 DAY )
extract(year from da)
trim(name)
trim(both 'a' from name)
substring(name from 2)
substring(name, 2, 1)
position('a' in name)
group_concat(name order by id separator '|')
json_extract(js, '$.a')
get_format(date, 'usa')
timestampdiff(day, da, da)
current_date is null
current_timestamp() is null
utc_date() = 1
row_number() over (order by id)
sum(id) over (partition by n order by id rows between 1 preceding and current row)
first_value(id) over w
concat('é', 'Ω')
concat('😀')
concat('é', 'Ω') -- é
concat('                                                                      x')
concat('0123456789012345678901234567890123456789012345678901234567890123456789')
concat('0123456789012345678901234567890123456789012345678901234567890123456789', '0123456789012345678901234567890123456789012345678901234567890123456789', '0123456789012345678901234567890123456789012345678901234567890123456789', '0123456789012345678901234567890123456789012345678901234567890123456789')
concat('ééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé')
concat('a', 'ééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé')
'ééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé'
1 as x
1 x
1 as 'x'
1 'x'
1 "x y"
1 as `x``y`
1 as ' x'
1 as 'x '
id as ID
id as ` x`
1 as `select`
