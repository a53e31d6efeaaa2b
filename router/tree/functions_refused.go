package tree

import "strings"

// Refusals are the functions that servers offer and clients may not call, by
// the reason.
var Refusals = []struct{ Reason, Names string }{
	{"it waits", `sleep benchmark master_gtid_wait master_pos_wait source_pos_wait wait_for_executed_gtid_set
		wait_until_sql_thread_after_gtids wsrep_sync_wait_upto_gtid`},
	{"it locks", `get_lock is_free_lock is_used_lock release_all_locks release_lock`},
	{"it reads files", `des_decrypt des_encrypt load_file`},
	{"it changes what the server keeps", `lastval nextval setval setvar`},
	{"it tells of the server", `binlog_gtid_pos current_resource_group icu_version ps_current_thread_id ps_thread_id
		tidb_bounded_staleness tidb_current_tso tidb_is_ddl_owner tidb_version uuid_short
		validate_password_strength version version_with_update wsrep_last_seen_gtid wsrep_last_written_gtid`},
	{"it tells of the account", `current_role current_role_in current_user current_user_in roles_graphml session_user
		system_user user`},
	{"it tells of the session, which is shared", `connection_id database found_rows last_insert_id row_count schema schemas`},
	{"it may take a server's processor, and can't be stopped", `asymmetric_decrypt asymmetric_derive
		asymmetric_encrypt asymmetric_sign asymmetric_verify create_asymmetric_priv_key create_asymmetric_pub_key
		create_dh_parameters create_digest encrypt extractvalue kdf updatexml`},
	{"it has the server parse any text", `statement_digest statement_digest_text tidb_encode_sql_digest`},
	{"it is for passwords of the server's accounts", `old_password password password_func`},
	{"it reads what the server keeps for itself", `tidb_decode_binary_plan tidb_decode_key tidb_decode_plan
		tidb_decode_sql_digests tidb_encode_index_key tidb_encode_record_key tidb_mvcc_info tidb_row_checksum`},
	{"it is the server's own, for other statements than SELECT", `default_func json_duality_object json_sum_crc32
		name_const spider_bg_direct_sql spider_copy_tables spider_direct_sql spider_flush_table_mon_cache values`},
	{"it is an operator by a name of the server's own", `bitand bitneg bitor bitxor div eq ge getparam gt ilike in
		intdiv isfalse istrue le leftshift like lt minus mul ne not nulleq or plus regexp rightshift unaryminus xor`},
	{"it is the server's own", `can_access_column can_access_database can_access_event
		can_access_resource_group can_access_routine can_access_table can_access_trigger can_access_user
		can_access_view convert_cpu_id_mask convert_interval_to_user_interval get_dd_column_privileges
		get_dd_create_options get_dd_index_private_data get_dd_index_sub_part_length get_dd_property_key_value
		get_dd_schema_options get_dd_tablespace_private_data get_jdv_property_key_value internal_auto_increment
		internal_avg_row_length internal_check_time internal_checksum internal_data_free internal_data_length
		internal_dd_char_length internal_get_comment_or_error internal_get_dd_column_extra
		internal_get_enabled_role_json internal_get_hostname internal_get_mandatory_roles_json
		internal_get_partition_nodegroup internal_get_username internal_get_view_warning_or_error
		internal_index_column_cardinality internal_index_length internal_is_enabled_role
		internal_is_mandatory_role internal_keys_disabled internal_max_data_length internal_table_rows
		internal_tablespace_autoextend_size internal_tablespace_data_free internal_tablespace_extent_size
		internal_tablespace_extra internal_tablespace_free_extents internal_tablespace_id
		internal_tablespace_initial_size internal_tablespace_logfile_group_name
		internal_tablespace_logfile_group_number internal_tablespace_maximum_size
		internal_tablespace_row_format internal_tablespace_status internal_tablespace_total_extents
		internal_tablespace_type internal_tablespace_version internal_update_time
		internal_use_terminology_previous is_visible_dd_object remove_dd_property_key`},
}

var reasons = func() map[string]string {
	all := make(map[string]string)
	for _, r := range Refusals {
		for _, name := range strings.Fields(r.Names) {
			all[name] = r.Reason
		}
	}
	return all
}()

// Refusal returns the reason why clients may not call a function that servers
// offer, by its name in lower case, or nothing if it is none of those.
func Refusal(name string) string { return reasons[name] }

// Unparsed are the functions whose arguments have a syntax, or part of one, that
// the parser does not know, and what of it, by their names in lower case.
var Unparsed = map[string]string{
	"column_get":      "COLUMN_GET(… AS type)",
	"distance":        "DISTANCE(…)",
	"group_concat":    "a LIMIT of anything but numbers in GROUP_CONCAT(…)",
	"json_arrayagg":   "a LIMIT of anything but numbers in JSON_ARRAYAGG(…)",
	"json_query":      "WRAPPER in JSON_QUERY(…)",
	"json_table":      "JSON_TABLE(…)",
	"json_value":      "RETURNING, ON EMPTY and ON ERROR in JSON_VALUE(…)",
	"lag":             "a calculated number of rows in LAG(…)",
	"lead":            "a calculated number of rows in LEAD(…)",
	"median":          "MEDIAN(…)",
	"nth_value":       "a calculated number in NTH_VALUE(…)",
	"ntile":           "a calculated number in NTILE(…) without parentheses around it",
	"percentile_cont": "PERCENTILE_CONT(…) WITHIN GROUP",
	"percentile_disc": "PERCENTILE_DISC(…) WITHIN GROUP",
	"st_collect":      "DISTINCT in ST_COLLECT(…)",
	"weight_string":   "LEVEL in WEIGHT_STRING(…)",
}
