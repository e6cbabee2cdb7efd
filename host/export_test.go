package host

// LongTail is longTail, for the tests of the rule.
const LongTail = longTail

// WorthIndex is the rule for writing index.fbati at a close.
func WorthIndex(tail, covered uint64) bool { return worthIndex(tail, covered) }

// Queued is how many requests wait for the writer.
func Queued(s *Store) int { return len(s.requests) }

// Closing reports whether Close was called.
func Closing(s *Store) bool {
	s.entering.Lock()
	defer s.entering.Unlock()
	return s.closing
}
