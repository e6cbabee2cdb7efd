package store_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/internal/longstore"
	"github.com/thawlog/thaw/core/internal/resum"
	"github.com/thawlog/thaw/core/pages"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/store"
)

// rejects reports whether a report lists a file as refused.
func rejects(s *store.Snapshot, name string) bool {
	for _, r := range s.Report().Rejected {
		if r.File == name {
			return true
		}
	}
	return false
}

// TestDamagedHeaders flips every bit of the header pages: the file is refused, and no
// event is missing.
func TestDamagedHeaders(t *testing.T) {
	files, part := longstore.New(t, 20)
	whole, err := store.Open(directory.Memory(files), store.Options{})
	require.NoError(t, err)
	want := dump(t, whole)
	for _, name := range []string{index.FileName, part} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := slices.Clone(files[name])
			damaged := with(files, name, b)
			for bit := 0; bit < 8*pages.Size; bit += stride() {
				b[bit/8] ^= 1 << (bit % 8)
				s, err := store.Open(directory.Memory(damaged), store.Options{})
				require.NoError(t, err)
				require.True(t, rejects(s, name), "bit %d", bit)
				require.Equal(t, want, dump(t, s), "bit %d", bit)
				b[bit/8] ^= 1 << (bit % 8)
			}
		})
	}
}

// TestDamagedPages flips one bit in each page after the headers, and in each of
// index.fbati, and asks everything. A page that no read touches is not reported.
func TestDamagedPages(t *testing.T) {
	files, part := longstore.New(t, 400)
	whole, err := store.Open(directory.Memory(files), store.Options{})
	require.NoError(t, err)
	ids := someIDs(t, whole, 41)
	want := answers(whole, ids)
	require.NotContains(t, want, "error")
	for _, name := range []string{index.FileName, part, artifact.FileName} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(1, 2))
			b := slices.Clone(files[name])
			damaged := with(files, name, b)
			found := 0
			for page := 0; page < len(b); page += pages.Size {
				if page == 0 && name != artifact.FileName {
					continue
				}
				at := page + rng.IntN(min(pages.Size, len(b)-page))
				bit := byte(1) << rng.IntN(8)
				b[at] ^= bit
				s, err := store.Open(directory.Memory(damaged), store.Options{})
				require.NoError(t, err)
				got := answers(s, ids)
				require.True(t, want == got, "byte %d", at)
				if rejects(s, name) || rejects(s, index.FileName) {
					found++
				}
				require.Empty(t, s.Report().Damages)
				s, err = store.Open(directory.Memory(damaged), store.Options{CheckIndex: true})
				require.NoError(t, err)
				require.True(t, rejects(s, name) || rejects(s, index.FileName), "byte %d", at)
				b[at] ^= bit
			}
			require.Greater(t, found, len(b)/pages.Size/2)
		})
	}
}

// TestCutSavedIndex truncates index.thaw and part files at each page boundary and next
// to it, and replaces them by others.
func TestCutSavedIndex(t *testing.T) {
	files, part := longstore.New(t, 150)
	other, _ := longstore.New(t, 160)
	whole, err := store.Open(directory.Memory(files), store.Options{})
	require.NoError(t, err)
	want := dump(t, whole)
	for _, name := range []string{index.FileName, part} {
		t.Run(name, func(t *testing.T) {
			full := files[name]
			cuts := []int{0, 1, len(full) - 1}
			for at := pages.Size; at < len(full); at += pages.Size {
				cuts = append(cuts, at-1, at, at+1)
			}
			for _, cut := range cuts {
				s, err := store.Open(directory.Memory(with(files, name, full[:cut])), store.Options{})
				require.NoError(t, err)
				require.True(t, rejects(s, name), "cut at %d", cut)
				require.Equal(t, want, dump(t, s))
			}
			for what, b := range map[string][]byte{
				"longer": append(slices.Clone(full), make([]byte, pages.Size)...), "another store's": other[name],
				"of the other sort": files[map[string]string{index.FileName: part, part: index.FileName}[name]],
			} {
				s, err := store.Open(directory.Memory(with(files, name, b)), store.Options{})
				require.NoError(t, err)
				require.True(t, rejects(s, name), what)
				require.Equal(t, want, dump(t, s), what)
			}
		})
	}
}

