package store_test

import (
	"context"
	"encoding/binary"
	"errors"
	"iter"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/internal/longstore"
	"github.com/thawlog/thaw/core/pages"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/visibility"
)

// switched is a store in memory whose files can be turned bad.
type switched struct {
	directory.Memory
	// fresh changes bytes of a file when they are first read, and seen when they are read
	// again; nil changes nothing.
	fresh, seen map[string]func(p []byte, off int64)
	on          *atomic.Bool
}

type switchedFile struct {
	source.Bytes
	fresh, seen func(p []byte, off int64)
	on          *atomic.Bool
}

func newSwitched(files map[string][]byte) switched {
	return switched{files, map[string]func([]byte, int64){}, map[string]func([]byte, int64){}, new(atomic.Bool)}
}

func (s switched) Open(name string) (source.Source, error) {
	src, err := s.Memory.Open(name)
	fresh, seen := s.fresh[name], s.seen[name]
	if err != nil || fresh == nil && seen == nil {
		return src, err
	}
	return switchedFile{src.(source.Bytes), fresh, seen, s.on}, nil
}

// Slice hides that of Bytes, by another signature.
func (f switchedFile) Slice() {}

func (f switchedFile) read(p []byte, off int64, spoil func([]byte, int64)) (int, error) {
	n, err := f.Bytes.ReadAt(p, off)
	if spoil != nil && f.on.Load() {
		spoil(p[:n], off)
	}
	return n, err
}

func (f switchedFile) ReadAt(p []byte, off int64) (int, error)    { return f.read(p, off, f.fresh) }
func (f switchedFile) ReadAgain(p []byte, off int64) (int, error) { return f.read(p, off, f.seen) }

func rot(p []byte, _ int64) {
	for i := range p {
		p[i] ^= 0x55
	}
}

// zeros is what a mapping shows after the end of a truncated file.
func zeros(p []byte, _ int64) { clear(p) }

func rejectedNames(s *store.Snapshot) (names []string) {
	for _, r := range s.Report().Rejected {
		names = append(names, r.File)
	}
	return names
}

// TestRepairOutlivesStop: a context ends the open, but no repair after it.
func TestRepairOutlivesStop(t *testing.T) {
	files, part := longstore.New(t, 400)
	for _, name := range []string{index.FileName, part, artifact.FileName} {
		w := newSwitched(files)
		w.fresh[name] = rot
		var over atomic.Bool
		s, err := store.Open(w, store.Options{Stop: func() error {
			if over.Load() {
				return errors.New("the open is over")
			}
			return nil
		}})
		require.NoError(t, err)
		over.Store(true)
		w.on.Store(true)
		require.Len(t, collect(t, s.Query(query.Region{EntityPrefix: "order:"}, query.Page{})), 1600, name)
		require.True(t, rejects(s, name))
	}
}

// TestRepairOnce: a query that began before another query repaired a file goes on with
// the stand-in, and does not take that for damaged as well.
func TestRepairOnce(t *testing.T) {
	files, part := longstore.New(t, 400)
	whole, err := store.Open(directory.Memory(files), store.Options{})
	require.NoError(t, err)
	// Conversations that begin in index.fbati and go on in the part file.
	var ids []event.ID
	var want [][]event.Event
	for _, e := range collect(t, whole.Query(query.Region{}, query.Page{From: 450, Limit: 10})) {
		if c := collect(t, whole.Correlated(e.ID)); len(c) > 1 && c[0].Sequence < 800 && c[1].Sequence >= 800 {
			ids, want = append(ids, e.ID), append(want, c)
		}
	}
	require.Greater(t, len(ids), 3)
	for _, file := range []string{part, index.FileName, artifact.FileName} {
		w := newSwitched(files)
		w.fresh[file] = rot
		s, err := store.Open(w, store.Options{})
		require.NoError(t, err)
		var rest []func() (event.Event, error, bool)
		for i, id := range ids {
			next, stop := iter.Pull2(s.Correlated(id))
			defer stop()
			rest = append(rest, next)
			got, err, ok := next()
			require.True(t, ok)
			require.NoError(t, err)
			require.Equal(t, want[i][0], got)
		}
		w.on.Store(true)
		require.Len(t, collect(t, s.Query(query.Region{EntityPrefix: "order:"}, query.Page{})), 1600)
		rejected := rejectedNames(s)
		for i, next := range rest {
			for _, e := range want[i][1:] {
				got, err, ok := next()
				require.True(t, ok)
				require.NoError(t, err, file)
				require.Equal(t, e, got)
			}
			_, _, ok := next()
			require.False(t, ok)
		}
		require.Equal(t, rejected, rejectedNames(s), "nothing else is damaged")
	}
}

