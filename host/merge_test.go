package host_test

import (
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/flush"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/internal/tuning"
)

// mergingOften returns o for stores that leave what is above ten events to merges, which use
// scratch space.
func mergingOften(o host.Options, within bool) host.Options {
	tuning.Set(&o, tuning.Flushes{
		Policy: flush.Policy{
			CloseWeight: 1, OpenWeight: 1, CloseShare: 1, OpenShare: 1, PartShare: 1, Limit: 10, Fan: 3, BaseShare: 2, MostParts: 5,
		},
		InRotation: within,
	})
	o.IndexMemory = 1
	return o
}

// TestMerges: a store whose index files are merged beside its appends has every event, for
// its own readers and the next ones, and few files.
func TestMerges(t *testing.T) {
	for _, within := range []bool{true, false} {
		fs := crashfs.New()
		var mu sync.Mutex
		scratch, merged := 0, 0
		fs.OnOp(func(op crashfs.Op) {
			mu.Lock()
			defer mu.Unlock()
			if op.Kind == crashfs.Create && strings.Contains(op.Name, "scratch-") {
				scratch++
			}
			if op.Kind == crashfs.Remove && strings.HasSuffix(op.Name, ".thaw") {
				merged++
			}
		})
		p := place{fs, storeDir}
		events := 0
		for range 4 {
			s, err := host.Open(background, p.dir, mergingOften(p.small(), within))
			require.NoError(t, err)
			for range 6 {
				appendSome(t, s, "e", 40)
				events += 40
				require.Len(t, all(t, s), events)
			}
			require.NoError(t, s.Close())
			require.NoError(t, s.CloseReport().IndexError)
			require.Len(t, all(t, p.open(t, host.ReaderOptions{Strict: true, CheckIndex: true})), events)
			require.LessOrEqual(t, len(partNames(fs.Files(storeDir))), 8)
		}
		if within { // beside the appends there are as many as there is time for
			require.Greater(t, scratch, 100)
			require.Greater(t, merged, 100)
		}
		for name := range fs.Files(storeDir) {
			require.NotEqual(t, directory.Temporary, directory.KindOf(name), name)
		}
	}
}

// TestCloseStopsAMerge: a close does not wait for a merge, which leaves nothing behind.
func TestCloseStopsAMerge(t *testing.T) {
	fs := crashfs.New()
	held := holding{fs, make(chan struct{}, 1000), make(chan struct{})}
	p := place{held, storeDir}
	o := mergingOften(p.small(), false)
	o.Unlocked = true // holding has no locks
	s, err := host.Open(background, p.dir, o)
	require.NoError(t, err)
	events := 0
	for merging := false; !merging; events += 10 {
		appendSome(t, s, "e", 10)
		select {
		case <-held.asked:
			merging = true
		default:
			runtime.Gosched()
		}
	}
	closed := make(chan error)
	go func() { closed <- s.Close() }()
	for _, err := s.Append(background, eventAt, event.Data, 1); !errors.Is(err, host.ErrClosed); _, err = s.Append(background, eventAt, event.Data, 1) {
		events++ // the close has not begun
	}
	close(held.may)
	require.NoError(t, <-closed)
	require.Len(t, all(t, place{fs, storeDir}.open(t, host.ReaderOptions{Strict: true, CheckIndex: true})), events)
	for name := range fs.Files(storeDir) {
		require.NotEqual(t, directory.Temporary, directory.KindOf(name), name)
	}
}

// holding is a file system on which scratch files cannot be made before they may.
type holding struct {
	fsabstraction.FS
	asked, may chan struct{}
}

func (h holding) Create(name string) (fsabstraction.WriteFile, error) {
	if strings.Contains(name, "scratch-") {
		h.asked <- struct{}{}
		<-h.may
	}
	return h.FS.Create(name)
}
