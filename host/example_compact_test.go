package host_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/memfs"
	"github.com/thawlog/thaw/host"
)

// Retention: events of carts are dropped once they are older than a day. Everything else keeps
// its place.
func ExampleStore_Compact() {
	ctx := context.Background()
	now := time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)
	store, err := host.Open(ctx, "shop", host.Options{FS: memfs.New(), Now: func() time.Time { return now }})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	for _, entity := range []string{"cart:1", "order:1", "cart:2"} {
		if _, err := store.Append(ctx, event.At(entity, "shop"), event.Data, "item"); err != nil {
			log.Fatal(err)
		}
		now = now.Add(20 * time.Hour)
	}

	limit := uint64(now.Add(-24 * time.Hour).UnixMilli())
	result, err := store.Compact(ctx, host.Compaction{Judge: func(e event.Event) host.Verdict {
		if e.WallMS < limit && e.Entity[:5] == "cart:" {
			return host.DropEvent
		}
		return host.KeepEvent
	}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("dropped", result.Dropped, "of", result.Dropped+result.Events)
	for e, err := range store.Query(ctx, host.Region{}, host.Page{}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(e.Sequence, e.Entity)
	}
	// Output:
	// dropped 1 of 3
	// 1 order:1
	// 2 cart:2
}
