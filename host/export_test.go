package host

import (
	"time"
	"weak"
)

// Queued returns how many requests wait for the writer.
func Queued(s *Store) int { return len(s.requests) }

// Closing reports whether Close was called.
func Closing(s *Store) bool {
	s.entering.Lock()
	defer s.entering.Unlock()
	return s.closing
}

// Kept returns how many events the writer holds in memory.
func Kept(s *Store) int {
	end := s.versions.end()
	return end.memtable.Len()
}

// Held returns how many events the current version holds in memory. It may lack the last.
func Held(s *Store) int { return s.versions.locked().log.memtable.Len() }

// Unindexed returns how many events the index lacks.
func Unindexed(s *Store) int {
	v, err := s.versions.pin()
	if err != nil {
		return 0
	}
	defer v.release()
	return v.missing()
}

// Parts returns a function for each large object of a store, which reports whether the object
// is still reachable.
func Parts(s *Store) map[string]func() bool {
	parts := map[string]func() bool{
		"writer": reachable(s.writer),
		"log":    reachable(s.writer.log),
	}
	addParts(parts, s.versions.locked())
	return parts
}

// ReaderParts is Parts of a reader.
func ReaderParts(r *DirReader) map[string]func() bool {
	parts := map[string]func() bool{}
	addParts(parts, r.versions.locked())
	return parts
}

// SnapshotParts is Parts of a snapshot.
func SnapshotParts(s *Snapshot) map[string]func() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	parts := map[string]func() bool{}
	addParts(parts, s.version)
	return parts
}

func addParts(parts map[string]func() bool, v *version) {
	parts["version"], parts["snapshot"], parts["files"] = reachable(v), reachable(v.snapshot), reachable(v.files)
}

func (vs *versions) locked() *version {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	return vs.current
}

func reachable[T any](p *T) func() bool {
	w := weak.Make(p)
	return func() bool { return w.Value() != nil }
}

// CheckpointEvery sets how often a follower calls Checkpoint while there is more to read.
func CheckpointEvery(f *Follower, d time.Duration) { f.every = d }
