package tree

import (
	"slices"

	"github.com/pingcap/tidb/pkg/parser/ast"
)

// others are the functions of addresses, identifiers and vectors, and those
// whose arguments stand in the tree in a way of their own.
var others = slices.Concat([]row{
	// Addresses and identifiers.
	{"inet_aton", Plain, 0, 0},
	{"inet_ntoa", Plain, 0, 0},
	{"inet6_aton", Plain, 0, 0},
	{"inet6_ntoa", Plain, 0, 0},
	{"is_ipv4", Plain, 0, 0},
	{"is_ipv4_compat", Plain, 0, 0},
	{"is_ipv4_mapped", Plain, 0, 0},
	{"is_ipv6", Plain, 0, 0},
	{"bin_to_uuid", Plain, 0, 0},
	{"uuid_to_bin", Plain, 0, 0},
	{"is_uuid", Plain, 0, 0},
	// Another value at each call.
	{"random_bytes", Plain, 0, Unranked | Volatile},
	{"sys_guid", Plain, 0, Unranked | Volatile},
	{"uuid", Plain, 0, Unranked | Volatile},
	{"uuid_v4", Plain, 0, Unranked | Volatile},
	{"uuid_v7", Plain, 0, Unranked | Volatile},
	// The number of a row among those that the statement has come to.
	{"rownum", Plain, 0, Unranked | Volatile | InPlace},
	// Whose arguments stand in the tree in a way of their own.
	{"interval", Interval, 0, Foreseen},
	{"adddate", DateArith, 0, 0},
	{"date_add", DateArith, 0, Foreseen},
	{"date_sub", DateArith, 0, Foreseen},
	{"subdate", DateArith, 0, 0},
	{"extract", UnitFirst, 0, Foreseen},
	{"timestampadd", UnitFirst, 0, 0},
	{"timestampdiff", UnitFirst, 0, Foreseen},
	{"trim", Trim, TextKind, First | Foreseen},
	{"position", Two, IntKind, 0},
	{"json_memberof", Two, 0, Unranked},
	{"convert", UsingCharset, 0, Unranked},
	{"char_func", Characters, 0, Foreseen},
	{"insert_func", Insertion, 0, 0},
	{"get_format", FormatOf, 0, 0},
	{ast.DateLiteral, DateLiteral, 0, Foreseen},
	{ast.TimeLiteral, DateLiteral, 0, Foreseen},
	{ast.TimestampLiteral, DateLiteral, 0, Foreseen},
},
	opaque(`string_to_vector to_vector vector_to_string from_vector vector_dim
		vec_distance vec_distance_cosine vec_distance_euclidean vec_fromtext vec_totext
		vec_as_text vec_cosine_distance vec_dims vec_from_text vec_l1_distance vec_l2_distance vec_l2_norm
		vec_negative_inner_product`),
	opaque("tidb_shard"),
)
