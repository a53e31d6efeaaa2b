package gather

// schedule decides what each shipment waits for.
//
// A source session does one thing at a time: it runs a step, or it takes the
// rows of one that is broadcast to it. It does so in the order of the plan,
// and that order is the same for all sessions, so the first step of the plan
// that is not done yet waits for no other: no cycle can form, though a
// broadcast holds two sessions at once. The home session takes part in none
// of this: its statements are short and wait for nothing.
//
// A step with a filter waits for the tables at home that its keys are read
// from, and for the snapshot there. That begins when all tables there have been
// made. So a table that gets rows of a step which waits for keys, in whatever
// way, is made early, before its rows are known.
func (a *attempt) schedule() {
	last := map[*session]*shipment{}
	keyed := map[*shipment]bool{} // it waits for keys, itself or behind others
	for _, s := range a.ships {
		keyed[s] = s.step.Ship.Filter != nil
		if keyed[s] {
			s.after = append(s.after, event{a.home, begun})
		}
		for _, p := range reads(s.step) {
			s.after = append(s.after, a.table(p).filled()...)
		}
		for _, lane := range s.lanes() {
			if before := last[lane]; before != nil {
				s.after = append(s.after, before.done())
				keyed[s] = keyed[s] || keyed[before]
			}
			last[lane] = s
		}
		s.table.early = s.table.early || keyed[s]
	}
}

// lanes returns the source sessions that the shipment needs to itself.
func (s *shipment) lanes() []*session {
	if s.broadcasts() && s.table.session != s.source {
		return []*session{s.source, s.table.session}
	}
	return []*session{s.source}
}

// done is when the shipment needs its lanes no more.
func (s *shipment) done() event {
	if s.broadcasts() {
		return event{s, stored}
	}
	return event{s, read}
}

// broadcasts reports whether the rows go to a session that runs steps, too.
func (s *shipment) broadcasts() bool { return s.step.Ship.At != "" }
