package host_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/memfs"
	"github.com/thawlog/thaw/host"
)

// A payload that should not have been appended is removed from every file of the store.
func ExampleStore_Redact() {
	ctx := context.Background()
	store, err := host.Open(ctx, "/orders", host.Options{FS: memfs.New()})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	for _, entity := range []string{"customer:7", "customer:8"} {
		if _, err := store.Append(ctx, event.At(entity, "shop"), 0x1001, "lives at home"); err != nil {
			log.Fatal(err)
		}
	}
	done, err := store.Redact(ctx, host.Region{Entity: "customer:7"}, host.RedactOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(done.Redacted, "event")
	for e, err := range store.ReadEach(ctx, store.Query(ctx, host.Region{}, host.Page{})) {
		switch {
		case errors.Is(err, host.ErrErased):
			fmt.Println(e.Sequence, e.Entity, "redacted")
		case err != nil:
			log.Fatal(err)
		default:
			fmt.Printf("%d %s %q\n", e.Sequence, e.Entity, e.Payload[1:])
		}
	}
	// Output:
	// 1 event
	// 0 customer:7 redacted
	// 1 customer:8 "lives at home"
}
