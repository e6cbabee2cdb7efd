package plugin

import (
	"context"
	"testing"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/host/metamorphic"
)

// TestMetamorphic runs scripts of random operations as package metamorphic does, and asks the
// plugin's reader too.
func TestMetamorphic(t *testing.T) {
	p := loaded(t)
	metamorphic.Run(t, metamorphic.Options{
		Seeds: 30, Package: "./wasm/plugin", Test: "TestMetamorphic",
		Other: func(fsys fsabstraction.ReadFS, dir string) (metamorphic.Closer, error) {
			return p.OpenReader(context.Background(), dir, ReaderOptions{FS: fsys})
		},
	})
}
