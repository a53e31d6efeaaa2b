package proxy

// schedule decides what each shipment waits for.
//
// A source session does one thing at a time: it runs a step, or it takes the
// rows of one that is broadcast to it. It does so in the order of the plan,
// and that order is the same for all sessions, so the first step of the plan
// that is not done yet waits for no other: no cycle can form, though a
// broadcast holds two sessions at once. The home session takes part in none
// of this: its statements are short and wait for nothing.
//
// Where filters need a snapshot at home, all tables there must be made before
// it begins. So a table that gets rows of a step which waits for keys, in
// whatever way, is made early, before its rows are known.
func (a *attempt) schedule() {
	last := map[*session]*shipment{}
	keyed := map[*shipment]bool{} // it waits for keys, itself or behind others
	for _, s := range a.ships {
		keyed[s] = s.step.Ship.Filter != nil
		for _, lane := range s.lanes() {
			if before := last[lane]; before != nil {
				s.before = append(s.before, before)
				keyed[s] = keyed[s] || keyed[before]
			}
			last[lane] = s
		}
		if keyed[s] {
			s.table.early = true
		}
	}
}

// lanes returns the source sessions that the shipment needs to itself.
func (s *shipment) lanes() []*session {
	lanes := []*session{s.source}
	if t := s.table.session; t != s.attempt.home && t != s.source {
		lanes = append(lanes, t)
	}
	return lanes
}
