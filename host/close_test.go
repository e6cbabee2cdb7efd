package host_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/fsabstraction/failfs"
	"github.com/thawlog/thaw/host"
)

// TestCloseWithNothingNew changes no file.
func TestCloseWithNothingNew(t *testing.T) {
	for _, n := range []int{0, 5} {
		t.Run(fmt.Sprint(n, " events"), func(t *testing.T) {
			mem := crashfs.New()
			fsys := failfs.New(mem)
			p := place{fsys, storeDir}
			s := p.openStore(t, host.Options{})
			appendSome(t, s, "e", n)
			require.NoError(t, s.Close())
			require.Equal(t, n > 0, s.CloseReport().IndexWritten)
			before := mem.Files(storeDir)
			s = p.openStore(t, host.Options{})
			changes := fsys.Fail(failfs.Rule{Kinds: failfs.Changes | failfs.OpenWrite, Forever: true})
			require.Len(t, all(t, s), n)
			require.NoError(t, s.Close())
			require.Zero(t, changes.Matched())
			require.False(t, s.CloseReport().IndexWritten)
			require.NoError(t, s.CloseReport().IndexError)
			after := mem.Files(storeDir)
			delete(before, host.LockName) // records the time
			delete(after, host.LockName)
			require.Equal(t, before, after)
		})
	}
}

// TestAfterClose runs every query on a closed store.
func TestAfterClose(t *testing.T) {
	s := newGate().place().openStore(t, host.Options{})
	r := appendSome(t, s, "e", 2)
	f := s.Fence()
	_, err := f.Append(event.At("e", "s"), event.Data, 1)
	require.NoError(t, err)
	next, err := s.Snapshot()
	require.NoError(t, err)
	n := 0
	for _, err := range s.Query(t.Context(), host.Region{}, host.Page{}) {
		require.NoError(t, err)
		if n++; n == 1 {
			require.NoError(t, s.Close())
		}
	}
	require.Equal(t, 2, n, "an iteration under way goes on")
	require.Len(t, all(t, next), 2)
	require.NoError(t, next.Close())
	require.ErrorIs(t, s.Close(), host.ErrClosed)
	_, err = s.Append(t.Context(), event.At("e", "s"), event.Data, 1)
	require.ErrorIs(t, err, host.ErrClosed)
	_, err = f.Commit(t.Context())
	require.ErrorIs(t, err, host.ErrClosed)
	require.ErrorIs(t, s.Sync(t.Context()), host.ErrClosed)
	_, err = s.Get(t.Context(), r[0].ID)
	require.ErrorIs(t, err, host.ErrClosed)
	_, err = s.Snapshot()
	require.ErrorIs(t, err, host.ErrClosed)
	for _, err := range s.Query(t.Context(), host.Region{}, host.Page{}) {
		require.ErrorIs(t, err, host.ErrClosed)
	}
	require.Zero(t, s.Report())
}

// TestCloseWhileAppending closes during appends: the store has exactly the acknowledged
// events.
func TestCloseWhileAppending(t *testing.T) {
	for range 10 {
		p := newGate().place()
		s := p.openStore(t, host.Options{})
		var mu sync.Mutex
		told := map[event.ID]bool{}
		started := make(chan struct{}, 8)
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				for j := 0; ; j++ {
					r, err := s.Append(background, event.At(fmt.Sprint(i), "s"), event.Data, j)
					if err != nil {
						assert.ErrorIs(t, err, host.ErrClosed)
						return
					}
					mu.Lock()
					told[r.ID] = true
					mu.Unlock()
					if j == 3 {
						started <- struct{}{}
					}
				}
			})
		}
		<-started
		require.NoError(t, s.Close())
		wg.Wait()
		got := map[event.ID]bool{}
		for _, e := range all(t, p.open(t, host.ReaderOptions{})) {
			got[e.ID] = true
		}
		require.Equal(t, told, got)
	}
}

// TestIndexFails makes each step of writing the index fail: the close succeeds, the old
// index stays, and the next open is correct.
func TestIndexFails(t *testing.T) {
	for _, kind := range []failfs.Kind{failfs.Create, failfs.WriteAt, failfs.Sync, failfs.Close, failfs.Rename} {
		mem := crashfs.New()
		fsys := failfs.New(mem)
		p := place{fsys, storeDir}
		s := p.openStore(t, host.Options{})
		appendSome(t, s, "e", 3)
		require.NoError(t, s.Close())
		old := mem.Files(storeDir)[indexName]
		s = p.openStore(t, host.Options{})
		appendSome(t, s, "e", 3)
		fault := fsys.Fail(failfs.Rule{Kinds: kind, Pattern: indexName + "*"})
		require.NoError(t, s.Close())
		require.Equal(t, 1, fault.Fired())
		require.ErrorIs(t, s.CloseReport().IndexError, failfs.ErrInjected)
		require.False(t, s.CloseReport().IndexWritten)
		files := mem.Files(storeDir)
		require.Equal(t, old, files[indexName])
		require.NotContains(t, files, indexName+".tmp")
		s = p.openStore(t, host.Options{})
		require.Empty(t, s.Report().Rejected)
		require.Len(t, all(t, s), 6)
		require.NoError(t, s.Close())
		require.True(t, s.CloseReport().IndexWritten)
	}
}

// TestIndexNameIsTaken: if another kind of file has a name that the index needs, it is
// neither followed nor removed, and the store works without an index.
func TestIndexNameIsTaken(t *testing.T) {
	target := filepath.Join(t.TempDir(), "target")
	require.NoError(t, os.WriteFile(target, []byte("mine"), 0o600))
	for what, put := range map[string]func(path string) error{
		"link":      func(path string) error { return os.Symlink(target, path) },
		"directory": func(path string) error { return os.Mkdir(path, 0o700) },
	} {
		for _, name := range []string{indexName, index.FileName, indexName + ".tmp", index.FileName + ".tmp"} {
			t.Run(what+" "+name, func(t *testing.T) {
				p := onDisk(t)
				s := p.openStore(t, host.Options{})
				appendSome(t, s, "e", 3)
				if err := put(p.path(name)); err != nil {
					t.Skipf("not here: %v", err)
				}
				before, err := os.Lstat(p.path(name))
				require.NoError(t, err)
				for events := 3; events < 6; events++ {
					require.NoError(t, s.Close())
					require.False(t, s.CloseReport().IndexWritten)
					require.ErrorIs(t, s.CloseReport().IndexError, fsabstraction.ErrNotRegular)
					require.ErrorContains(t, s.CloseReport().IndexError, name)
					s = p.openStore(t, host.Options{})
					if name == indexName {
						require.Equal(t, indexName, s.Report().Rejected[0].File)
						require.Equal(t, damage.NotRegular, s.Report().Rejected[0].Reason)
					}
					require.Len(t, all(t, s), events)
					appendSome(t, s, "e", 1)
				}
				after, err := os.Lstat(p.path(name))
				require.NoError(t, err)
				require.True(t, os.SameFile(before, after))
				b, err := os.ReadFile(target)
				require.NoError(t, err)
				require.Equal(t, "mine", string(b))
			})
		}
	}
}
