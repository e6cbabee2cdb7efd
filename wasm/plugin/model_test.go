package plugin

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/wasm/internal/vectors"
)

// TestModel runs random queries on random stores: the plugin returns the results of native code.
func TestModel(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		c := vectors.Draw(t, r)
		require.Equal(r, vectors.Native(c), answers(t, c, rapid.Bool().Draw(r, "windows")))
	})
}
