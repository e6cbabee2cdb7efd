package host

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/flush"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host/internal/tuning"
)

// syncHook is a file system that calls f, once, in the first Sync of a file within merge.
type syncHook struct {
	fsabstraction.FS
	f *func()
}

func (h syncHook) Create(name string) (fsabstraction.WriteFile, error) {
	file, err := h.FS.Create(name)
	return hookedFile{file, h.f}, err
}

type hookedFile struct {
	fsabstraction.WriteFile
	f *func()
}

func (f hookedFile) Sync() error {
	b := make([]byte, 1<<16)
	if call := *f.f; call != nil && strings.Contains(string(b[:runtime.Stack(b, false)]), "flusher).merge(") {
		*f.f = nil
		call()
	}
	return f.WriteFile.Sync()
}

// mergeableStore has index.fbati and three parts, which the policy merges when it is asked to. It
// flushes at each rotation, in the writer's goroutine, and asks then.
func mergeableStore(t *testing.T) (*Store, syncHook) {
	h := syncHook{crashfs.New(), new(func())}
	makeMergeable(t, h, 60, 8, 8, 8)
	return openMergeable(t, h, 4), h
}

func makeMergeable(t *testing.T, h syncHook, files ...int) {
	o := mergeableOptions(h)
	for _, n := range files {
		s, err := Open(t.Context(), "/store", o)
		require.NoError(t, err)
		for i := range n {
			_, err := s.Append(t.Context(), event.At("e", "s"), event.Data, fmt.Sprint("payload", i))
			require.NoError(t, err)
		}
		require.NoError(t, s.Close())
	}
}

func mergeableOptions(h syncHook) Options {
	o := Options{FS: h, NoMerge: true, Unlocked: true, SegmentSize: 700}
	tuning.Set(&o, tuning.Flushes{InRotation: true, Policy: flush.Policy{CloseWeight: 1, OpenWeight: 1 << 30, CloseShare: 1, OpenShare: 1}})
	return o
}

func openMergeable(t *testing.T, h syncHook, files int) *Store {
	s, err := Open(t.Context(), "/store", mergeableOptions(h))
	require.NoError(t, err)
	require.Len(t, indexNames(t, s), files)
	s.flusher.policy.Policy = flush.Policy{Limit: 10, Fan: 3, BaseShare: 2, CloseWeight: 1, OpenWeight: 1, CloseShare: 1, OpenShare: 1}
	return s
}

func indexNames(t *testing.T, s *Store) []string {
	v, err := s.flusher.versions.pin()
	require.NoError(t, err)
	defer v.release()
	require.False(t, v.snapshot.IndexMoved())
	return v.snapshot.IndexFiles().Names()
}

// TestMergeBeforeOthers: the files after the merged ones stay.
func TestMergeBeforeOthers(t *testing.T) {
	h := syncHook{crashfs.New(), new(func())}
	makeMergeable(t, h, 300, 8, 8, 8, 100)
	s := openMergeable(t, h, 5)
	names := indexNames(t, s)
	merged, err := s.flusher.merge(flushOpen)
	require.NoError(t, err)
	require.True(t, merged)
	got := indexNames(t, s)
	require.Len(t, got, 3)
	require.Equal(t, names[0], got[0])
	require.Equal(t, names[4], got[2])
	requireAll(t, s, h, 424, 0)
}

// TestFlushDuringMerge: the part that a flush writes while others are merged stays.
func TestFlushDuringMerge(t *testing.T) {
	s, h := mergeableStore(t)
	f := s.flusher
	var late []string
	*h.f = func() {
		f.policy.Policy.Fan = 100 // no other merge is asked for
		for i := range 3 {
			_, err := s.Append(t.Context(), event.At("e", "s"), event.Data, fmt.Sprint("late", i))
			require.NoError(t, err)
		}
		_, err := s.writer.settle()
		require.NoError(t, err)
		f.flush(f.versions.end())
		late = indexNames(t, s)[4:]
		require.NotEmpty(t, late)
	}
	merged, err := f.merge(flushOpen)
	require.NoError(t, err)
	require.True(t, merged)
	require.Nil(t, *h.f)
	require.Equal(t, late, indexNames(t, s)[2:])
	requireAll(t, s, h, 87, 0)
}

