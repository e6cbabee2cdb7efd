package crash_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
)

// moment is a live store's directory between two operations of its writer, or in the
// middle of a write.
type moment struct {
	files map[string][]byte
	acked int  // events that were acknowledged by then
	half  bool // of a write to a segment
}

// life is what a directory goes through while a writer opens a store, appends singly
// and in batches over several segments, writes indexes and part files, closes, opens
// again, is killed in the middle of a batch, and goes on after the recovery.
func life(t *testing.T) (moments []moment, log []event.Event) {
	acked := 0
	add := func(files map[string][]byte, half bool) {
		if len(moments) == 0 || !maps.EqualFunc(files, moments[len(moments)-1].files, bytes.Equal) {
			moments = append(moments, moment{files, acked, half})
		}
	}
	watch := func(fs *crashfs.FS) {
		fs.OnOp(func(op crashfs.Op) {
			files := fs.Files(dir)
			if files == nil {
				return
			}
			add(files, false)
			if half := len(op.Data) / 2; half > 0 {
				files = maps.Clone(files)
				name := filepath.Base(op.Name)
				b := slices.Clone(files[name])
				b = append(b, make([]byte, max(0, int(op.Offset)+half-len(b)))...)
				copy(b[op.Offset:], op.Data[:half])
				files[name] = b
				add(files, isSegment(name))
			}
		})
	}
	session := func(fs *crashfs.FS, seed uint64, batches ...int) *host.Store {
		st, err := host.Open(ctx, dir, withFlushes(often, options(fs, seed)))
		require.NoError(t, err)
		for i, n := range batches {
			items := make([]host.Item, n)
			for k := range items {
				items[k] = host.Item{At: event.At(fmt.Sprint("e", (i+k)%3), "s"), Kind: event.Data, Payload: i}
			}
			if n == 1 {
				_, err = st.Append(ctx, items[0].At, items[0].Kind, items[0].Payload)
			} else {
				_, err = st.AppendBatch(ctx, items)
			}
			require.NoError(t, err)
			acked += n
		}
		return st
	}
	fs := crashfs.New()
	watch(fs)
	require.NoError(t, session(fs, 1, 1, 3, 1).Close())
	st := session(fs, 2, 2, 1, 1, 3)
	fs.OnOp(nil)
	require.NoError(t, st.Close())
	acked -= 3
	for last := &moments[len(moments)-1]; last.acked > acked || !last.half; last = &moments[len(moments)-1] {
		moments = moments[:len(moments)-1]
	}
	killed := moments[len(moments)-1].files
	again := map[string][]byte{}
	for name, b := range killed {
		again[filepath.Join(dir, name)] = b
	}
	fs = crashfs.FromFiles(again)
	watch(fs)
	require.NoError(t, session(fs, 3, 1, 2, 1).Close())
	add(fs.Files(dir), false)
	log, err := readOnly(fs)
	require.NoError(t, err)
	require.Len(t, log, acked)
	return moments, log
}

func isSegment(name string) bool { return strings.HasSuffix(name, ".fbat") }

// copier copies the files of a directory that changes, each at a moment of its own.
type copier struct {
	moments []moment
	out     map[string][]byte
}

// files copies the files that are listed at one moment and wanted, in the order of
// their names, each as it is at its moment. One that is gone by then is left out.
func (c *copier) files(listed int, wanted func(name string) bool, at func(i int) int) {
	i := 0
	for _, name := range slices.Sorted(maps.Keys(c.moments[listed].files)) {
		if !wanted(name) {
			continue
		}
		if b, ok := c.moments[at(i)].files[name]; ok {
			c.out[name] = b
		}
		i++
	}
}

