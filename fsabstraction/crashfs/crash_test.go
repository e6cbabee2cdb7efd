package crashfs_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
)

// life runs n random operations and returns the files that a cut keeping only synced data
// must leave.
func life(t *testing.T, fsys *crashfs.FS, seed uint64, n int) (synced map[string][]byte) {
	r := rand.New(rand.NewPCG(seed, 0))
	files := fsys.Files(".")
	synced = fsys.Files(".")
	contents := maps.Clone(synced) // of files, not of names
	for i := range n {
		names := slices.Sorted(maps.Keys(files))
		if len(names) == 0 || r.IntN(10) == 0 {
			name := fmt.Sprintf("f%d.%d", seed, i)
			create(name, 'N')(t, fsys)
			files[name] = fill('N', 4)
			contents[name] = fill('N', 4)
			continue
		}
		name := names[r.IntN(len(names))]
		switch r.IntN(8) {
		case 0, 1, 2:
			c, n, off := byte('a'+i%26), 1+r.IntN(6000), r.IntN(9000)
			write(name, c, n, int64(off))(t, fsys)
			p := append(slices.Clone(files[name]), make([]byte, max(0, off+n-len(files[name])))...)
			copy(p[off:], fill(c, n))
			files[name] = p
		case 3:
			size := r.IntN(9000)
			truncate(name, int64(size))(t, fsys)
			files[name] = append(slices.Clone(files[name]), make([]byte, size)...)[:size]
		case 4, 5:
			sync(name)(t, fsys)
			contents[name] = files[name]
			if _, ok := synced[name]; ok {
				synced[name] = files[name]
			}
		case 6:
			remove(name)(t, fsys)
			delete(files, name)
		case 7:
			syncDir(".")(t, fsys)
			synced = map[string][]byte{}
			for name := range files {
				synced[name] = contents[name]
			}
		}
	}
	require.Equal(t, files, fsys.Files("."))
	return synced
}

func TestCrashExtremes(t *testing.T) {
	for seed := range uint64(100) {
		fsys := crashfs.New()
		synced := life(t, fsys, seed, 60)
		require.Equal(t, synced, fsys.Crash(crashfs.Cut{Seed: seed}).Files("."))
		require.Equal(t, fsys.Files("."), fsys.Crash(crashfs.Cut{Seed: seed, Survive: 100}).Files("."))
	}
}

func TestCrashIsDeterministic(t *testing.T) {
	first, second := crashfs.New(), crashfs.New()
	life(t, first, 1, 100)
	life(t, second, 1, 100)
	different := map[string]bool{}
	for seed := range uint64(50) {
		cut := crashfs.Cut{Seed: seed, Survive: 50}
		files := first.Crash(cut).Files(".")
		require.Equal(t, files, first.Crash(cut).Files("."))
		require.Equal(t, files, second.Crash(cut).Files("."))
		different[fmt.Sprint(files)] = true
	}
	require.Greater(t, len(different), 10)
}

// Contents are shared until written, which must not show.
func TestCrashIsIndependent(t *testing.T) {
	for seed := range uint64(50) {
		fsys := crashfs.New()
		life(t, fsys, seed, 40)
		before := fsys.Files(".")
		crashed := fsys.Crash(crashfs.Cut{Seed: seed, Survive: 70})
		survived := crashed.Files(".")
		require.Equal(t, before, fsys.Files("."), "Crash changes nothing")
		require.Equal(t, survived, crashed.Crash(crashfs.Cut{}).Files("."), "all that survived is durable")

		life(t, fsys, seed+1000, 40)
		require.Equal(t, survived, crashed.Files("."))
		after := fsys.Files(".")
		life(t, crashed, seed+2000, 40)
		require.Equal(t, after, fsys.Files("."))
	}
}

// About the requested percentage of each kind of change survives.
func TestCrashSurvive(t *testing.T) {
	fsys := run(t, map[string][]byte{"f": fill('A', 4096)}, write("f", 'B', 4096, 0))
	for _, percent := range []int{0, 1, 25, 90, 100} {
		survived := 0
		for seed := range uint64(10000) {
			if fsys.Crash(crashfs.Cut{Seed: seed, Survive: percent}).Files(".")["f"][0] == 'B' {
				survived++
			}
		}
		require.InDelta(t, percent*100, survived, float64(percent%100*8))
	}
}

func TestCrashFreesLocks(t *testing.T) {
	fsys := crashfs.FromFiles(map[string][]byte{"lock": nil})
	_, err := fsys.Lock("lock")
	require.NoError(t, err)
	_, err = fsys.Crash(crashfs.Cut{Survive: 100}).Lock("lock")
	require.NoError(t, err)
	_, err = fsys.Lock("lock")
	require.ErrorIs(t, err, fsabstraction.ErrLocked)
}
