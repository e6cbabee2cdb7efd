package directory_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/swap"
)

// swapSteps does the swap of a directory the way a writer does, and returns the directory
// after each step, first with swap.thaw just made, and last without it.
func swapSteps(m directory.Memory, r *swap.Record) []directory.Memory {
	m = maps.Clone(m)
	m[swap.FileName] = swap.AppendFile(nil, r)
	out := []directory.Memory{maps.Clone(m)}
	for _, name := range r.Renames {
		m[name] = m[swap.Name(name)]
		delete(m, swap.Name(name))
		out = append(out, maps.Clone(m))
	}
	for _, name := range r.Removes {
		delete(m, name)
		out = append(out, maps.Clone(m))
	}
	delete(m, swap.FileName)
	return append(out, m)
}

// content reads a directory through its Files.
func content(t require.TestingT, files directory.Files) map[string]string {
	names, err := files.List()
	require.NoError(t, err)
	out := map[string]string{}
	for _, n := range names {
		require.False(t, n.Odd)
		require.NotContains(t, out, n.Name, "listed twice")
		e, err := files.Look(n.Name)
		require.NoError(t, err, n.Name)
		require.Equal(t, n.Name, e.Name)
		src, err := files.Open(n.Name)
		require.NoError(t, err, n.Name)
		require.Equal(t, e.Size, src.Size())
		b := make([]byte, src.Size())
		require.NoError(t, source.Read(src, b, 0))
		out[n.Name] = string(b)
	}
	return out
}

// TestResolve: at every step of a swap a reader sees the files of after it, and without
// swap.thaw the files that are there.
func TestResolve(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := []string{
			"000001.fbat", "000002.fbat", "000003.fbat", "index.fbati", "index.thaw", "index.ckpt", "store.thaw",
			"000001-000002.thaw", "visibility_ranges.fbv", "names.thaw",
		}
		m := directory.Memory{"synced.thaw": []byte("mark"), "notes.txt": []byte("no file of the store"), "a.swap": []byte("nor this")}
		r := &swap.Record{}
		for _, name := range names {
			if rapid.Bool().Draw(t, "old "+name) {
				m[name] = []byte("old " + name)
			}
			switch rapid.IntRange(0, 2).Draw(t, "swap "+name) {
			case 1:
				m[swap.Name(name)] = []byte("new " + name)
				r.Renames = append(r.Renames, name)
			case 2:
				r.Removes = append(r.Removes, name)
			}
		}
		slices.Sort(r.Renames)
		slices.Sort(r.Removes)
		same, err := directory.Resolve(m)
		require.NoError(t, err)
		require.Equal(t, m, same, "no swap is pending")

		steps := swapSteps(m, r)
		after := content(t, steps[len(steps)-1])
		for i, m := range steps[:len(steps)-1] {
			_, err := directory.List(m)
			require.ErrorIs(t, err, directory.ErrSwap)
			files, err := directory.Resolve(m)
			require.NoError(t, err)
			require.Equal(t, after, content(t, files), "step %d", i)
			for _, name := range append(slices.Clone(r.Removes), swap.FileName, "000001.fbat.swap") {
				_, err := files.Look(name)
				require.ErrorIs(t, err, source.ErrGone, name)
				_, err = files.Open(name)
				require.ErrorIs(t, err, source.ErrGone, name)
			}
			l, err := directory.List(files)
			require.NoError(t, err)
			swapped, err := l.Swapped()
			require.NoError(t, err)
			require.False(t, swapped)
			delete(m, swap.FileName) // the writer finished
			swapped, err = l.Swapped()
			require.NoError(t, err)
			require.True(t, swapped)
			_, err = files.List()
			require.ErrorIs(t, err, source.ErrGone)
		}

		last := steps[len(steps)-2]
		last[swap.FileName] = swap.AppendFile(nil, r)
		files, err := directory.Resolve(last)
		require.NoError(t, err)
		delete(last, swap.FileName)
		for _, name := range names { // the next swap, before it counts
			last[swap.Name(name)] = []byte("a file of the next swap")
		}
		for name, want := range after {
			e, err := files.Look(name)
			require.NoError(t, err, name)
			require.Equal(t, directory.Entry{Name: name, Size: int64(len(want)), Regular: true}, e)
			src, err := files.Open(name)
			require.NoError(t, err, name)
			require.Equal(t, int64(len(want)), src.Size(), name)
		}
	})
}