// TestMergeBesideTail: a store that was not closed has events that no index file has. A merge before
// the next flush would leave them out of the index, also of that on disk. The test of copies with rsync
// found it.
func TestMergeBesideTail(t *testing.T) {
	fsys := crashfs.New()
	h := syncHook{fsys, new(func())}
	makeMergeable(t, h, 60, 8, 8, 8)
	killed, err := Open(t.Context(), "/store", mergeableOptions(h)) // it flushes nothing
	require.NoError(t, err)
	for i := range 5 {
		_, err := killed.Append(t.Context(), event.At("e", "s"), event.Data, fmt.Sprint("tail", i))
		require.NoError(t, err)
	}
	h.FS = fsys.Crash(crashfs.Cut{Survive: 100})
	require.NoError(t, killed.Close())

	s := openMergeable(t, h, 4)
	merged, err := s.flusher.merge(flushOpen)
	require.NoError(t, err)
	require.False(t, merged)
	_, err = s.Append(t.Context(), event.At("e", "s"), event.Data, "next")
	require.NoError(t, err)
	requireAll(t, s, h, 90, 0)
}

// TestRedactionDuringMerge: a compaction that drops nothing writes an index again with as many
// events and the same end. A merge of what was there before does not replace it.
func TestRedactionDuringMerge(t *testing.T) {
	s, h := mergeableStore(t)
	*h.f = func() {
		s.flusher.policy.Policy.Fan = 100 // no other merge is asked for
		r, err := s.Compact(t.Context(), Compaction{Judge: func(e event.Event) Verdict {
			if e.Sequence == 76 {
				return RedactEvent
			}
			return KeepEvent
		}})
		require.NoError(t, err)
		require.EqualValues(t, 1, r.Redacted)
	}
	_, err := s.flusher.merge(flushOpen)
	require.ErrorIs(t, err, errStopped)
	require.Nil(t, *h.f)
	requireAll(t, s, h, 84, 1)
}

// TestMergeOfStuckStore: a merge renames nothing in a directory whose swap is not decided.
func TestMergeOfStuckStore(t *testing.T) {
	s, h := mergeableStore(t)
	before := map[string]bool{}
	*h.f = func() {
		s.flusher.stuck.Store(true)
		entries, err := h.ReadDir("/store")
		require.NoError(t, err)
		for _, e := range entries {
			before[e.Name] = true
		}
	}
	_, err := s.flusher.merge(flushOpen)
	require.ErrorIs(t, err, ErrUnfinished)
	entries, err := h.ReadDir("/store")
	require.NoError(t, err)
	for _, e := range entries {
		require.True(t, before[e.Name], e.Name)
	}
	s.flusher.stuck.Store(false)
	requireAll(t, s, h, 84, 0)
}

// requireAll reads every event, of which some were redacted, of the store and of another open.
func requireAll(t *testing.T, s *Store, h syncHook, events, redacted int) {
	check := func(r Reader) {
		n, gone := 0, 0
		for e, err := range r.Query(t.Context(), Region{}, Page{}) {
			require.NoError(t, err)
			n++
			if _, err := r.Read(t.Context(), e); err != nil {
				require.ErrorIs(t, err, ErrRedacted)
				gone++
			}
		}
		require.Equal(t, events, n)
		require.Equal(t, redacted, gone)
	}
	check(s)
	require.NoError(t, s.Close())
	r, err := OpenReader(t.Context(), "/store", ReaderOptions{FS: h, Strict: true})
	require.NoError(t, err)
	defer r.Close()
	check(r)
	findings, err := Verify(t.Context(), "/store", ReaderOptions{FS: h}, nil)
	require.NoError(t, err)
	require.Empty(t, findings.Damages)
}
