package host_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/directory"
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
			require.LessOrEqual(t, len(partNames(fs.Files(storeDir))), 5)
		}
		require.Greater(t, scratch, 20)
		require.Greater(t, merged, 10)
		for name := range fs.Files(storeDir) {
			require.NotEqual(t, directory.Temporary, directory.KindOf(name), name)
		}
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
