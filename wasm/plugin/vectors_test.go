package plugin

import (
	"errors"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/wasm/abi"
	"github.com/thawlog/thaw/wasm/internal/madestore"
	"github.com/thawlog/thaw/wasm/internal/vectors"
)

// inMemory is a listing of files in memory, which are read by windows or handed over.
func inMemory(files map[string][]byte, windows bool) *listing {
	l := &listing{fs: memoryFS{files}}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f := &file{name: name, info: fsabstraction.Info{Size: int64(len(files[name])), Type: fsabstraction.Regular}}
		if !windows {
			f.whole = append([]byte{}, files[name]...)
		}
		l.files = append(l.files, f)
	}
	return l
}

// answers asks a case, by windows or with buffers.
func answers(t testing.TB, c *vectors.Case, windows bool) (out []vectors.Answer) {
	v := newView(loaded(t), inMemory(c.Files, windows), &ReaderOptions{})
	m, err := v.declare(t.Context())
	require.NoError(t, err)
	defer m.turn.unlock()
	defer v.empty(m)
	for _, q := range append([]abi.Request{c.Open()}, c.Questions...) {
		out = append(out, ask(t, v, m, &q))
	}
	return out
}

func ask(t testing.TB, v *view, m *member, q *abi.Request) (a vectors.Answer) {
	var text []byte
	err := v.ask(t.Context(), m, q, func(b []byte, _ uint32) error {
		text = append(text, b...)
		return nil
	})
	a.Text = string(text)
	if err != nil {
		var c abi.Code
		require.True(t, errors.As(err, &c), err)
		a.Code = int32(c)
		var said *saidError
		if errors.As(err, &said) {
			a.End = said.text
		}
	}
	return a
}

// TestVectors: native code and the plugin, by windows and with buffers, give the same
// answers, byte for byte.
func TestVectors(t *testing.T) {
	places := 2
	if os.Getenv("THAW_FULL") != "" {
		places = 12
	}
	cases := append(vectors.Sound(t, fixtures), vectors.Damaged(t, fixtures, places)...)
	require.Greater(t, len(cases), 200)
	step := 1
	if testing.Short() {
		step = 11
	}
	questions := 0
	for i := 0; i < len(cases); i += step {
		c := cases[i]
		want := vectors.Native(c)
		questions += len(want)
		for _, windows := range []bool{false, true} {
			got := answers(t, c, windows)
			for i := range want {
				if want[i] != got[i] {
					require.Equal(t, want[i], got[i], "%s, windows %v, question %d", c.Name, windows, i)
				}
			}
		}
	}
	t.Logf("%d stores, one in %d, %d questions", len(cases), step, questions)
}

// TestSmallCache: a cache that is smaller than what questions read changes no answer.
func TestSmallCache(t *testing.T) {
	skipShort(t)
	files := madestore.New(t, madestore.Shape{Seed: 11, PerSegment: 4000, Indexed: 3, Part: 1, Tail: 1, Entities: 900, Scopes: 7})
	c := &vectors.Case{Name: "large", Files: files, Questions: vectors.Questions(files)}
	want := vectors.Native(c)
	v := newView(loaded(t), inMemory(files, true), &ReaderOptions{})
	m, err := v.declare(t.Context())
	require.NoError(t, err)
	defer m.turn.unlock()
	defer v.empty(m)
	open := c.Open()
	open.Limit = 1 // MiB
	for i, q := range append([]abi.Request{open}, c.Questions...) {
		if got := ask(t, v, m, &q); got != want[i] {
			require.Equal(t, want[i], got, i)
		}
	}
}
