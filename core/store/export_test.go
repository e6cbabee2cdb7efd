package store

// Parts is how many parts a snapshot has.
func (s *Snapshot) Parts() int { return len(s.parts) }
