package guard

import (
	"strings"
	"testing"

	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/router/tree"
)

// attack is a text that a naive guard would let through, or break on. Either
// code says how it is refused, or restored is the harmless text that is left.
type attack struct {
	sql      string
	code     fault.Code
	restored string
}

var attacks = []attack{
	// Strings that end early where backslashes are not escaped.
	{sql: `select '\\', ', sleep(1)-- '`, restored: `SELECT '\\',', sleep(1)-- '`},
	{sql: `select '\'', '\\\', sleep(1) -- '`, restored: `SELECT '''','\\'', sleep(1) -- '`},
	{sql: `select "\"", ', sleep(1) -- '`, restored: `SELECT '"',', sleep(1) -- '`},
	{sql: `select 'a''b', "c""d", 'e"f', "g'h", 'i\%j\_k'`, restored: `SELECT 'a''b','c"d','e"f','g''h','i\\%j\\_k'`},
	{sql: "select 'a\\0b\\n\\r\\t\\Z\\b'", restored: "SELECT 'a\x00b\n\r\t\x1a\b'"},
	{sql: "select 'x' from t where a = '\xbf\\' or sleep(1) -- '", code: fault.Syntax}, // gbk's half character
	{sql: "select '\xed\xa0\x80'", code: fault.Syntax},                                 // a surrogate in UTF-8
	{sql: "select `a\xff`", code: fault.Syntax},

	// Names.
	{sql: "select `sleep(1) or abs`(1)", code: fault.ForbiddenFunction},
	{sql: "select `sleep`(1)", code: fault.ForbiddenFunction},
	{sql: "select `a``b`, `) union select sleep(1) -- x` from t", restored: "SELECT `a``b`,`) union select sleep(1) -- x` FROM `t`"},
	{sql: "select 1 as `a``, sleep(1) -- `", restored: "SELECT 1 AS `a``, sleep(1) -- `"},
	{sql: "select 1 as 'a`, sleep(1) -- '", restored: "SELECT 1 AS `a``, sleep(1) -- `"},
	{sql: "select 1 'a`, sleep(1) -- ' from t as `x``y`", restored: "SELECT 1 AS `a``, sleep(1) -- ` FROM `t` AS `x``y`"},
	{sql: "select `abs`(1)", restored: "SELECT ABS(1) AS ```abs``(1)`"},
	{sql: "select mysql.abs(1)", code: fault.ForbiddenFunction},
	{sql: "select `mysql`.`sleep(1) or abs`(1)", code: fault.ForbiddenFunction},
	{sql: "select * from *.t", code: fault.ForbiddenTable},

	// Functions that fold to others, or that the parser prints in its own way.
	{sql: "select ſleep(1)", code: fault.ForbiddenFunction},
	{sql: "select \u212Aeep(1), ma\u212Ae_set(1, 'a')", code: fault.ForbiddenFunction},
	{sql: "select SLEEP (1)", code: fault.ForbiddenFunction},
	{sql: "select sLeEp(1), 1", code: fault.ForbiddenFunction},
	{sql: "select sleep\n(1)", code: fault.ForbiddenFunction},
	{sql: "select abs(sleep(1))", code: fault.ForbiddenFunction},
	{sql: "select 1 from t order by benchmark(1000000, md5(1))", code: fault.ForbiddenFunction},
	{sql: "select 1 from t group by get_lock('a', 1)", code: fault.ForbiddenFunction},
	{sql: "select 1 from t having release_lock('a')", code: fault.ForbiddenFunction},
	{sql: "select 1 from t join u on sleep(1)", code: fault.ForbiddenFunction},
	{sql: "select sum(sleep(1)) over (order by 1) from t", code: fault.ForbiddenFunction},
	{sql: "select sum(1) over (order by sleep(1)) from t", code: fault.ForbiddenFunction},
	{sql: "select sum(1) over w from t window w as (partition by sleep(1))", code: fault.ForbiddenFunction},
	{sql: "select group_concat(a order by sleep(1)) from t", code: fault.ForbiddenFunction},
	{sql: "select case sleep(1) when 1 then 2 end", code: fault.ForbiddenFunction},
	{sql: "select case 1 when sleep(1) then 2 end", code: fault.ForbiddenFunction},
	{sql: "select case 1 when 1 then sleep(1) end", code: fault.ForbiddenFunction},
	{sql: "select case 1 when 1 then 2 else sleep(1) end", code: fault.ForbiddenFunction},
	{sql: "select 1 in (1, sleep(1))", code: fault.ForbiddenFunction},
	{sql: "select (1, sleep(1)) = (1, 2)", code: fault.ForbiddenFunction},
	{sql: "select 1 between 0 and sleep(1)", code: fault.ForbiddenFunction},
	{sql: "select 'a' like sleep(1)", code: fault.ForbiddenFunction},
	{sql: "select 'a' regexp sleep(1)", code: fault.ForbiddenFunction},
	{sql: "select sleep(1) is null, 1", code: fault.ForbiddenFunction},
	{sql: "select sleep(1) is true", code: fault.ForbiddenFunction},
	{sql: "select -sleep(1), not 1", code: fault.ForbiddenFunction},
	{sql: "select sleep(1) collate utf8mb4_bin", code: fault.ForbiddenFunction},
	{sql: "select cast(sleep(1) as char)", code: fault.ForbiddenFunction},
	{sql: "select binary sleep(1)", code: fault.ForbiddenFunction},
	{sql: "select convert(sleep(1) using utf8mb4)", code: fault.ForbiddenFunction},
	{sql: "select char(sleep(1) using utf8mb4)", code: fault.ForbiddenFunction},
	{sql: "select char(65, sleep(1))", code: fault.ForbiddenFunction},
	{sql: "select date_add(now(), interval sleep(1) second)", code: fault.ForbiddenFunction},
	{sql: "select now() + interval sleep(1) second", code: fault.ForbiddenFunction},
	{sql: "select trim(both sleep(1) from 'a')", code: fault.ForbiddenFunction},
	{sql: "select extract(year from sleep(1))", code: fault.ForbiddenFunction},
	{sql: "select (select sleep(1))", code: fault.ForbiddenFunction},
	{sql: "select exists (select sleep(1))", code: fault.ForbiddenFunction},
	{sql: "select 1 = any (select sleep(1))", code: fault.ForbiddenFunction},
	{sql: "select * from (select sleep(1)) a", code: fault.ForbiddenFunction},
	{sql: "select 1 union select sleep(1)", code: fault.ForbiddenFunction},
	{sql: "select 1 union (select 2 union select sleep(1))", code: fault.ForbiddenFunction},
	{sql: "(select 1) union (select 2 order by sleep(1) limit 1) order by 1", code: fault.ForbiddenFunction},
	{sql: "select 1 union select 2 order by sleep(1)", code: fault.ForbiddenFunction},
	{sql: "with a as (select sleep(1)) select 1", code: fault.ForbiddenFunction},
	{sql: "with a as (with b as (select sleep(1)) select 1) select 1", code: fault.ForbiddenFunction},
	{sql: "select 1 union (with a as (select sleep(1)) select 1)", code: fault.ForbiddenFunction},
	{sql: "explain select sleep(1)", code: fault.ForbiddenFunction},
	{sql: "select match (a) against (sleep(1)) from t", code: fault.ForbiddenFunction},
	{sql: "select `convert`(1, sleep(1))", code: fault.Syntax},
	{sql: "select `convert`(1, 'x')", code: fault.Syntax},
	{sql: "select `convert`(1)", code: fault.Syntax},
	{sql: "select `trim`(1, 2, sleep(1))", code: fault.Syntax},
	{sql: "select `trim`()", code: fault.Syntax},
	{sql: "select trim(both null from 'a')", restored: "SELECT TRIM(BOTH (NULL) FROM 'a') AS `trim(both null from 'a')`"},
	{sql: "select now() + interval (1) day x", restored: "SELECT DATE_ADD(NOW(), INTERVAL +(1) DAY) AS `x`"},
	{sql: "select now() + interval (sleep(1)) day", code: fault.ForbiddenFunction},
	{sql: "select rank, sleep(1)", code: fault.ForbiddenFunction},
	{sql: "select rank, '` from t -- '", restored: "SELECT `rank`,'` from t -- '"},
	{sql: `select _cp1251'\\', ', x-- '`, restored: `SELECT _cp1251 '\\',', x-- '`},
	{sql: `select _swe7'\\'`, code: fault.Unsupported},
	{sql: `select _gbk'\\'`, code: fault.Unsupported},
	{sql: "select 1 from t offset sleep(1) rows", code: fault.Syntax},
	{sql: "select {fn abs(1)} + {fn abs({fn abs(2)})} x", restored: "SELECT (ABS(1))+(ABS((ABS(2)))) AS `x`"},
	{sql: "select interval(1)", code: fault.Unsupported},
	{sql: "select `extract`(1, sleep(1))", code: fault.Syntax},
	{sql: "select `date_add`(1, 2)", code: fault.Syntax},
	{sql: "select `date_add`(1, 2, 3)", code: fault.Syntax},
	{sql: "select `adddate`()", code: fault.Syntax},
	{sql: "select `timestampadd`(1, 2, 3)", code: fault.Syntax},
	{sql: "select `get_format`(1, 2)", code: fault.Syntax},
	{sql: "select `position`(1)", code: fault.Syntax},
	{sql: "select `weight_string`(1, 2, 3)", code: fault.Syntax},
	{sql: "select `weight_string`('a', 'CHAR', 3)", code: fault.Syntax},
	{sql: "select `weight_string`('a', 'CHAR(3)), sleep(5), (1', 3)", code: fault.Syntax},
	{sql: "select weight_string('a' as char(3))", restored: "SELECT WEIGHT_STRING('a' AS CHAR(3)) AS `weight_string('a' as char(3))`"},
	{sql: "select `json_memberof`(1)", code: fault.Syntax},
	{sql: "select `char_func`(1, sleep(1))", code: fault.Syntax},
	{sql: "select `char_func`()", code: fault.Syntax},
	{sql: "select `count`(*)", code: fault.Syntax},
	{sql: "select `count`(1)", code: fault.ForbiddenFunction},
	{sql: "select count (1)", code: fault.ForbiddenFunction},
	{sql: "select `'tidb``.(dateliteral`(sleep(1))", code: fault.Syntax},
	{sql: "select {d sleep(1)}", code: fault.Syntax},
	{sql: "select {d 1 + 1}", code: fault.Syntax},
	{sql: "select {fn sleep(1)}", code: fault.ForbiddenFunction},
	{sql: "select {x 1 + 1} * 2", code: fault.Unsupported},
	{sql: "select `position`(a or b, c)", code: fault.Syntax},
	{sql: "select `position`(a, b)", restored: "SELECT POSITION(`a` IN `b`) AS ```position``(a, b)`"},
	{sql: "select `json_memberof`(not a, b)", code: fault.Syntax},
	{sql: "select mod(a + 1, b * c)", restored: "SELECT MOD(`a`+1, `b`*`c`) AS `mod(a + 1, b * c)`"},
	{sql: "select -mod(a, b) ^ 2 / mod(a mod b, c mod d)", restored: "SELECT -MOD(`a`, `b`)^2/MOD(`a`%`b`, `c`%`d`) AS `-mod(a, b) ^ 2 / mod(a mod b, c mod d)`"},
	{sql: "select mod(a, b) % mod (c, d) mod (e)", restored: "SELECT MOD(`a`, `b`)%MOD(`c`, `d`)%(`e`) AS `mod(a, b) % mod (c, d) mod (e)`"},

	// Hints and comments.
	{sql: `select /*+ SET_VAR(a='*\/ sleep(1), /*') */ 1`, restored: "SELECT 1 AS `1`"},
	{sql: "select /*+ max_execution_time(0) */ 1 /*+ x */", restored: "SELECT 1 AS `1`"},
	{sql: "select 1 from t use index (`x``) union select sleep(1) -- `)", restored: "SELECT 1 AS `1` FROM `t` USE INDEX (`x``) union select sleep(1) -- `)"},
	{sql: "select 1 from t force index for order by (primary), u ignore key (a, b)", restored: "SELECT 1 AS `1` FROM `t` FORCE INDEX FOR ORDER BY (`primary`) JOIN `u` IGNORE INDEX (`a`, `b`)"},
	{sql: "select 1 /*!50701 , sleep(1) */", code: fault.ForbiddenClause},
	{sql: "select 1 /*!99999 , sleep(1) */", code: fault.ForbiddenClause},
	{sql: "select 1 /*! , sleep(1) */", code: fault.ForbiddenClause},
	{sql: "select 1 /*!*/", code: fault.ForbiddenClause},
	{sql: "select 1 /*M! , sleep(1) */", code: fault.ForbiddenClause},
	{sql: "select 1 /*M!100100 , sleep(1) */", code: fault.ForbiddenClause},
	{sql: "select 1 /*T! , sleep(1) */", code: fault.ForbiddenClause},
	{sql: "select 1 /*T![auto_rand] , sleep(1) */", code: fault.ForbiddenClause},
	{sql: "/*! drop table t */", code: fault.ForbiddenClause},
	{sql: "select 1 /* /*! */", restored: "SELECT 1 AS `1`"},
	{sql: "select 1 -- /*! x */", restored: "SELECT 1 AS `1`"},
	{sql: "select 1 # /*! x */\n+ 2", restored: "SELECT 1+2 AS `1 # /*! x */\n+ 2`"},
	{sql: "select 1 --/*! , sleep(1) */\n", code: fault.ForbiddenClause}, // two minuses, no comment
	{sql: "select '/*! x */', \"/*M! y */\", `/*T! z */` from t", restored: "SELECT '/*! x */','/*M! y */',`/*T! z */` FROM `t`"},
	{sql: `select '\'/*!', 1 /* ' */`, restored: `SELECT '''/*!',1 AS ` + "`1`"},
	{sql: "select 1 /* ' */ , 2 /* ' */", restored: "SELECT 1 AS `1`,2 AS `2`"},
	{sql: "select 1 /*/ , 2 */", restored: "SELECT 1 AS `1`"},
	{sql: "select 1 /**/ + /***/ 2", restored: "SELECT 1+2 AS `1 /**/ + /***/ 2`"},
	{sql: "select 1 /* never ends", code: fault.Syntax},
	{sql: "select 1 /*", code: fault.Syntax},
	{sql: "select 5--1, 5 - -1, - -1", restored: "SELECT 5- -1 AS `5--1`,5- -1 AS `5 - -1`,- -1 AS `- -1`"},

	// Clauses that write, lock or leave the tables.
	{sql: "select 1 into outfile '/tmp/x'", code: fault.ForbiddenClause},
	{sql: "select 1 from t into outfile '/tmp/x' fields terminated by ','", code: fault.ForbiddenClause},
	{sql: "select 1 into dumpfile '/tmp/x'", code: fault.ForbiddenClause},
	{sql: "select 1 into @a", code: fault.ForbiddenClause},
	{sql: "select a into @a from t", code: fault.ForbiddenClause},
	{sql: "select (select 1 into outfile '/tmp/x')", code: fault.ForbiddenClause},
	{sql: "select 1 union select 2 into outfile '/tmp/x'", code: fault.ForbiddenClause},
	{sql: "table t into outfile '/tmp/x'", code: fault.ForbiddenClause},
	{sql: "select 1 from t for update", code: fault.ForbiddenClause},
	{sql: "select 1 from t for share", code: fault.ForbiddenClause},
	{sql: "select 1 from t for update nowait", code: fault.ForbiddenClause},
	{sql: "select 1 from t for update of t skip locked", code: fault.ForbiddenClause},
	{sql: "select 1 from t lock in share mode", code: fault.ForbiddenClause},
	{sql: "select * from (select 1 from t for update) a", code: fault.ForbiddenClause},
	{sql: "select 1 union select 2 from t for update", code: fault.ForbiddenClause},
	{sql: "select * from t procedure analyse()", code: fault.ForbiddenClause},
	{sql: "select @a", code: fault.ForbiddenClause},
	{sql: "select @a := 1", code: fault.ForbiddenClause},
	{sql: "select @'a', 1", code: fault.ForbiddenClause},
	{sql: "select @`a`", code: fault.ForbiddenClause},
	{sql: "select @@version", code: fault.ForbiddenClause},
	{sql: "select @@global.secure_file_priv", code: fault.ForbiddenClause},
	{sql: "select @@session.`sql_mode`", code: fault.ForbiddenClause},
	{sql: "select 1 from t limit @a", code: fault.Syntax},
	{sql: "select * from t partition (p0)", code: fault.ForbiddenClause},
	{sql: "select * from t tablesample bernoulli (10 percent)", code: fault.ForbiddenClause},
	{sql: "select * from t as of timestamp now()", code: fault.ForbiddenClause},
	{sql: "select default(a) from t", restored: "SELECT DEFAULT(`a`) AS `default(a)` FROM `t`"},
	{sql: "select `default`(a) from t", code: fault.ForbiddenFunction},
	{sql: "select sformat('{:>2000000000}', a) from t", code: fault.Unsupported},
	{sql: "select sformat('{:.1000f}', 1e0)", code: fault.Unsupported},
	{sql: "select sformat('{{{:>1000}', 1)", code: fault.Unsupported},
	{sql: "select sformat('{:{}}', 1, 2000000000)", code: fault.Unsupported},
	{sql: "select sformat(a, 1) from t", code: fault.Unsupported},
	{sql: "select sformat(0x7b3a3e323030303030307d, 1)", code: fault.Unsupported},
	{sql: "select `sformat`()", code: fault.Unsupported},
	{sql: "select sformat('2024 {{12345}} {:>999}', 1)", restored: "SELECT SFORMAT('2024 {{12345}} {:>999}', 1) AS `sformat('2024 {{12345}} {:>999}', 1)`"},
	{sql: "select values(a) from t", code: fault.ForbiddenClause},
	{sql: "select * from t, lateral (select t.a) x", restored: "SELECT * FROM `t` JOIN LATERAL (SELECT `t`.`a`) AS `x`"},
	{sql: "select * from t, lateral (select sleep(1)) x", code: fault.ForbiddenFunction},
	{sql: "select * from (select sleep(1)) x (a)", code: fault.Unsupported},
	{sql: "select * from (select 1) x (a, sleep(1))", code: fault.Unsupported},
	{sql: "values row(1, 2)", code: fault.Unsupported},
	{sql: "select 1 union values row(1)", code: fault.Unsupported},
	{sql: "select a ilike 'x' from t", code: fault.Unsupported},
	{sql: "select cast(a as char array) from t", code: fault.Unsupported},
	{sql: "select cast('[1]' as vector)", code: fault.Unsupported},
	{sql: "select json_sum_crc32('[1]' as char array)", code: fault.Unsupported},
	{sql: "select approx_count_distinct(a) from t", restored: "SELECT APPROX_COUNT_DISTINCT(`a`) AS `approx_count_distinct(a)` FROM `t`"},
	{sql: "select next value for s", code: fault.ForbiddenFunction},
	{sql: "select nextval(s), lastval(s)", code: fault.ForbiddenFunction},
	{sql: "select setval(s, 1)", code: fault.ForbiddenFunction},

	// Other statements.
	{sql: "", code: fault.Syntax},
	{sql: " ; ", code: fault.NotSelect},
	{sql: "-- nothing", code: fault.Syntax},
	{sql: "((", code: fault.Syntax},
	{sql: "select 1; drop table t", code: fault.NotSelect},
	{sql: "select 1; select 2", code: fault.NotSelect},
	{sql: "select 1;;", restored: "SELECT 1 AS `1`"},
	{sql: "drop table t", code: fault.NotSelect},
	{sql: "insert into t select 1", code: fault.NotSelect},
	{sql: "with a as (select 1) delete from t", code: fault.NotSelect},
	{sql: "with a as (select 1) update t set a = 1", code: fault.NotSelect},
	{sql: "set @a = 1", code: fault.NotSelect},
	{sql: "show tables", code: fault.NotSelect},
	{sql: "desc t", code: fault.NotSelect},
	{sql: "explain t", code: fault.NotSelect},
	{sql: "explain t a", code: fault.NotSelect},
	{sql: "explain delete from t", code: fault.NotSelect},
	{sql: "explain insert into t values (1)", code: fault.NotSelect},
	{sql: "explain for connection 1", code: fault.NotSelect},
	{sql: "explain analyze select 1", code: fault.ForbiddenClause},
	{sql: "explain explore select 1", code: fault.NotSelect},
	{sql: "explain format = 'json' select 1", code: fault.Unsupported},
	{sql: "call p()", code: fault.NotSelect},
	{sql: "do sleep(1)", code: fault.NotSelect},
	{sql: "handler t open", code: fault.NotSelect},
	{sql: "load data infile '/tmp/x' into table t", code: fault.NotSelect},
	{sql: "lock tables t write", code: fault.NotSelect},
	{sql: "prepare s from 'drop table t'", code: fault.NotSelect},
	{sql: "create table t as select 1", code: fault.NotSelect},
	{sql: "begin not atomic select 1; end", code: fault.NotSelect},

	// Literals.
	{sql: "select _latin1'a' 'b'", code: fault.Unsupported},
	{sql: "select n'a' 'b'", code: fault.Unsupported},
	{sql: "select _gbk'\\\xef\xbf\xbd'", code: fault.Unsupported},
	{sql: "select _gb18030 0x41", code: fault.Unsupported},
	{sql: "select convert('a' using gbk)", code: fault.Syntax},
	{sql: "select cast('a' as char charset gbk)", code: fault.Unsupported},
	{sql: "select cast('a' as char binary)", code: fault.Unsupported},
	{sql: "select convert('a', char(3) binary)", code: fault.Unsupported},
	{sql: "select cast(1 as decimal(0, 0))", code: fault.Unsupported},
	{sql: "select +/* \x00 */ 1", restored: "SELECT +1 AS `1`"},
	{sql: "select 1 + /* \x00 */ 1", restored: "SELECT 1+1 AS `1 + /* ? */ 1`"},
	{sql: "select 1e400", code: fault.Syntax},
	{sql: "select x'4'", code: fault.Syntax},
	{sql: "select x'zz'", code: fault.Syntax},
	{sql: "select 0X41", code: fault.Syntax},
	{sql: "select b'2'", code: fault.Syntax},
	{sql: "select 1 as ''", code: fault.Unsupported},
	{sql: "select '", code: fault.Syntax},
	{sql: "select `", code: fault.Syntax},
	{sql: `select '\`, code: fault.Syntax},
	{sql: "select 1 where 1\x00", code: fault.Syntax},
}

func TestAttacks(t *testing.T) {
	for _, a := range attacks {
		st, err := Parse(a.sql, nil, Limits{})
		if a.code != "" {
			if !isCode(err, a.code) {
				t.Errorf("%q: error %v, want code %s", a.sql, err, a.code)
			} else {
				checkError(t, a.sql, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", a.sql, err)
			continue
		}
		if text := checkRestored(t, a.sql, st); text != a.restored {
			t.Errorf("%q\nrestored %q\nwant     %q", a.sql, text, a.restored)
		}
	}
}

// TestAllowedNothingElse holds the allow-list against what must never be in it.
func TestAllowedNothingElse(t *testing.T) {
	for _, name := range strings.Fields(`sleep benchmark get_lock release_lock release_all_locks is_free_lock                 is_used_lock
		master_pos_wait master_gtid_wait source_pos_wait wait_for_executed_gtid_set
		wait_until_sql_thread_after_gtids load_file lastval nextval setval last_insert_id found_rows
		row_count                 connection_id user current_user session_user system_user current_role
		database schema version                  uuid_short  name_const extractvalue updatexml password
		old_password encrypt                     des_encrypt des_decrypt  kdf statement_digest
		validate_password_strength tidb_version tidb_decode_key ps_current_thread_id roles_graphml
		can_access_database sys_exec sys_eval json_sum_crc32  values default`) {
		for _, list := range []bool{has(tree.Functions, name), has(tree.Aggregates, name), has(tree.Windows, name)} {
			if list {
				t.Errorf("%s is on an allow-list", name)
			}
		}
		if _, err := Parse("select `"+name+"`('a', 1)", nil, Limits{}); !isCode(err, fault.ForbiddenFunction) {
			t.Errorf("`%s`(): %v", name, err)
		}
		if _, err := Parse("select "+name+"(1)", nil, Limits{}); err == nil {
			t.Errorf("%s(1) is accepted", name)
		}
	}
}

func has[V any](list map[string]V, name string) bool {
	_, ok := list[name]
	return ok
}
