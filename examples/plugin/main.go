// Command plugin reads a store through thaw.wasm: the code that parses the files runs in a
// sandbox without files, clock or network, and this program passes it the bytes it
// requests. With "native" in place of thaw.wasm the same code runs without a sandbox.
//
//	make wasm
//	go run ./examples/plugin bin/thaw.wasm DIR
//	node examples/plugin/report.mjs bin/thaw.wasm DIR
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/wasm/plugin"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: plugin THAW.WASM|native DIR")
		os.Exit(2)
	}
	if err := run(context.Background(), os.Stdout, os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "plugin:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, wasm, dir string) (err error) {
	if wasm == "native" {
		r, err := host.OpenReader(ctx, dir, host.ReaderOptions{})
		if err != nil {
			return err
		}
		return errors.Join(report(ctx, out, r), r.Close())
	}
	p, err := plugin.LoadFile(ctx, wasm, plugin.Options{}) // caches compiled code
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	r, err := p.OpenReader(ctx, dir, plugin.ReaderOptions{})
	if err != nil {
		return err
	}
	return errors.Join(report(ctx, out, r), r.Close())
}
