package verify_test

import (
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/internal/fixture"
	"github.com/thawlog/thaw/core/verify"
)

// flipStride returns the distance in bits between flips: a prime, so that flips reach every
// bit of a byte. THAW_FLIP_STRIDE sets it; the Makefile does, and `make nightly` flips
// every bit.
func flipStride(t *testing.T) int {
	if s := os.Getenv("THAW_FLIP_STRIDE"); s != "" {
		n, err := strconv.Atoi(s)
		require.NoError(t, err)
		require.Positive(t, n, "THAW_FLIP_STRIDE")
		return n
	}
	return 127
}

// Offsets of the creation time in a segment's header, which nothing repeats: the number
// after the head byte of its MessagePack form.
const createdFrom, createdTo = 37, 45

// TestBitFlips flips single bits of segments without updating checksums. A run must report
// each flip, blame the right file and name the event of the frame.
func TestBitFlips(t *testing.T) {
	stride := flipStride(t)
	for _, name := range []string{"tail", "batch", "fences"} {
		for _, file := range fixture.Segments(fixture.Store(name)) {
			t.Run(name+"/"+file, func(t *testing.T) {
				whole := fixture.Store(name)
				frames := (&made{t: t, files: whole}).frames(file)
				sound := run(t, whole)
				var wait sync.WaitGroup
				workers := runtime.GOMAXPROCS(0)
				for w := range workers {
					wait.Add(1)
					go func() {
						defer wait.Done()
						files := fixture.Store(name)
						b := files[file]
						for bit := w * stride; bit < 8*len(b); bit += workers * stride {
							if at := bit / 8; at >= createdFrom && at < createdTo {
								continue
							}
							b[bit/8] ^= 1 << (bit % 8)
							if why := flipError(files, sound, file, bit/8, frames, name != "batch" && file != "000004.fbat"); why != "" {
								t.Errorf("bit %d of byte %d: %s", bit%8, bit/8, why)
							}
							b[bit/8] ^= 1 << (bit % 8)
							if t.Failed() {
								return
							}
						}
					}()
				}
				wait.Wait()
			})
		}
	}
}

// flipError returns what is wrong with the findings for a flip in a byte, or "". covered
// says that footers or index images name every event.
func flipError(files map[string][]byte, sound *verify.Result, file string, byteAt int, frames []frame, covered bool) string {
	r, err := verify.Run(directory.Memory(files), verify.Options{Hash: hash})
	if err != nil {
		return err.Error()
	}
	if len(r.Damages) == 0 {
		for _, n := range r.Notes {
			if n.File == file && !slices.Contains(sound.Notes, n) {
				return ""
			}
		}
		return "no finding"
	}
	var id event.ID
	for _, f := range frames {
		if uint64(byteAt) >= f.offset && uint64(byteAt) < f.offset+f.length && !f.body.Kind.IsMarker() {
			id = f.body.ID
		}
	}
	reported, named := false, id.IsZero() || !covered
	for _, d := range r.Damages {
		reported = reported || d.File == file
		named = named || slices.ContainsFunc(d.Events, func(t damage.Touched) bool { return t.ID == id })
	}
	switch {
	case !reported:
		return "reported for another file: " + r.Damages[0].Error()
	case !named:
		return "the event is not named: " + r.Damages[0].Error()
	}
	return ""
}
