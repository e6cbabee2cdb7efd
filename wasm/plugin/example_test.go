package plugin_test

import (
	"context"
	"fmt"
	"log"

	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/wasm/plugin"
)

// A store is opened through thaw.wasm, which `make wasm` builds, and queried like host's
// readers are.
func Example() {
	ctx := context.Background()
	p, err := plugin.LoadFile(ctx, "bin/thaw.wasm", plugin.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer p.Close()
	r, err := p.OpenReader(ctx, "orders", plugin.ReaderOptions{})
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	for e, err := range r.Query(ctx, host.Region{EntityPrefix: "order:"}, host.Page{Limit: 10}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(e.Sequence, e.Entity, e.Kind)
	}
}