// rotting is a store in memory of which one file turns bad after some reads.
type rotting struct {
	directory.Memory
	name  string
	after int
}

type rottingFile struct {
	source.Bytes
	left *int
}

func (f rottingFile) Slice() {}

func (f rottingFile) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.Bytes.ReadAt(p, off)
	if *f.left--; *f.left < 0 {
		for i := range p[:n] {
			p[i] ^= 0x55
		}
	}
	return n, err
}

// ReadAgain returns the page as it was when it was checked.
func (f rottingFile) ReadAgain(p []byte, off int64) (int, error) { return f.Bytes.ReadAt(p, off) }

func (r rotting) Open(name string) (source.Source, error) {
	src, err := r.Memory.Open(name)
	if name != r.name || err != nil {
		return src, err
	}
	left := r.after
	return rottingFile{src.(source.Bytes), &left}, nil
}

// TestRotDuringQuery makes a file turn bad after every number of reads: an iteration
// under way continues after the last event, without repeating or skipping one.
func TestRotDuringQuery(t *testing.T) {
	files, part := longstore.New(t, 400)
	whole, err := store.Open(directory.Memory(files), store.Options{})
	require.NoError(t, err)
	want := collect(t, whole.Query(query.Region{}, query.Page{}))
	var scoped []event.Event
	for _, e := range want {
		if e.Scope == "shop:3" {
			scoped = append(scoped, e)
		}
	}
	for _, name := range []string{index.FileName, part, artifact.FileName} {
		late := 0
		for after := 0; after < 120; after += 2 {
			s, err := store.Open(rotting{files, name, after}, store.Options{})
			require.NoError(t, err)
			require.Equal(t, scoped, collect(t, s.Query(query.Region{Scope: "shop:3"}, query.Page{})), "%s after %d", name, after)
			require.Equal(t, want, collect(t, s.Query(query.Region{}, query.Page{})), "%s after %d", name, after)
			if rejects(s, name) {
				late++
			}
		}
		require.Positive(t, late, name)
	}
}

// TestWrongIndexForgesNothing changes an index under valid checksums: a query may then
// miss events, but never returns a wrong one, one twice, or one out of order.
func TestWrongIndexForgesNothing(t *testing.T) {
	files, part := longstore.New(t, 150)
	whole, err := store.Open(directory.Memory(files), store.Options{})
	require.NoError(t, err)
	all := map[event.ID]event.Event{}
	for _, e := range collect(t, whole.Query(query.Region{}, query.Page{})) {
		all[e.ID] = e
	}
	rng := rand.New(rand.NewPCG(3, 4))
	for _, name := range []string{index.FileName, part} {
		outside := files[artifact.FileName]
		if name == part {
			outside = nil
		}
		for range 500 {
			b := slices.Clone(files[name])
			section := rng.IntN(14)
			at, size := resum.Section(b, section)
			if size == 0 {
				continue
			}
			b[at+uint64(rng.IntN(int(size)))] ^= 1 << rng.IntN(8)
			resum.File(b, outside)
			s, err := store.Open(directory.Memory(with(files, name, b)), store.Options{})
			require.NoError(t, err)
			require.False(t, rejects(s, name))
			for _, r := range []query.Region{{}, {Entity: "order:13"}, {Scope: "shop:2"}, {Kinds: event.InCategory(2)}, {EntityPrefix: "order:1"}} {
				last := int64(-1)
				for e, err := range s.Query(r, query.Page{}) {
					require.NoError(t, err, fmt.Sprint(section))
					require.Greater(t, int64(e.Sequence), last)
					last = int64(e.Sequence)
					// Names are read through the tables, so their bytes may be others; what an
					// event is called in the question it is called in truth.
					w, ok := all[e.ID]
					require.True(t, ok)
					require.True(t, r.Entity == "" || w.Entity == r.Entity || section == 0)
					require.True(t, r.Scope == "" || w.Scope == r.Scope || section <= 2)
					require.True(t, r.Kinds.Has(w.Kind))
				}
			}
			for _, w := range all {
				e, err := s.Get(w.ID)
				if err == nil {
					require.Equal(t, w.Sequence, e.Sequence)
				}
				break
			}
		}
	}
}