// TestRepairTogether: many queries meet one damage at the same time.
func TestRepairTogether(t *testing.T) {
	files, part := longstore.New(t, 400)
	whole, err := store.Open(directory.Memory(files), store.Options{})
	require.NoError(t, err)
	ids := someIDs(t, whole, 41)
	want := answers(whole, ids)
	for _, name := range []string{index.FileName, part, artifact.FileName} {
		for range 5 {
			w := newSwitched(files)
			w.fresh[name] = rot
			s, err := store.Open(w, store.Options{})
			require.NoError(t, err)
			w.on.Store(true)
			var wg sync.WaitGroup
			begin := make(chan struct{})
			for range 8 {
				wg.Go(func() {
					<-begin
					if answers(s, ids) != want {
						t.Error("an answer differs")
					}
				})
			}
			close(begin)
			wg.Wait()
			if name == index.FileName {
				require.Equal(t, []string{name}, rejectedNames(s), "the records were sound")
			}
		}
	}
}

// TestCheckedPagesCut: a file is truncated, and its checked pages read as zeros through
// a mapping. The report names the file that was truncated.
func TestCheckedPagesCut(t *testing.T) {
	files, part := longstore.New(t, 400)
	whole, err := store.Open(directory.Memory(files), store.Options{})
	require.NoError(t, err)
	ids := someIDs(t, whole, 41)
	want := answers(whole, ids)
	for _, c := range []struct {
		name  string
		fresh func([]byte, int64)
	}{{part, zeros}, {artifact.FileName, zeros}, {part, nil}} { // or only the mapping is wrong
		name := c.name
		w := newSwitched(files)
		w.fresh[name], w.seen[name] = c.fresh, zeros
		s, err := store.Open(w, store.Options{})
		require.NoError(t, err)
		require.Len(t, collect(t, s.Query(query.Region{}, query.Page{})), 1600) // the records are checked
		w.on.Store(true)
		require.Len(t, collect(t, s.Query(query.Region{}, query.Page{})), 1600, name)
		require.True(t, want == answers(s, ids), name)
		for _, r := range rejectedNames(s) {
			require.Equal(t, name, r)
		}
		require.Empty(t, s.Report().Damages)
	}
}

// TestCheckedPagesChange: a checked record now names another entity. An index that is
// rebuilt then is built of records that are checked again.
func TestCheckedPagesChange(t *testing.T) {
	files, part := longstore.New(t, 400)
	for _, name := range []string{part, artifact.FileName} {
		b, lookups, base := files[name], name, int64(index.ImageAt)
		if name == artifact.FileName {
			lookups, base = index.FileName, 0
		}
		h, err := artifact.ReadHeader(source.Bytes(b[base:][:artifactSize(b[base:])]))
		require.NoError(t, err)
		entity := base + int64(h.RecordsAt()) + 100*artifact.RecordSize + 16
		end := base + int64(h.RecordsAt()+h.Records*artifact.RecordSize)
		w := newSwitched(files)
		lie := func(p []byte, off int64) {
			if at := entity - off; 0 <= at && at < int64(len(p)) {
				p[at] ^= 2
			}
		}
		w.seen[name], w.fresh[name] = lie, lie
		w.fresh[lookups] = func(p []byte, off int64) {
			lie(p, off)
			if off >= end || name != lookups {
				rot(p, off)
			}
		}
		s, err := store.Open(w, store.Options{})
		require.NoError(t, err)
		all := collect(t, s.Query(query.Region{}, query.Page{}))
		w.on.Store(true)
		of := map[string][]event.Event{}
		for _, e := range all {
			of[e.Entity] = append(of[e.Entity], e)
		}
		// Checked pages are believed until damage is met.
		for _, e := range all {
			_, err := s.Get(e.ID)
			require.NoError(t, err)
		}
		require.True(t, rejects(s, lookups))
		for entity, want := range of {
			require.Equal(t, want, collect(t, s.Query(query.Region{Entity: entity}, query.Page{})), "%s of %s", entity, name)
		}
	}
}

// artifactSize returns the length in the header of an artifact.
func artifactSize(b []byte) int {
	le := binary.LittleEndian
	return artifact.HeaderSize + int(le.Uint64(b[48:])+le.Uint64(b[40:])*artifact.RecordSize)
}

