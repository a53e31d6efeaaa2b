package tree

import (
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
)

// Form is how a function's arguments stand in the tree. The parser prints
// some functions in a way of their own, and takes their arguments' types for
// granted; a name in backticks brings such a function any arguments at all,
// so the guard checks them.
type Form int

const (
	Plain        Form = iota + 1
	Interval          // at least two: the parser takes INTERVAL (n) DAY for a call, too
	DateArith         // x, n, unit
	UnitFirst         // unit, ...
	Trim              // x, or x and what, or x, what and where
	Two               // exactly two, with a word between them
	UsingCharset      // x, character set
	Characters        // ..., and a character set or NULL
	Insertion         // INSERT(), which the parser calls otherwise
	FormatOf          // selector, x
	DateLiteral       // a string
)

// Functions is the allow-list: what clients may call, by name in lower case.
// Aggregates and window functions have lists of their own. A function is in
// it only if it computes its result from its arguments and the clock: nothing
// that waits, locks, reads files, tells of the server or the account, or has
// an error message that could carry data out.
var Functions = allow(map[Form]string{
	Plain: `
		coalesce greatest if ifnull isnull least nullif nvl nvl2 any_value
		grouping

		abs acos asin atan atan2 ceil ceiling conv cos cot crc32 crc32c degrees exp
		floor format ln log log10 log2 mod oct pi pow power radians rand round
		sign sin sqrt tan truncate bin hex unhex bit_count

		ascii bit_length char_length character_length chr concat concat_ws elt
		export_set field find_in_set from_base64 instr lcase left length locate
		lower lpad ltrim make_set mid natural_sort_key octet_length ord quote repeat replace
		reverse right rpad rtrim soundex space strcmp substr substring
		substring_index to_base64 ucase upper

		md5 sha sha1 sha2 compress uncompress uncompressed_length

		regexp_instr regexp_like regexp_replace regexp_substr

		add_months addtime convert_tz curdate current_date current_time current_timestamp
		curtime date date_format datediff day dayname dayofmonth dayofweek
		dayofyear from_days from_unixtime hour last_day localtime
		localtimestamp makedate maketime microsecond minute month monthname now
		period_add period_diff quarter sec_to_time second str_to_date subtime
		sysdate time time_format time_to_sec timediff timestamp to_char to_days
		to_seconds unix_timestamp utc_date utc_time utc_timestamp week weekday
		weekofyear year yearweek

		json_array json_array_append json_array_insert json_compact json_contains
		json_contains_path json_depth json_detailed json_equals json_exists
		json_extract json_insert json_keys json_length json_loose json_merge
		json_merge_patch json_merge_preserve json_normalize json_object
		json_overlaps json_pretty json_query json_quote json_remove json_replace
		json_schema_valid json_search json_set json_storage_size json_type json_unquote json_valid
		json_value

		inet_aton inet_ntoa inet6_aton inet6_ntoa is_ipv4 is_ipv4_compat
		is_ipv4_mapped is_ipv6 bin_to_uuid uuid_to_bin is_uuid

		charset coercibility collation`,
	Interval:     `interval`,
	DateArith:    `adddate date_add date_sub subdate`,
	UnitFirst:    `extract timestampadd timestampdiff`,
	Trim:         `trim`,
	Two:          `position json_memberof`,
	UsingCharset: `convert`,
	Characters:   `char_func`,
	Insertion:    `insert_func`,
	FormatOf:     `get_format`,
	DateLiteral:  ast.DateLiteral + " " + ast.TimeLiteral + " " + ast.TimestampLiteral,
})

// Aggregates and Windows are the allow-lists of the functions that the parser
// keeps in nodes of their own. Every aggregate of numbers is a window
// function too.
var (
	Aggregates = names(`avg bit_and bit_or bit_xor count group_concat
		json_arrayagg json_objectagg max min stddev_pop stddev_samp sum var_pop
		var_samp`)
	Windows = names(`avg bit_and bit_or bit_xor count json_arrayagg
		json_objectagg max min stddev_pop stddev_samp sum var_pop var_samp
		cume_dist dense_rank first_value lag last_value lead nth_value ntile
		percent_rank rank row_number`)
)

// renamed has the functions whose name in the tree is not their real one.
var renamed = map[string]string{"char_func": "CHAR", "insert_func": "INSERT"}

// Function is an entry of the allow-list.
type Function struct {
	Form Form
	Name ast.CIStr // as it is printed
}

func allow(lists map[Form]string) map[string]Function {
	all := make(map[string]Function)
	for form, list := range lists {
		for _, name := range strings.Fields(list) {
			printed := strings.ToUpper(name)
			if real, ok := renamed[name]; ok {
				printed = real
			}
			all[name] = Function{Form: form, Name: ast.CIStr{O: printed, L: name}}
		}
	}
	return all
}

func names(list string) map[string]string {
	all := make(map[string]string)
	for _, name := range strings.Fields(list) {
		all[name] = strings.ToUpper(name)
	}
	return all
}

// Shown is a function's name as the client knows it.
func Shown(name ast.CIStr) string {
	if real, ok := renamed[name.L]; ok {
		return real
	}
	return name.O
}
