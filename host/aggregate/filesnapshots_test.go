package aggregate_test

import (
	"bytes"
	"io/fs"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/fsabstraction/failfs"
	"github.com/thawlog/thaw/host/aggregate"
)

func TestFileSnapshots(t *testing.T) {
	ctx := t.Context()
	f := aggregate.FileSnapshots{Dir: t.TempDir() + "/deep/snapshots"}
	_, err := f.Get(ctx, "abcd")
	require.ErrorIs(t, err, fs.ErrNotExist)
	for _, text := range []string{"first", "second one", "3"} {
		require.NoError(t, f.Put(ctx, "abcd", []byte(text)))
		b, err := f.Get(ctx, "abcd")
		require.NoError(t, err)
		require.Equal(t, text, string(b))
	}
	for _, name := range []string{"", "a", "..", "../x", "ab/cd"} {
		require.ErrorIs(t, f.Put(ctx, name, nil), fs.ErrInvalid, name)
		_, err := f.Get(ctx, name)
		require.ErrorIs(t, err, fs.ErrInvalid, name)
	}
	// A temporary file that a crash left does not matter.
	mem := crashfs.FromFiles(map[string][]byte{"s/ab/abcd.tmp": []byte("half")})
	f = aggregate.FileSnapshots{FS: mem, Dir: "s"}
	require.NoError(t, f.Put(ctx, "abcd", []byte("x")))
	require.Equal(t, map[string][]byte{"abcd": []byte("x")}, mem.Files("s/ab"))
}

// TestSnapshotPowerCut: after a power cut at any moment of writing snapshots, loads from what
// is left are right.
func TestSnapshotPowerCut(t *testing.T) {
	st := filled(t, crashfs.New())
	disk := crashfs.New()
	var left []*crashfs.FS
	disk.OnOp(func(op crashfs.Op) {
		for _, cut := range []crashfs.Cut{{}, {Survive: 100}, {Survive: 50, Seed: 1}, {Survive: 50, Seed: 2}, {Survive: 50, Seed: 3}} {
			left = append(left, disk.Crash(cut))
			if op.Kind == crashfs.WriteAt {
				for _, rest := range []crashfs.Rest{crashfs.Absent, crashfs.Zeros, crashfs.Garbage} {
					cut.Torn = &crashfs.Torn{Op: op, Keep: len(op.Data) / 2, Rest: rest}
					left = append(left, disk.Crash(cut))
				}
			}
		}
	})
	files := func(fs *crashfs.FS) *aggregate.Aggregates[account] {
		return accounts(st, snapshots(aggregate.FileSnapshots{FS: fs, Dir: "snapshots"}, 5))
	}
	a := files(disk)
	for range 3 {
		require.NoError(t, a.Snapshot(t.Context(), "1"))
		do(t, accounts(st), "1", deposit(1))
	}
	disk.OnOp(nil)
	require.Greater(t, len(left), 40)
	want := load(t, accounts(st), "1").State
	used := uint64(0)
	for _, fs := range left {
		a := files(fs)
		require.Equal(t, want, load(t, a, "1").State)
		a.Close()
		used += a.SnapshotStatus().Used
		require.NoError(t, a.Snapshot(t.Context(), "1"), "it can be written again")
		require.Zero(t, load(t, a, "1").Folded)
	}
	require.NotZero(t, used)
}

// TestSnapshotFaults: whichever operation on its files fails, Do and Load do not, and the
// failure can be asked for.
func TestSnapshotFaults(t *testing.T) {
	for _, forever := range []bool{false, true} {
		for _, applied := range []bool{false, true} {
			k := 1
			for ; ; k++ {
				st := filled(t, crashfs.New())
				mem := crashfs.New()
				disk := failfs.New(mem)
				fault := disk.Fail(failfs.Rule{Nth: k, Forever: forever, Applied: applied})
				a := accounts(st, snapshots(aggregate.FileSnapshots{FS: disk, Dir: "snapshots"}, 1))
				failed := 0
				for range 2 {
					if err := a.Snapshot(t.Context(), "1"); err != nil {
						require.ErrorIs(t, err, failfs.ErrInjected)
						failed++
					}
					do(t, a, "1", deposit(1))
				}
				require.Equal(t, 8, load(t, a, "1").State.Balance)
				a.Close()
				s := a.SnapshotStatus()
				if fault.Fired() == 0 {
					require.Zero(t, s.Failed+s.Rejected)
					break
				}
				if failed > 0 {
					require.ErrorIs(t, s.Err, failfs.ErrInjected)
				}
				require.GreaterOrEqual(t, s.Failed, uint64(failed))
				if !forever {
					fault.Remove()
					require.NoError(t, a.Snapshot(t.Context(), "1"))
					for name := range mem.Files("snapshots/" + onlyDir(t, mem)) {
						require.False(t, strings.HasSuffix(name, ".tmp"))
					}
				}
			}
			require.Greater(t, k, 6)
		}
	}
}

func onlyDir(t *testing.T, fs *crashfs.FS) string {
	entries, err := fs.ReadDir("snapshots")
	require.NoError(t, err)
	require.Len(t, entries, 1)
	return entries[0].Name
}

// TestPutAtOnce: several snapshots of one name can be put at once; one of them stays.
func TestPutAtOnce(t *testing.T) {
	f := aggregate.FileSnapshots{Dir: t.TempDir()}
	name := strings.Repeat("ab", 16)
	var puts sync.WaitGroup
	for i := range 8 {
		puts.Go(func() {
			for range 50 {
				assert.NoError(t, f.Put(t.Context(), name, bytes.Repeat([]byte{byte(i)}, 1000)))
			}
		})
	}
	puts.Wait()
	b, err := f.Get(t.Context(), name)
	require.NoError(t, err)
	require.Equal(t, bytes.Repeat(b[:1], 1000), b)
}
