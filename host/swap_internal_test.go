package host

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	coredir "github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/swap"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/fsabstraction/failfs"
	"github.com/thawlog/thaw/fsabstraction/memfs"
)

// The files before and after the swap of these tests.
var (
	swapBefore = map[string]string{
		"000001.fbat": "one", "000002.fbat": "two", "000003.fbat": "three", "000004.fbat": "four",
		"index.fbati": "old index", "index.thaw": "old lookups", "index.ckpt": "older", "000003-000004.thaw": "part",
		"notes.txt": "another program's",
	}
	swapAfter = map[string]string{
		"000001.fbat": "one and two", "000004.fbat": "four", "000003.fbat": "three",
		"index.fbati": "new index", "index.thaw": "new lookups", "store.thaw": "generation 1",
		"notes.txt": "another program's",
	}
)

const swapDir = "store"

// putFiles makes a directory of files that is on disk.
func putFiles(fsys fsabstraction.FS, files map[string]string) error {
	if err := makeDirectory(fsys, swapDir); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f, err := fsys.Create(filepath.Join(swapDir, name))
		if err != nil {
			return err
		}
		_, err = f.WriteAt([]byte(files[name]), 0)
		if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
			return err
		}
	}
	return syncDir(fsys, swapDir)
}

// doSwap makes swapAfter of swapBefore, and reports whether the new files count then.
func doSwap(fsys fsabstraction.FS) (done bool, err error) {
	s, err := beginSwap(fsys, swapDir)
	if err != nil {
		return false, err
	}
	for name, content := range swapAfter {
		if swapBefore[name] == content {
			continue
		}
		err = errors.Join(err, s.Write([]string{name}, func(files []fsabstraction.WriteFile) error {
			_, err := files[0].WriteAt([]byte(content), 0)
			return err
		}))
	}
	for name := range swapBefore {
		if _, stays := swapAfter[name]; !stays {
			s.Remove(name)
		}
	}
	if err == nil {
		err = s.Commit()
	}
	if err != nil {
		if errors.Is(err, errUndecided) {
			return false, err
		}
		return false, errors.Join(err, s.Abort())
	}
	_, err = finishSwap(fsys, swapDir, nil, nil)
	return true, err
}

// seenFiles returns the files that a reader sees, without leftovers.
func seenFiles(fsys fsabstraction.FS) (map[string]string, error) {
	options := ReaderOptions{FS: fsys}.withDefaults()
	d := newDirectory(swapDir, &options)
	defer d.release()
	files, err := coredir.Resolve(d)
	if err != nil {
		return nil, err
	}
	names, err := files.List()
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, n := range names {
		if coredir.KindOf(n.Name) == coredir.Temporary {
			continue
		}
		if _, err := files.Look(n.Name); err != nil {
			return nil, err
		}
		src, err := files.Open(n.Name)
		if err != nil {
			return nil, err
		}
		b := make([]byte, src.Size())
		if err := source.Read(src, b, 0); err != nil {
			return nil, err
		}
		out[n.Name] = string(b)
	}
	return out, nil
}

// checkSwap requires that a reader sees the old files or the new ones, and that finishing,
// twice, keeps what it sees and leaves nothing else.
func checkSwap(fsys fsabstraction.FS) error {
	seen, err := seenFiles(fsys)
	if err != nil {
		return err
	}
	if !maps.Equal(seen, swapBefore) && !maps.Equal(seen, swapAfter) {
		return fmt.Errorf("a mix: %q", seen)
	}
	for i := range 2 {
		if found, err := finishSwap(fsys, swapDir, nil, nil); err != nil || found && i > 0 {
			return fmt.Errorf("finishing: found %v, %w", found, err)
		}
		if err := removeLeftovers(fsys, swapDir, nil, false); err != nil {
			return err
		}
		after, err := seenFiles(fsys)
		if err != nil || !maps.Equal(seen, after) {
			return fmt.Errorf("%q became %q, %w", seen, after, err)
		}
	}
	names, err := fsys.ReadDir(swapDir)
	if len(names) != len(seen) {
		return fmt.Errorf("leftovers: %v, %w", names, err)
	}
	return nil
}

