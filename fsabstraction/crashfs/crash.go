package crashfs

import "math/rand/v2"

// Cut describes a power cut. The zero value leaves what was synced and nothing else.
type Cut struct {
	Seed    uint64 // decides everything that is left to chance
	Survive int    // percent of the changes since the last sync that survive
	Torn    *Torn  // the write that was under way, nil for none of it
}

// Torn describes how far the write that was under way came. Bytes that it did
// not reach hold what the cut left there.
type Torn struct {
	Op   Op  // of kind WriteAt, as the hook got it
	Keep int // so many bytes of its Data reached the disk, at most all
	Rest Rest
}

// Rest is what became of the part of a torn write that did not reach the disk.
type Rest uint8

// What can be found behind the bytes that a torn write got to the disk.
const (
	Absent  Rest = iota // old bytes, or the end of the file
	Zeros               // zeros, in the full length of the write
	Garbage             // bytes by chance, in the full length of the write
)

// Crash returns what could be on the disk after a power cut at this moment, as a
// new independent file system in which everything is durable and nothing locked.
// This one stays as it is. Survive of 100 without Torn keeps everything, which is
// the death of the process alone; at 0 only what was synced is left. The same
// operations and the same Cut give the same files.
//
// A hook may call it; the operation that was announced has not happened. It panics
// when Torn.Op is not a WriteAt.
func (s *FS) Crash(c Cut) *FS {
	if c.Torn != nil && c.Torn.Op.Kind != WriteAt {
		panic("crashfs: only a WriteAt can be torn, not " + c.Torn.Op.Kind.String())
	}
	// Not only reading: files note which blocks they share from now on.
	s.mu.Lock()
	defer s.mu.Unlock()

	d := dice{pcg: rand.NewPCG(c.Seed, 0), percent: c.Survive}
	names := survivors{}
	for i := range s.changes {
		if d.survives() {
			names.apply(s.changes, i)
		}
	}
	return &FS{root: names.build(s.root, &d, c.Torn)}
}

// build copies d and what is below it as it survives.
func (v survivors) build(d *directory, dice *dice, torn *Torn) *directory {
	old := v.of(d)
	l := make(listing, 0, len(old))
	for _, e := range old {
		if e.dir != nil {
			l = append(l, entry{name: e.name, dir: v.build(e.dir, dice, torn)})
			continue
		}
		f := e.file.crash(dice)
		if torn != nil && torn.Op.file == e.file {
			f.tear(torn, dice)
		}
		l = append(l, entry{name: e.name, file: f})
	}
	return &directory{live: l, synced: l}
}

// dice is the source of chance of one cut.
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
