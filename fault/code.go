package fault

// Code says in one word what kind of error it is. Codes are part of the
// contract with clients: they stay what they are.
type Code string

// What can be wrong with a query.
const (
	Syntax            Code = "syntax"             // not SQL as MySQL understands it
	NotSelect         Code = "not_select"         // a statement other than one SELECT or EXPLAIN of one
	ForbiddenFunction Code = "forbidden_function" // a function that is not on the allow-list
	ForbiddenTable    Code = "forbidden_table"    // a table out of reach
	ForbiddenClause   Code = "forbidden_clause"   // INTO, FOR UPDATE, variables and the like
	Unsupported       Code = "unsupported"        // understood, but not (yet) answered
	AnswerCut         Code = "answer_cut"         // a server did not give the whole answer
	GatherTooLarge    Code = "gather_too_large"   // more would be moved between shards than is allowed
	DatabaseError     Code = "database_error"     // a server refuses the client's statement
	DatabaseDenied    Code = "database_denied"    // a server refuses it to the account; published as database_error
	StaleTable        Code = "stale_table"        // a table is not what the catalog knows
	Cancelled         Code = "cancelled"          // stopped by its id
	UnknownQuery      Code = "unknown_query"
)

// What can be wrong with a request of any kind.
const (
	InvalidArgument      Code = "invalid_argument" // a value that can't be, or that doesn't fit the others
	InvalidJSON          Code = "invalid_json"
	TooLarge             Code = "too_large" // longer, larger or deeper than the limits
	IncompleteBody       Code = "incomplete_body"
	BodyTimeout          Code = "body_timeout"
	UnsupportedMediaType Code = "unsupported_media_type"
	NotAcceptable        Code = "not_acceptable"
	NotFound             Code = "not_found"
	MethodNotAllowed     Code = "method_not_allowed"
	Timeout              Code = "timeout"
	ClientGone           Code = "client_gone"
	Internal             Code = "internal"
)

// What can be wrong with names, and with what they stand for.
const (
	UnknownFamily Code = "unknown_family"
	UnknownTable  Code = "unknown_table"
	UnknownColumn Code = "unknown_column"
	UnknownShard  Code = "unknown_shard"
	UnknownIndex  Code = "unknown_index"
	NameTaken     Code = "name_taken" // reserved, or something else's already
	NotBaseTable  Code = "not_base_table"
	CannotIndex   Code = "cannot_index"
	CannotShrink  Code = "cannot_shrink" // a family has more placements than it is to have
)

// What can be wrong with events: with a whole request of them …
const (
	InvalidEvents  Code = "invalid_events"   // Facts.Events tells which
	TypeConflict   Code = "type_conflict"    // a field is stored as another type
	CaseConflict   Code = "case_conflict"    // two fields differ only in case
	TooManyColumns Code = "too_many_columns" // more than a table can have
	OutcomeUnknown Code = "outcome_unknown"  // all of it is stored, or nothing
)

// … and with one of them, or with its schema.
const (
	TypeMismatch   Code = "type_mismatch" // a value of another type than the schema's
	OutOfRange     Code = "out_of_range"  // a number or a time that the type can't hold
	InvalidUTF8    Code = "invalid_utf8"  // not UTF-8, or half a surrogate pair
	DuplicateKey   Code = "duplicate_key" // the same key twice in one object
	UnknownField   Code = "unknown_field" // not in the schema
	EmptyString    Code = "empty_string"  // one that a server would show as NULL
	TooDeep        Code = "too_deep"      // JSON nested too deep
	Refused        Code = "refused"       // a value that a server does not take
	UnknownMember  Code = "unknown_member"
	MissingMember  Code = "missing_member"
	InvalidFamily  Code = "invalid_family"
	ReservedFamily Code = "reserved_family"
	InvalidField   Code = "invalid_field"
	ReservedField  Code = "reserved_field"
	UnknownType    Code = "unknown_type"
	IDConflict     Code = "id_conflict"     // both id and _id
	TooManyFields  Code = "too_many_fields" // more than a family may have
)

// What can be wrong with servers, and with ours.
const (
	Busy               Code = "busy"        // too much runs or waits
	MemoryBusy         Code = "memory_busy" // large rows of others take the memory there is for them
	TableBusy          Code = "table_busy"  // statements on a table don't end
	ShardBusy          Code = "shard_busy"  // a statement lost out to others for a lock
	ShardUnavailable   Code = "shard_unavailable"
	RightsMissing      Code = "rights_missing"  // an account of ours lacks some on a server
	ShardExhausted     Code = "shard_exhausted" // no disk or memory left
	CatalogUnavailable Code = "catalog_unavailable"
	ShuttingDown       Code = "shutting_down"
	NoActiveShard      Code = "no_active_shard" // none takes new families
	NotEnoughShards    Code = "not_enough_shards"
	AddressDiffers     Code = "address_differs"   // a shard is registered at another address
	IdentityConflict   Code = "identity_conflict" // a server is another shard than it should be
)
