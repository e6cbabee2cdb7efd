package crash_test

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/visibility"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/fsabstraction/failfs"
	"github.com/thawlog/thaw/host"
)

const rescued = "/rescued"

// wreck is a damaged store and what a salvage of it must give.
type wreck struct {
	files map[string][]byte // by path
	want  []event.Event
}

// wrecked damages a store of several segments: a frame, a footer, and the indexes.
func wrecked(t *testing.T) *wreck {
	fsys := crashfs.New()
	o := withFlushes(often, options(fsys, 11))
	o.KindNames = map[event.Kind]string{event.Data: "data"}
	for range 3 {
		st, err := host.Open(ctx, dir, o)
		require.NoError(t, err)
		for i := range 4 {
			_, err := st.Append(ctx, event.At(fmt.Sprint("e", i%2), "s"), event.Data, i)
			require.NoError(t, err)
		}
		require.NoError(t, st.Close())
	}
	w := &wreck{files: map[string][]byte{}}
	for name, b := range fsys.Files(dir) {
		w.files[filepath.Join(dir, name)] = slices.Clone(b)
	}
	w.files[filepath.Join(dir, visibility.FileName)] = visibility.AppendFile(nil, visibility.Ranges{{Start: 5, End: 7}})
	first := slices.Sorted(maps.Keys(w.files))[0]
	w.files[first][400] ^= 1
	w.files[first][len(w.files[first])-3] ^= 1
	w.files[filepath.Join(dir, "index.fbati")][100] ^= 1
	delete(w.files, filepath.Join(dir, "index.thaw"))
	out := w.disk()
	report, err := host.Salvage(ctx, dir, rescued, host.SalvageOptions{FS: out, SegmentSize: 4000})
	require.NoError(t, err)
	require.Positive(t, report.Lost)
	require.Positive(t, report.Hidden)
	w.want, err = found(out)
	require.NoError(t, err)
	require.Len(t, w.want, int(report.Events-report.Hidden))
	return w
}

// disk returns a file system with the damaged store alone.
func (w *wreck) disk() *crashfs.FS {
	files := map[string][]byte{}
	for name, b := range w.files {
		files[name] = slices.Clone(b)
	}
	return crashfs.FromFiles(files)
}

// unchanged requires that the damaged store is as it was.
func (w *wreck) unchanged(fsys *crashfs.FS) error {
	is := fsys.Files(dir)
	for name, b := range w.files {
		if string(is[filepath.Base(name)]) != string(b) {
			return errors.New(name + " was changed")
		}
	}
	if len(is) != len(w.files) {
		return errors.New("files were added to the damaged store")
	}
	return nil
}

// found returns the events of the new store, nil if there is none.
func found(fsys fsabstraction.ReadFS) ([]event.Event, error) {
	if _, err := fsys.Lstat(rescued); err != nil {
		return nil, nil
	}
	result, err := host.Verify(ctx, rescued, host.ReaderOptions{FS: fsys, Logger: quiet}, nil)
	if err == nil {
		err = result.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("the new store: %w", err)
	}
	r, err := host.OpenReader(ctx, rescued, host.ReaderOptions{FS: fsys, Logger: quiet, Strict: true})
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return events(r)
}

// check requires that the new store is whole or empty. An empty one becomes whole by
// another salvage, and a whole one takes appends.
func (w *wreck) check(fsys *crashfs.FS) (whole bool, err error) {
	if err := w.unchanged(fsys); err != nil {
		return false, err
	}
	is, err := found(fsys)
	if err != nil {
		return false, err
	}
	if whole = len(is) > 0; whole {
		if err := same(w.want, is); err != nil {
			return true, fmt.Errorf("a part of the new store looks whole: %w", err)
		}
	}
	_, err = host.Salvage(ctx, dir, rescued, host.SalvageOptions{FS: fsys, SegmentSize: 4000})
	if whole != errors.Is(err, fs.ErrExist) {
		return whole, fmt.Errorf("another salvage over a store that is whole, %v: %w", whole, err)
	}
	if !whole && err != nil {
		return false, err
	}
	if is, err = found(fsys); err == nil {
		err = same(w.want, is)
	}
	if err != nil {
		return whole, fmt.Errorf("after another salvage: %w", err)
	}
	st, err := host.Open(ctx, rescued, options(fsys, 12))
	if err != nil {
		return whole, err
	}
	if _, err = st.Append(ctx, event.At("e0", "s"), event.Data, "on"); err != nil {
		return whole, err
	}
	if err := st.Close(); err != nil {
		return whole, err
	}
	is, err = found(fsys)
	if err == nil && len(is) != len(w.want)+1 {
		err = errors.New("the append is missing")
	}
	return whole, err
}

// TestSalvagePowerCuts cuts the power before each operation of a salvage.
func TestSalvagePowerCuts(t *testing.T) {
	w := wrecked(t)
	density := int(setting(t, "THAW_SALVAGE_DENSITY", 2))
	if raceEnabled {
		density = 0
	}
	random := rand.New(rand.NewPCG(setting(t, "THAW_CRASH_SEED", 1), 13))
	disk := w.disk()
	states, wholes := 0, 0
	var failed error
	try := func(fsys *crashfs.FS, when string) {
		if failed != nil {
			return
		}
		states++
		whole, err := w.check(fsys)
		if err != nil {
			failed = fmt.Errorf("%s: %w", when, err)
		}
		if whole {
			wholes++
		}
	}
	disk.OnOp(func(op crashfs.Op) {
		for _, cut := range cuts(op, random, density) {
			try(disk.Crash(cut), fmt.Sprintf("operation %d, %v %s, %+v", op.N, op.Kind, op.Name, cut))
		}
	})
	_, err := host.Salvage(ctx, dir, rescued, host.SalvageOptions{FS: disk, SegmentSize: 4000})
	require.NoError(t, err)
	disk.OnOp(nil)
	for range 20 {
		fsys := disk.Crash(crashfs.Cut{Seed: random.Uint64(), Survive: random.IntN(101)})
		is, err := found(fsys)
		require.NoError(t, err)
		require.NoError(t, same(w.want, is), "a salvage that returned is on disk")
		states++
	}
	require.NoError(t, failed)
	require.NotZero(t, wholes)
	require.NotEqual(t, states, wholes)
	t.Logf("%d states, %d of them whole", states, wholes)
}

// TestSalvageFailures makes each operation of a salvage fail, once and from then on.
func TestSalvageFailures(t *testing.T) {
	w := wrecked(t)
	runs := 0
	for _, rule := range []failfs.Rule{
		{Kinds: failfs.Changes}, {Kinds: failfs.Changes, Forever: true}, {Kinds: failfs.Changes, Applied: true},
		{Kinds: failfs.Reads}, {Kinds: failfs.Reads, Forever: true},
	} {
		step := 1
		if raceEnabled {
			step = 7
		}
		for rule.Nth = 1; ; rule.Nth += step {
			disk := w.disk()
			fsys := failfs.New(disk)
			fault := fsys.Fail(rule)
			_, err := host.Salvage(ctx, dir, rescued, host.SalvageOptions{FS: fsys, SegmentSize: 4000})
			if fault.Fired() == 0 {
				require.NoError(t, err)
				break
			}
			runs++
			fault.Remove()
			var d *damage.Damage
			require.False(t, errors.As(err, &d), "a failed call is no damage: %v", err)
			whole, checked := w.check(disk)
			require.NoError(t, checked, "%+v: %v", rule, err)
			require.True(t, err != nil || whole, "%+v", rule)
		}
	}
	t.Logf("%d runs with a fault", runs)
}