// TestSwapped: a listing notices that files were swapped since, by their store.thaw.
func TestSwapped(t *testing.T) {
	for name, change := range map[string]func(directory.Memory){
		"none":    func(directory.Memory) {},
		"made":    func(m directory.Memory) { m["store.thaw"] = []byte("first") },
		"other":   func(m directory.Memory) { m["store.thaw"] = []byte("another one") },
		"removed": func(m directory.Memory) { delete(m, "store.thaw") },
	} {
		m := directory.Memory{"000001.fbat": nil}
		if name != "made" {
			m["store.thaw"] = []byte("one")
		}
		l, err := directory.List(m)
		require.NoError(t, err)
		change(m)
		swapped, err := l.Swapped()
		require.NoError(t, err)
		require.Equal(t, name != "none", swapped, name)
	}
}

// lookHook calls a function after the look at a name.
type lookHook struct {
	directory.Memory
	name string
	then func()
}

func (h lookHook) Look(name string) (directory.Entry, error) {
	e, err := h.Memory.Look(name)
	if name == h.name {
		h.then()
	}
	return e, err
}

// TestLookAllSwapped: looks at the names of before and after a swap make no directory.
func TestLookAllSwapped(t *testing.T) {
	for _, at := range []string{"store.thaw", "index.fbati", "000001.fbat", "visibility_ranges.fbv"} {
		m := directory.Memory{"000001.fbat": nil, "index.fbati": nil, "store.thaw": []byte("a")}
		_, err := directory.LookAll(lookHook{m, at, func() { m["store.thaw"] = []byte("another") }})
		require.ErrorIs(t, err, source.ErrGone, at)
		delete(m, "store.thaw")
		_, err = directory.LookAll(lookHook{m, at, func() {
			if at != "store.thaw" {
				m["store.thaw"] = []byte("first")
			}
		}})
		require.Equal(t, at != "store.thaw", errors.Is(err, source.ErrGone), at)
		entries, err := directory.LookAll(m)
		require.NoError(t, err)
		require.Equal(t, len(m), len(entries))
	}
}

// TestResolveDamaged: without a sound swap.thaw nothing is known of the store.
func TestResolveDamaged(t *testing.T) {
	good := swap.AppendFile(nil, &swap.Record{Renames: []string{"000001.fbat"}})
	foreign := func(r swap.Record) []byte { return swap.AppendFile(nil, &r) }
	for name, c := range map[string]struct {
		content []byte
		want    damage.Reason
	}{
		"empty":          {nil, damage.Short},
		"a flipped bit":  {append(slices.Clone(good[:len(good)-1]), 'u'), damage.Checksum},
		"another's file": {foreign(swap.Record{Removes: []string{"notes.txt"}}), damage.Body},
		"the lock":       {foreign(swap.Record{Removes: []string{"thaw.lock"}}), damage.Body},
		"the sync mark":  {foreign(swap.Record{Renames: []string{"synced.thaw"}}), damage.Body},
		"itself":         {foreign(swap.Record{Removes: []string{"swap.thaw"}}), damage.Body},
		"a temporary":    {foreign(swap.Record{Removes: []string{"index.thaw.tmp"}}), damage.Body},
	} {
		m := directory.Memory{"000001.fbat": nil, swap.FileName: c.content}
		_, err := directory.Resolve(m)
		var d *damage.Damage
		require.ErrorAs(t, err, &d, name)
		require.Equal(t, swap.FileName, d.File, name)
		require.Equal(t, c.want, d.Reason, name)
		require.True(t, strings.Contains(err.Error(), swap.FileName))
	}
	_, err := directory.Resolve(oddSwap{directory.Memory{swap.FileName: good}})
	require.ErrorIs(t, err, damage.NotRegular)
}

// oddSwap is a directory whose swap.thaw is no regular file.
type oddSwap struct{ directory.Memory }

func (o oddSwap) Look(name string) (directory.Entry, error) {
	e, err := o.Memory.Look(name)
	e.Regular = name != swap.FileName
	return e, err
}
