package host_test

import (
	"errors"
	"io"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/failfs"
	"github.com/thawlog/thaw/fsabstraction/memfs"
	"github.com/thawlog/thaw/host"
)

// cutLater is a file system whose index files, if they were opened while armed is set, have no
// bytes from the moment when cut is set.
type cutLater struct {
	fsabstraction.FS
	armed, cut *atomic.Bool
}

func (f cutLater) Open(name string) (fsabstraction.File, error) {
	file, err := f.FS.Open(name)
	if err == nil && strings.HasPrefix(filepath.Base(name), "index") && f.armed.Load() {
		return cutLaterFile{file, f.cut}, nil
	}
	return file, err
}

type cutLaterFile struct {
	fsabstraction.File
	cut *atomic.Bool
}

func (f cutLaterFile) ReadAt(p []byte, off int64) (int, error) {
	if f.cut.Load() {
		return 0, io.EOF
	}
	return f.File.ReadAt(p, off)
}

// TestMovedThroughCutIndex: events of a snapshot before a compaction are read through an index
// of after it, which is cut off while it is open. The soak found that a dropped event was reported
// as damage.
func TestMovedThroughCutIndex(t *testing.T) {
	for name, read := range readWays(t) {
		t.Run(name, func(t *testing.T) {
			mem := memfs.New()
			fsys := cutLater{mem, new(atomic.Bool), new(atomic.Bool)}
			fillSessions(t, mem, 8, 7)
			r, err := host.OpenReader(t.Context(), "store", host.ReaderOptions{FS: fsys, Logger: quiet, OpenSegments: 1})
			require.NoError(t, err)
			defer func() { require.NoError(t, r.Close()) }()
			before := all(t, r)
			want := payloadsOf(t, r)

			s, err := host.Open(t.Context(), "store", compactOptions(mem))
			require.NoError(t, err)
			done, err := s.Compact(t.Context(), host.Compaction{Judge: func(e event.Event) host.Verdict {
				if e.Sequence%2 == 1 {
					return host.DropEvent
				}
				return host.KeepEvent
			}})
			require.NoError(t, err)
			require.Positive(t, done.Dropped)
			require.NoError(t, s.Close())

			fsys.armed.Store(true)
			_, err = read(r, before[0]) // opens the store of after the compaction
			require.NoError(t, err)
			fsys.cut.Store(true)
			removed := 0
			for i, e := range before {
				full, err := read(r, e)
				if e.Sequence%2 == 1 && errors.Is(err, host.ErrRemoved) {
					removed++
					continue
				}
				require.NoError(t, err) // the segment that is still open has dropped events too
				require.Equal(t, want[i].Payload, full.Payload)
			}
			require.Greater(t, removed, 10)
		})
	}
}

// TestMovedUnknown: where a compaction has replaced segments and the store cannot be opened again,
// its events are not damaged: the error says what failed.
func TestMovedUnknown(t *testing.T) {
	for name, rule := range map[string]failfs.Rule{
		"list": {Kinds: failfs.ReadDir, Forever: true},
		"look": {Kinds: failfs.Lstat, Pattern: "store.thaw", Forever: true},
	} {
		for way, read := range readWays(t) {
			t.Run(name+" "+way, func(t *testing.T) { testMovedUnknown(t, rule, read) })
		}
	}
}

func testMovedUnknown(t *testing.T, rule failfs.Rule, read func(host.Reader, event.Event) (event.Full, error)) {
	mem := memfs.New()
	fillSessions(t, mem, 8, 7)
	fsys := failfs.New(mem)
	r, err := host.OpenReader(t.Context(), "store", host.ReaderOptions{FS: fsys, Logger: quiet, OpenSegments: 1})
	require.NoError(t, err)
	defer func() { require.NoError(t, r.Close()) }()
	before := all(t, r)
	s, err := host.Open(t.Context(), "store", compactOptions(mem))
	require.NoError(t, err)
	_, err = s.Compact(t.Context(), host.Compaction{})
	require.NoError(t, err)
	require.NoError(t, s.Close())

	fault := fsys.Fail(rule)
	_, err = read(r, before[0])
	require.Positive(t, fault.Fired())
	require.ErrorIs(t, err, failfs.ErrInjected)
	require.NotErrorIs(t, err, host.ErrDamaged)
}

// readWays are the ways to read one event.
func readWays(t *testing.T) map[string]func(host.Reader, event.Event) (event.Full, error) {
	one := func(e event.Event) func(func(event.Event, error) bool) {
		return func(yield func(event.Event, error) bool) { yield(e, nil) }
	}
	return map[string]func(host.Reader, event.Event) (event.Full, error){
		"read": func(r host.Reader, e event.Event) (event.Full, error) { return r.Read(t.Context(), e) },
		"read each": func(r host.Reader, e event.Event) (full event.Full, err error) {
			for full, err = range r.ReadEach(t.Context(), one(e)) {
				return full, err
			}
			return full, err
		},
	}
}
