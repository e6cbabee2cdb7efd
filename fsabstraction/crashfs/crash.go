package crashfs

import "math/rand/v2"

// Cut describes a power cut. The zero value keeps only what was synced.
type Cut struct {
	Seed    uint64 // of all random choices
	Survive int    // percent of the changes since the last sync that survive
	Torn    *Torn  // the write in progress, nil for none of it
}

// Torn describes the result of a write in progress. Bytes it did not reach keep what the
// cut left there.
type Torn struct {
	Op   Op  // of kind WriteAt, as passed to the hook
	Keep int // number of bytes of its Data that reached the disk, at most all
	Rest Rest
}

// Rest is the contents of the part of a torn write that did not reach the disk.
type Rest uint8

// The bytes after those of a torn write that reached the disk.
const (
	Absent  Rest = iota // old bytes, or the end of the file
	Zeros               // zeros, in the full length of the write
	Garbage             // random bytes, in the full length of the write
)

// Crash returns a possible state of the disk after a power cut at this moment, as a new
// independent file system in which everything is durable and nothing locked. The receiver
// does not change. Survive of 100 without Torn keeps everything, as when only the process
// dies; 0 keeps only what was synced. The same operations and the same Cut give the same
// files.
//
// A hook may call Crash; the announced operation has not happened yet. Crash panics if
// Torn.Op is not a WriteAt.
func (s *FS) Crash(c Cut) *FS {
	if c.Torn != nil && c.Torn.Op.Kind != WriteAt {
		panic("crashfs: only a WriteAt can be torn, not " + c.Torn.Op.Kind.String())
	}
	// Not a read lock: files note which blocks they now share.
	s.mu.Lock()
	defer s.mu.Unlock()

	d := dice{pcg: rand.NewPCG(c.Seed, 0), percent: c.Survive}
	names := survivors{}
	for i := range s.changes {
		if d.survives() {
			names.apply(s.changes, i)
		}
	}
	return &FS{root: names.build(s.root, &d, c.Torn, map[*file]*file{})}
}

// build copies the surviving part of d and everything below it.
func (v survivors) build(d *directory, dice *dice, torn *Torn, made map[*file]*file) *directory {
	old := v.of(d)
	l := make(listing, 0, len(old))
	for _, e := range old {
		if e.dir != nil {
			l = append(l, entry{name: e.name, dir: v.build(e.dir, dice, torn, made)})
			continue
		}
		f := made[e.file] // under another name too, if it is linked
		if f == nil {
			f = e.file.crash(dice)
			if torn != nil && torn.Op.file == e.file {
				f.tear(torn, dice)
			}
			made[e.file] = f
		}
		l = append(l, entry{name: e.name, file: f})
	}
	return &directory{live: l, synced: l}
}

// dice makes the random choices of one cut.
type dice struct {
	pcg     *rand.PCG
	percent int
}

func (d *dice) survives() bool {
	return int(d.pcg.Uint64()%100) < d.percent
}

// below returns a number in [0, n).
func (d *dice) below(n int64) int64 {
	return int64(d.pcg.Uint64() % uint64(n))
}
