package chrometest

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	shots    = flag.String("shots", "", "write pictures of every view to this `folder`")
	shotsOf  = flag.String("store", "", "of this store, in place of small ones")
	shotWide = []int64{360, 768, 1280, 2560}
)

// TestShots takes pictures of every view, to be looked at:
//
//	go test -run TestShots -shots DIR [-store DIR]
func TestShots(t *testing.T) {
	if *shots == "" {
		t.Skip("no -shots DIR to write pictures to")
	}
	stores := map[string]string{}
	if *shotsOf != "" {
		dir, err := filepath.Abs(*shotsOf)
		require.NoError(t, err)
		stores["store"] = dir
	} else {
		stores["small"] = shop(t, 40)
		stores["hostile"] = hostile(t)
		hurt := copyStore(t, stores["small"])
		flip(t, filepath.Join(hurt, "000001.fbat"), 5_000)
		stores["damaged"] = hurt
		sample := filepath.Join(t.TempDir(), "sample")
		require.NoError(t, run(site(t).root, "go", "run", "./wasm/browser/sample", "-o", sample))
		stores["sample"] = sample
	}
	p := load(t, site(t).URL)
	for name, dir := range stores {
		for _, scheme := range []string{"light", "dark"} {
			for _, width := range shotWide {
				if scheme == "dark" && width != 360 && width != 1280 {
					continue
				}
				p.Scheme(scheme)
				p.Size(width, max(800, width*9/16))
				to := filepath.Join(*shots, name)
				require.NoError(t, os.MkdirAll(to, 0o777))
				visit(t, p, dir, func(view string) {
					p.Shot(filepath.Join(to, fmt.Sprintf("%s-%d-%s.png", view, width, scheme)))
				})
			}
		}
	}
}
