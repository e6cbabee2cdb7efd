package host

// Queued is how many requests wait for the writer.
func Queued(s *Store) int { return len(s.requests) }

// Closing reports whether Close was called.
func Closing(s *Store) bool {
	s.entering.Lock()
	defer s.entering.Unlock()
	return s.closing
}

// Kept is how many events the writer holds in memory.
func Kept(s *Store) int {
	s.seeing.Lock()
	defer s.seeing.Unlock()
	return s.run.run.Len()
}
