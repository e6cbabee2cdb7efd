package vectors

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/checkpoint"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/swap"
	"github.com/thawlog/thaw/wasm/abi"
	"github.com/thawlog/thaw/wasm/internal/madestore"
)

// Sound returns stores without damage: those of batpak in fixtures, one for each way to
// open, and some made here, with and without their optional files.
func Sound(t testing.TB, fixtures string) (out []*Case) {
	stores := readFixtures(t, fixtures)
	for seed := uint64(1); seed <= 4; seed++ {
		stores[fmt.Sprintf("made-%d", seed)] = madestore.New(t, madestore.Shape{
			Seed: seed, PerSegment: 40 << seed, Indexed: 2, Part: int(seed % 2), Tail: int(seed % 3), Entities: 12 << seed, Scopes: 4,
		})
	}
	stores["swap"] = pending(stores["made-1"], stores["made-2"])
	for _, name := range slices.Sorted(maps.Keys(stores)) {
		for _, without := range [][]string{nil, {index.FileName}, {artifact.FileName}, {artifact.FileName, checkpoint.FileName}} {
			files := maps.Clone(stores[name])
			for _, w := range without {
				delete(files, w)
			}
			if without != nil && len(files) == len(stores[name]) {
				continue
			}
			c := &Case{Name: fmt.Sprintf("%s without %v", name, without), Files: files}
			c.Questions = Questions(files)
			out = append(out, c)
		}
		for flag, word := range map[uint32]string{
			abi.FlagCheckFrames | abi.FlagCheckIndex: "checked", abi.FlagShowHidden | abi.FlagStrict: "hidden shown",
		} {
			out = append(out, &Case{Name: name + " " + word, Files: stores[name], Flags: flag, Questions: Few()})
		}
	}
	return out
}

// pending returns a store amid a swap that replaces the files of old by those of files. Every
// third has its final name already.
func pending(files, old map[string][]byte) map[string][]byte {
	out, r := maps.Clone(old), &swap.Record{Renames: slices.Sorted(maps.Keys(files))}
	for i, name := range r.Renames {
		if i%3 != 1 {
			name = swap.Name(name)
		}
		out[name] = files[r.Renames[i]]
	}
	for _, name := range slices.Sorted(maps.Keys(old)) {
		if files[name] == nil {
			r.Removes = append(r.Removes, name)
		}
	}
	out[swap.FileName] = swap.AppendFile(nil, r)
	return out
}

// Damaged returns stores with one flipped bit, and stores with one truncated file, each at
// n places.
func Damaged(t testing.TB, fixtures string, n int) (out []*Case) {
	stores := readFixtures(t, fixtures)
	stores["made"] = madestore.New(t, madestore.Shape{Seed: 9, PerSegment: 30, Indexed: 2, Part: 1, Tail: 1, Entities: 20, Scopes: 3})
	for _, name := range slices.Sorted(maps.Keys(stores)) {
		for _, file := range slices.Sorted(maps.Keys(stores[name])) {
			b := stores[name][file]
			for i := range min(n, len(b)) {
				at := (len(b)*i + len(b)/2) / n
				flipped := slices.Clone(b)
				flipped[min(at, len(b)-1)] ^= 1 << (i % 8)
				for what, damaged := range map[string][]byte{"flipped": flipped, "cut": b[:min(at, len(b)-1)]} {
					files := maps.Clone(stores[name])
					files[file] = damaged
					out = append(out, &Case{Name: fmt.Sprintf("%s/%s %s at %d", name, file, what, at), Files: files, Questions: Few()})
				}
			}
		}
	}
	return out
}

// Ways returns in which of two ways the i-th case is asked its questions: every fifth in both, and the others
// by turns, or with THAW_FULL, which make nightly sets, all in both.
func Ways(i int) []bool {
	if i%5 == 0 || os.Getenv("THAW_FULL") != "" {
		return []bool{false, true}
	}
	return []bool{i%2 == 0}
}

// readFixtures returns the stores of batpak 0.4.0 in a directory.
func readFixtures(t testing.TB, dir string) map[string]map[string][]byte {
	out := map[string]map[string][]byte{}
	paths, err := filepath.Glob(filepath.Join(dir, "*", "store"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		files := map[string][]byte{}
		entries, err := os.ReadDir(path)
		require.NoError(t, err)
		for _, e := range entries {
			files[e.Name()], err = os.ReadFile(filepath.Join(path, e.Name()))
			require.NoError(t, err)
		}
		out[filepath.Base(filepath.Dir(path))] = files
	}
	return out
}
