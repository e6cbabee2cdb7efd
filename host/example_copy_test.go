package host_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

// A backup is made beside the writer, and the next one copies what is new. It is a store.
func ExampleStore_Backup() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "thaw")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	st, err := host.Open(ctx, filepath.Join(dir, "orders"), host.Options{})
	if err != nil {
		panic(err)
	}
	defer st.Close()
	backup := filepath.Join(dir, "backup")
	for i := range 2 {
		if _, err := st.Append(ctx, event.At("order:7", "shop"), event.Data, i); err != nil {
			panic(err)
		}
		r, err := st.Backup(ctx, backup, host.BackupOptions{})
		if err != nil {
			panic(err)
		}
		fmt.Println("first:", r.First, "events:", r.Events)
	}
	found, err := host.Verify(ctx, backup, host.ReaderOptions{}, nil)
	fmt.Println("sound:", found.Sound(), err)
	// Output:
	// first: true events: 1
	// first: false events: 2
	// sound: true <nil>
}

// A fork is the store as it was after an event, and goes its own way.
func ExampleFork() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "thaw")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	orders, whatIf := filepath.Join(dir, "orders"), filepath.Join(dir, "what-if")
	st, err := host.Open(ctx, orders, host.Options{})
	if err != nil {
		panic(err)
	}
	defer st.Close()
	for i := range 5 {
		if _, err := st.Append(ctx, event.At("order:7", "shop"), event.Data, i); err != nil {
			panic(err)
		}
	}
	r, err := host.Fork(ctx, orders, 2, whatIf, host.ForkOptions{})
	if err != nil {
		panic(err)
	}
	fmt.Println("in common up to sequence", r.Origin.Sequence)
	fork, err := host.Open(ctx, whatIf, host.Options{})
	if err != nil {
		panic(err)
	}
	defer fork.Close()
	receipt, err := fork.Append(ctx, event.At("order:7", "shop"), event.Data, "another story")
	fmt.Println("the next sequence is", receipt.Sequence, err)
	// Output:
	// in common up to sequence 2
	// the next sequence is 3 <nil>
}
