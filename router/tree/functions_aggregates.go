package tree

// aggregates are the aggregates and window functions, each of which the parser
// keeps in a node of its own kind.
var aggregates = []row{
	{"avg", windowed, 0, Foreseen},
	{"bit_and", windowed, 0, Foreseen},
	{"bit_or", windowed, 0, Foreseen},
	{"bit_xor", windowed, 0, Foreseen},
	{"count", windowed, 0, Foreseen},
	{"group_concat", aggregate, TextKind, 0},
	{"json_arrayagg", windowed, 0, Unranked},
	{"json_objectagg", windowed, 0, Unranked},
	{"max", windowed, 0, Picks | Foreseen},
	{"min", windowed, 0, Picks | Foreseen},
	{"stddev_pop", windowed, 0, Foreseen},
	{"stddev_samp", windowed, 0, Foreseen},
	{"sum", windowed, 0, Foreseen},
	{"var_pop", windowed, 0, Foreseen},
	{"var_samp", windowed, 0, Foreseen},
	// TiDB's estimates.
	{"approx_count_distinct", aggregate, 0, Unranked},
	{"approx_percentile", aggregate, 0, Unranked},
	// Window functions.
	{"cume_dist", windowFunction, 0, Foreseen},
	{"dense_rank", windowFunction, 0, Foreseen},
	{"first_value", windowFunction, 0, Picks | Foreseen},
	{"lag", windowFunction, 0, Picks | Foreseen},
	{"last_value", windowFunction, 0, Picks | Foreseen},
	{"lead", windowFunction, 0, Picks | Foreseen},
	{"median", windowFunction, 0, 0},
	{"nth_value", windowFunction, 0, Picks | Foreseen},
	{"ntile", windowFunction, 0, Foreseen},
	{"percentile_cont", windowFunction, 0, 0},
	{"percentile_disc", windowFunction, 0, 0},
	{"percent_rank", windowFunction, 0, Foreseen},
	{"rank", windowFunction, 0, Foreseen},
	{"row_number", windowFunction, 0, Foreseen},
}