// lostInSegment are damages of a segment that the index covers.
func lostInSegment(files map[string][]byte) map[string]func(b []byte) []byte {
	return map[string]func(b []byte) []byte{
		"cut between frames": func(b []byte) []byte {
			_, from, _ := segment.DecodeHeader(b)
			w := segment.NewWalker(source.Bytes(b), uint64(from))
			for range 10 {
				w.Next()
			}
			return b[:w.Offset()]
		},
		"empty":  func([]byte) []byte { return nil },
		"header": func(b []byte) []byte { return slices.Concat([]byte{1, 2, 3}, b[3:]) },
		"hole": func(b []byte) []byte {
			out := slices.Clone(b)
			clear(out[3000:5000])
			return out
		},
	}
}

// TestRepairReportsLoss: where the segments hold less than a damaged index file did, an
// answer is shorter only if the report says so.
func TestRepairReportsLoss(t *testing.T) {
	files, part := longstore.New(t, 400)
	for name, id := range map[string]uint64{artifact.FileName: 1, part: 3} {
		for what, spoil := range lostInSegment(files) {
			b := slices.Clone(files[name])
			at := len(b) / 2
			if name == part {
				at = index.ImageAt + 20_000
			}
			b[at] ^= 1
			damaged := with(files, name, b)
			damaged[segment.Name(id)] = spoil(files[segment.Name(id)])
			s, err := store.Open(directory.Memory(damaged), store.Options{})
			require.NoError(t, err)
			n := 0
			var failed error
			for _, err := range s.Query(query.Region{}, query.Page{}) {
				if failed = err; err != nil {
					break
				}
				n++
			}
			if failed != nil || n == 1600 {
				continue
			}
			require.NotEmpty(t, s.Report().Damages, "%s, %s: %d events", name, what, n)
			_, err = store.Open(directory.Memory(damaged), store.Options{CheckIndex: true, Strict: true})
			require.Error(t, err, "%s, %s", name, what)
		}
	}
}

// TestRepairKeepsHidden: events after a loss of unknown size may get lower numbers, and
// a cancelled event must not slip out from under its range.
func TestRepairKeepsHidden(t *testing.T) {
	files, part := longstore.New(t, 400)
	whole, err := store.Open(directory.Memory(files), store.Options{})
	require.NoError(t, err)
	cancelled := map[event.ID]bool{}
	for _, e := range collect(t, whole.Query(query.Region{}, query.Page{From: 1100, Limit: 50})) {
		cancelled[e.ID] = true
	}
	files[visibility.FileName] = visibility.AppendFile(nil, visibility.Ranges{{Start: 1100, End: 1150}})
	b := slices.Clone(files[part])
	b[index.ImageAt+20_000] ^= 1
	files[part] = b
	third := files[segment.Name(3)]
	_, from, err := segment.DecodeHeader(third)
	require.NoError(t, err)
	w := segment.NewWalker(source.Bytes(third), uint64(from))
	for range 400 {
		w.Next()
	}
	for _, name := range []string{"mended", "opened without the part", "opened without an index", "cut"} {
		for hole := 1000; hole < 30_000; hole += 1700 {
			// Without its footer, and with a hole that is no whole number of frames.
			damaged := slices.Clone(third)
			clear(damaged[hole : hole+1000])
			clear(damaged[w.Offset():])
			if name == "cut" {
				damaged = damaged[:w.Offset()]
			}
			o := store.Options{}
			switch name {
			case "opened without the part":
				o.Skip = []string{part}
			case "opened without an index":
				o.Skip = []string{artifact.FileName}
			}
			s, err := store.Open(directory.Memory(with(files, segment.Name(3), damaged)), o)
			require.NoError(t, err)
			for e, err := range s.Query(query.Region{}, query.Page{}) {
				if err != nil {
					break
				}
				require.False(t, cancelled[e.ID], "%s: sequence %d, hole at %d", name, e.Sequence, hole)
			}
		}
	}
}

// TestRepairAfterOpen: Options.Stop ends the open, but no repair after it.
func TestRepairAfterOpen(t *testing.T) {
	files, part := longstore.New(t, 400)
	whole, err := store.Open(directory.Memory(files), store.Options{})
	require.NoError(t, err)
	want := dump(t, whole)
	for _, name := range []string{part, index.FileName, "index.fbati"} {
		b := slices.Clone(files[name])
		for at := pages.Size + 8; at < len(b); at += pages.Size {
			b[at] ^= 1
		}
		ctx, cancel := context.WithCancel(t.Context())
		s, err := store.Open(directory.Memory(with(files, name, b)), store.Options{Stop: ctx.Err})
		require.NoError(t, err)
		cancel()
		require.Equal(t, want, dump(t, s), name)
		require.True(t, rejects(s, name))
	}
}