// checkCopy returns what is wrong with a copy that was begun when some events were
// acknowledged: it must be sound, hold those and perhaps more of the log, in order and
// without a hole, and an append must continue it.
func checkCopy(files map[string][]byte, acked int, log []event.Event) error {
	at := map[string][]byte{}
	for name, b := range files {
		at[filepath.Join(dir, name)] = b
	}
	fs := crashfs.FromFiles(at)
	if len(at) == 0 {
		if err := fs.MkdirAll(dir); err != nil {
			return err
		}
	}
	if err := verify(fs, "of the copy"); err != nil {
		return err
	}
	found, err := readOnly(fs)
	if err != nil {
		return err
	}
	if len(found) < acked || len(found) > len(log) {
		return fmt.Errorf("%d events, %d were acknowledged", len(found), acked)
	}
	for i, e := range found {
		if e.ID != log[i].ID || e.Sequence != log[i].Sequence {
			return fmt.Errorf("event %d is not that of the log", i)
		}
	}
	st, err := host.Open(ctx, dir, withFlushes(often, options(fs, 9)))
	if err != nil {
		return err
	}
	r, err := st.Append(ctx, event.At("new", "s"), event.Data, 1)
	if err := errors.Join(err, st.Close()); err != nil {
		return err
	}
	if r.Sequence != uint64(len(found)) {
		return fmt.Errorf("the next append has sequence %d, and there are %d events", r.Sequence, len(found))
	}
	return verify(fs, "after an append to the copy")
}

// TestLiveCopy: a store is copied while its writer is at work, at every two moments of
// its life. When everything but the segments is copied first and then the segments,
// the copy is sound. In the order of names, segments first, it is not: synced.thaw and
// indexes then know of events that the copy lacks.
func TestLiveCopy(t *testing.T) {
	if raceEnabled && testing.Short() {
		t.Skip("nothing in it runs at the same time as something else")
	}
	moments, log := life(t)
	other := func(name string) bool { return !isSegment(name) }
	all := func(string) bool { return true }
	seen := map[[sha256.Size]byte]bool{}
	right := func(c *copier, acked int) {
		h := sha256.New()
		fmt.Fprintln(h, acked)
		for _, name := range slices.Sorted(maps.Keys(c.out)) {
			fmt.Fprintln(h, name, len(c.out[name]))
			h.Write(c.out[name])
		}
		key := [sha256.Size]byte(h.Sum(nil))
		if !seen[key] {
			seen[key] = true
			require.NoError(t, checkCopy(c.out, acked, log))
		}
	}
	broken := 0
	for i := range moments {
		for j := i; j < len(moments); j++ {
			first, then := func(int) int { return i }, func(int) int { return j }
			c := copier{moments, map[string][]byte{}}
			c.files(i, other, first)
			c.files(j, isSegment, then)
			right(&c, moments[i].acked)

			if (i+j)%7 == 0 && j > i { // to fail some is enough
				c = copier{moments, map[string][]byte{}}
				c.files(i, isSegment, first)
				c.files(j, other, then)
				if checkCopy(c.out, moments[i].acked, log) != nil {
					broken++
				}
			}
		}
	}
	require.Positive(t, broken, "segments first")

	// Each file at a moment of its own.
	random := rand.New(rand.NewPCG(7, 7))
	at := func(from, step int) (listed int, each func(int) int) {
		now := from
		return from, func(int) int {
			now = min(now+random.IntN(step), len(moments)-1)
			return now
		}
	}
	broken = 0
	for n := range 600 {
		step, begun := 1+n%4, random.IntN(len(moments))
		c := copier{moments, map[string][]byte{}}
		listed, each := at(begun, step)
		c.files(listed, other, each)
		listed, each = at(each(0), step)
		c.files(listed, isSegment, each)
		right(&c, moments[begun].acked)

		if n%6 == 0 {
			c = copier{moments, map[string][]byte{}}
			listed, each = at(begun, step)
			c.files(listed, all, each)
			if checkCopy(c.out, moments[begun].acked, log) != nil {
				broken++
			}
		}
	}
	require.Positive(t, broken, "in the order of names")
	t.Logf("%d moments, %d different copies in the right order", len(moments), len(seen))
}
