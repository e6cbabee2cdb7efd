package host_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"os"
	"path/filepath"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/payload"
)

// A program that follows a store which another process writes. It can be killed at any moment
// and misses nothing: it saves its position only after the events before it have been dealt
// with, so it may see the last few again.
func ExampleDirReader_Follow() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	accounts := host.Region{EntityPrefix: "account:"}
	r, err := host.OpenReader(ctx, batpakStore("tail"), host.ReaderOptions{})
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()

	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	checkpoint := host.CheckpointFile{Path: filepath.Join(dir, "accounts.checkpoint")}
	from, err := checkpoint.Load(accounts)
	if errors.Is(err, fs.ErrNotExist) {
		from, err = host.Position{}, nil // the first time: from the beginning
	}
	if err != nil {
		log.Fatal(err) // of another region, or damaged
	}

	seen := 0
	follower := r.Follow(accounts, from, host.FollowOptions{
		Checkpoint: func(p host.Position) error { return checkpoint.Save(accounts, p) },
		CaughtUp: func(p host.Position) error {
			fmt.Println("caught up at", p.Sequence, "with", seen, "events")
			cancel() // a real program goes on
			return nil
		},
	})
	for e, err := range follower.Events(ctx) {
		if errors.Is(err, context.Canceled) {
			break
		}
		if err != nil {
			log.Fatal(err) // of another store, beyond its end, or it cannot be read
		}
		if _, err := payload.AppendJSON(nil, e.Payload); err != nil {
			log.Fatal(err)
		}
		seen++
	}
	// Output:
	// caught up at 48 with 48 events
}

// In the process of the writer a follower gets an event as soon as it is committed.
func ExampleStore_Follow() {
	ctx := context.Background()
	st := newOrders()
	defer st.Close()

	now, err := st.Position(ctx)
	if err != nil {
		log.Fatal(err)
	}
	go func() {
		_, err := st.Append(ctx, event.At("order:44", "shop:eu"), OrderPlaced, "3 tins")
		if err != nil {
			log.Print(err)
		}
	}()
	for e, err := range st.Follow(host.Region{EntityPrefix: "order:"}, now, host.FollowOptions{}).Events(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		var what string
		if err := payload.Unmarshal(e.Payload, &what); err != nil {
			log.Fatal(err)
		}
		fmt.Println(e.Entity, what)
		break
	}
	// Output:
	// order:44 3 tins
}
