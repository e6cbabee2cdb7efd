// Command inmemory uses package ledger with an in-memory store.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/afero"

	"github.com/thawlog/thaw/examples/inmemory/ledger"
	"github.com/thawlog/thaw/fsabstraction/aferofs"
	"github.com/thawlog/thaw/host"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "inmemory:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) error {
	options := host.Options{FS: aferofs.New(afero.NewMemMapFs())}
	for range 2 { // the second run is a restart: same memory, new store
		if err := visit(ctx, out, options); err != nil {
			return err
		}
	}
	return nil
}

func visit(ctx context.Context, out io.Writer, options host.Options) (err error) {
	l, err := ledger.Open(ctx, "/ledger", options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()

	if err := l.Deposit(ctx, "ada", 100, "request 1"); err != nil {
		return err
	}
	switch err := l.Withdraw(ctx, "ada", 70); {
	case errors.Is(err, ledger.ErrFunds):
		fmt.Fprintln(out, "refused:", err)
	case err != nil:
		return err
	}
	balance, err := l.Balance(ctx, "ada")
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "ada has", balance)
	return nil
}
