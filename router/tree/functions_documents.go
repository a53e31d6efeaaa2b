package tree

import "slices"

// documents are the functions of JSON and of MariaDB's dynamic columns.
var documents = slices.Concat([]row{
	{"json_array", Plain, 0, Unranked},
	{"json_array_append", Plain, 0, Unranked},
	{"json_array_insert", Plain, 0, Unranked},
	{"json_compact", Plain, 0, Unranked},
	{"json_contains", Plain, IntKind, Unranked},
	{"json_contains_path", Plain, 0, Unranked},
	{"json_depth", Plain, IntKind, Unranked},
	{"json_detailed", Plain, 0, Unranked},
	{"json_equals", Plain, 0, Unranked},
	{"json_exists", Plain, IntKind, Unranked},
	{"json_extract", Plain, 0, Unranked},
	{"json_insert", Plain, 0, Unranked},
	{"json_keys", Plain, 0, Unranked},
	{"json_length", Plain, IntKind, Unranked},
	{"json_loose", Plain, 0, Unranked},
	{"json_merge", Plain, 0, Unranked},
	{"json_merge_patch", Plain, 0, Unranked},
	{"json_merge_preserve", Plain, 0, Unranked},
	{"json_normalize", Plain, 0, Unranked},
	{"json_object", Plain, 0, Unranked},
	{"json_overlaps", Plain, 0, Unranked},
	{"json_pretty", Plain, 0, Unranked},
	{"json_query", Plain, 0, Unranked},
	{"json_quote", Plain, 0, Unranked},
	{"json_remove", Plain, 0, Unranked},
	{"json_replace", Plain, 0, Unranked},
	{"json_schema_valid", Plain, 0, Unranked},
	{"json_search", Plain, 0, Unranked},
	{"json_set", Plain, 0, Unranked},
	{"json_type", Plain, TextKind, 0},
	{"json_unquote", Plain, TextKind, 0},
	{"json_valid", Plain, IntKind, Unranked},
	{"json_value", Plain, TextKind, 0},
	// What a column takes on its own server's disk.
	{"json_storage_free", Plain, 0, Unranked | InPlace},
	{"json_storage_size", Plain, 0, Unranked | InPlace},
},
	opaque(`json_array_intersect json_key_value json_object_filter_keys json_object_to_array
		json_schema_validation_report`),
	opaque(`column_add column_check column_create column_delete column_exists column_json column_list`),
)
