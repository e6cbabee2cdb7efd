package crashfs_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction/crashfs"
)

// tearing runs steps and calls hook with the last announced operation.
func tearing(t *testing.T, synced int, hook func(fsys *crashfs.FS, op crashfs.Op), steps ...step) {
	fsys := crashfs.FromFiles(map[string][]byte{"f": fill('A', synced)})
	for i, s := range steps {
		if i == len(steps)-1 {
			fsys.OnOp(func(op crashfs.Op) { hook(fsys, op) })
		}
		s(t, fsys)
	}
}

func TestTorn(t *testing.T) {
	over := write("f", 'B', 8000, 4000)
	for _, test := range []struct {
		name   string
		synced int
		steps  []step
		keep   int
		rest   crashfs.Rest
		want   string
	}{
		{"nothing", 6000, []step{over}, 0, crashfs.Absent, "A6000"},
		{"a few bytes", 6000, []step{over}, 3, crashfs.Absent, "A4000 B3 A1997"},
		{"beyond the old end", 6000, []step{over}, 4196, crashfs.Absent, "A4000 B4196"},
		{"all", 6000, []step{over}, 8000, crashfs.Absent, "A4000 B8000"},
		{"more than all", 6000, []step{over}, 9000, crashfs.Zeros, "A4000 B8000"},
		{"less than nothing", 6000, []step{over}, -1, crashfs.Absent, "A6000"},
		{"nothing, zeros", 6000, []step{over}, 0, crashfs.Zeros, "A4000 .8000"},
		{"a few bytes, zeros", 6000, []step{over}, 3, crashfs.Zeros, "A4000 B3 .7997"},
		{"the file after it stays", 20000, []step{over}, 3, crashfs.Zeros, "A4000 B3 .7997 A8000"},
		{"past the end, nothing", 10, []step{over}, 0, crashfs.Absent, "A10"},
		{"past the end", 10, []step{over}, 1, crashfs.Absent, "A10 .3990 B1"},
		{"unsynced bytes are lost", 100, []step{write("f", 'C', 100, 100), write("f", 'B', 10, 200)}, 1, crashfs.Absent, "A100 .100 B1"},
		{"renamed while open", 100, []step{rename("f", "g"), syncDir("."), write("g", 'B', 10, 0)}, 1, crashfs.Absent, "B1 A99"},
	} {
		t.Run(test.name, func(t *testing.T) {
			called := false
			tearing(t, test.synced, func(fsys *crashfs.FS, op crashfs.Op) {
				called = true
				crashed := fsys.Crash(crashfs.Cut{Torn: &crashfs.Torn{Op: op, Keep: test.keep, Rest: test.rest}})
				for _, p := range crashed.Files(".") {
					require.Equal(t, test.want, describe(p))
				}
				require.Equal(t, crashed.Files("."), crashed.Crash(crashfs.Cut{}).Files("."), "it is durable")
			}, test.steps...)
			require.True(t, called)
		})
	}
}

func TestTornGarbage(t *testing.T) {
	tearing(t, 100, func(fsys *crashfs.FS, op crashfs.Op) {
		crash := func(seed uint64) []byte {
			return fsys.Crash(crashfs.Cut{Seed: seed, Torn: &crashfs.Torn{Op: op, Keep: 10, Rest: crashfs.Garbage}}).Files(".")["f"]
		}
		p := crash(1)
		require.Equal(t, "A50 B10", describe(p[:60]))
		require.Len(t, p, 1050)
		for _, c := range []string{"A", "B", "\x00"} {
			require.Less(t, bytes.Count(p[60:], []byte(c)), 50)
		}
		require.Equal(t, p, crash(1))
		require.NotEqual(t, p, crash(2))
	}, write("f", 'B', 1000, 50))
}

// The name may mean another file since the handle was opened.
func TestTornIsTheFileNotTheName(t *testing.T) {
	fsys := crashfs.FromFiles(map[string][]byte{"f": fill('A', 4), "g": fill('C', 4)})
	w, err := fsys.OpenWrite("f")
	require.NoError(t, err)
	require.NoError(t, fsys.Rename("f", "h"))
	require.NoError(t, fsys.Rename("g", "f"))
	require.NoError(t, fsys.SyncDir("."))
	fsys.OnOp(func(op crashfs.Op) {
		require.Equal(t, "f", op.Name)
		crashed := fsys.Crash(crashfs.Cut{Torn: &crashfs.Torn{Op: op, Keep: 2}})
		require.Equal(t, "f=C h=B", tree(t, crashed, "."))
	})
	_, err = w.WriteAt(fill('B', 4), 0)
	require.NoError(t, err)
}

func TestTornOnlyAWrite(t *testing.T) {
	require.PanicsWithValue(t, "crashfs: only a WriteAt can be torn, not Sync", func() {
		crashfs.New().Crash(crashfs.Cut{Torn: &crashfs.Torn{Op: crashfs.Op{Kind: crashfs.Sync}}})
	})
	require.Equal(t, "unknown operation", crashfs.Kind(0).String())
	require.Equal(t, "MkdirAll", crashfs.MkdirAll.String())
	require.Equal(t, "RenameDir", crashfs.RenameDir.String())
	require.Equal(t, "unknown operation", crashfs.Kind(12).String())
}