// TestSwapCrash: after a crash at any moment of a swap, and after another one at any moment
// of finishing it, the old files are there or the new ones.
func TestSwapCrash(t *testing.T) {
	crashes, old, finished := 0, 0, 0
	eachCrash := func(start *crashfs.FS, program func(fsabstraction.FS) error, check func(*crashfs.FS)) {
		for n := 1; ; n++ {
			disk := start.Crash(crashfs.Cut{Survive: 100})
			stopped := false
			writes := 0
			disk.OnOp(func(crashfs.Op) {
				if writes++; writes == n {
					stopped = true
					disk.StopAfter(n)
				}
			})
			_ = program(disk)
			for i, survive := range []int{100, 0, 20, 50, 80} {
				check(disk.Crash(crashfs.Cut{Seed: uint64(n*8 + i), Survive: survive}))
			}
			if !stopped {
				return
			}
		}
	}
	disk := crashfs.New()
	require.NoError(t, putFiles(disk, swapBefore))
	eachCrash(disk, func(fsys fsabstraction.FS) error { _, err := doSwap(fsys); return err }, func(disk *crashfs.FS) {
		crashes++
		_, err := disk.Lstat(filepath.Join(swapDir, swap.FileName))
		if err != nil || crashes%5 != 0 {
			seen, err := seenFiles(disk)
			require.NoError(t, err)
			if maps.Equal(seen, swapBefore) {
				old++
			}
			require.NoError(t, checkSwap(disk))
			return
		}
		eachCrash(disk, func(fsys fsabstraction.FS) error { _, err := finishSwap(fsys, swapDir, nil, nil); return err }, func(disk *crashfs.FS) {
			crashes++
			finished++
			seen, err := seenFiles(disk)
			require.NoError(t, err)
			require.Equal(t, swapAfter, seen)
			require.NoError(t, checkSwap(disk))
		})
	})
	require.Positive(t, old)
	require.Positive(t, finished)
	t.Logf("%d crashes, %d kept the old files, %d while the swap was finished", crashes, old, finished)
}

// TestSwapFailures: whichever call fails, once or from then on, the directory holds the old
// files or the new ones; the new ones if the swap said so, and the old ones if it said that
// nothing changed.
func TestSwapFailures(t *testing.T) {
	for name, rule := range map[string]failfs.Rule{
		"once":           {Kinds: failfs.Changes | failfs.Reads, Err: syscall.EIO},
		"from then on":   {Kinds: failfs.Changes, Err: syscall.EIO, Forever: true},
		"took effect":    {Kinds: failfs.Changes, Err: syscall.EIO, Applied: true},
		"directory sync": {Kinds: failfs.SyncDir, Err: syscall.EIO, Forever: true},
	} {
		for k := 1; ; k++ {
			disk := crashfs.New()
			require.NoError(t, putFiles(disk, swapBefore))
			fsys := failfs.New(disk)
			rule.Nth = k
			fault := fsys.Fail(rule)
			done, err := doSwap(fsys)
			if fault.Fired() == 0 {
				require.NoError(t, err)
				require.Greater(t, k, 5, name)
				break
			}
			undecided := errors.Is(err, errUndecided)
			for i, survive := range []int{100, 0, 50} {
				disk := disk.Crash(crashfs.Cut{Seed: uint64(i), Survive: survive})
				seen, err := seenFiles(disk)
				require.NoError(t, err, "%s, call %d", name, k)
				if !undecided {
					want := swapBefore
					if done {
						want = swapAfter
					}
					require.Equal(t, want, seen, "%s, call %d", name, k)
				}
				require.NoError(t, checkSwap(disk), "%s, call %d", name, k)
			}
		}
	}
}

// TestSwapRefused: a swap is not begun beside another one, and never touches a file that is
// not the store's.
func TestSwapRefused(t *testing.T) {
	fsys := memfs.New()
	require.NoError(t, putFiles(fsys, map[string]string{
		"000001.fbat": "one", "000001.fbat.swap": "left", "notes.swap": "kept", "000002.fbat.swap": "left",
	}))
	s, err := beginSwap(fsys, swapDir)
	require.NoError(t, err)
	names, err := fsys.ReadDir(swapDir)
	require.NoError(t, err)
	require.Len(t, names, 2, "leftovers are removed")
	s.Remove("../notes.txt")
	require.Error(t, s.Commit())

	require.NoError(t, putFiles(fsys, map[string]string{swap.FileName: "no record"}))
	_, err = beginSwap(fsys, swapDir)
	require.ErrorIs(t, err, errSwapPending)
	_, err = finishSwap(fsys, swapDir, nil, nil)
	var d *Damage
	require.ErrorAs(t, err, &d)
	require.Equal(t, swap.FileName, d.File)
	_, err = Open(t.Context(), swapDir, Options{FS: fsys})
	require.ErrorAs(t, err, &d)
	_, err = OpenReader(t.Context(), swapDir, ReaderOptions{FS: fsys})
	require.ErrorAs(t, err, &d)
}

// TestSourceOfSwappedSegment: what was opened under a waiting name stays readable when the file
// has its final name, also when a file of the next swap has the waiting one.
func TestSourceOfSwappedSegment(t *testing.T) {
	fsys := memfs.New()
	require.NoError(t, putFiles(fsys, map[string]string{"000001.fbat.swap": "new"}))
	options := ReaderOptions{FS: fsys}.withDefaults()
	d := newDirectory(swapDir, &options)
	defer d.release()
	src, err := d.Open("000001.fbat.swap")
	require.NoError(t, err)
	d.finishOpen()
	require.NoError(t, fsys.Rename(filepath.Join(swapDir, "000001.fbat.swap"), filepath.Join(swapDir, "000001.fbat")))
	for _, next := range []string{"", "a file of the next swap"} {
		if next != "" {
			require.NoError(t, putFiles(fsys, map[string]string{"000001.fbat.swap": next}))
		}
		b := make([]byte, src.Size())
		require.NoError(t, source.Read(src, b, 0))
		require.Equal(t, "new", string(b))
		d.mu.Lock()
		d.open.trim(0)
		d.mu.Unlock()
	}
}
