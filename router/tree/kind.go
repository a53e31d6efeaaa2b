package tree

// Kind is what an expression returns, as far as it matters to whether parts
// of its sums add up. A DECIMAL has none: it may have more digits than it
// shows.
type Kind int8

const (
	UnknownKind Kind = iota
	NullKind
	IntKind
	FloatKind
	TextKind
	TimeKind
	JSONKind // a column, as it is
)

// CommonKind returns the kind that values of all the given kinds have, but for
// NULLs.
func CommonKind(kinds []Kind) Kind {
	common := NullKind
	for _, k := range kinds {
		switch {
		case k == NullKind || k == common:
		case common == NullKind:
			common = k
		case (k == IntKind || k == FloatKind) && (common == IntKind || common == FloatKind):
			common = FloatKind
		default:
			return UnknownKind
		}
	}
	if common == NullKind || common == JSONKind {
		return UnknownKind
	}
	return common
}
