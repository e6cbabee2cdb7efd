package subjectkeys_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/memfs"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/subjectkeys"
)

// A customer's events are encrypted with a key of the customer. Destroying it forgets them.
func Example() {
	ctx := context.Background()
	fs := memfs.New()
	ring, err := subjectkeys.OpenFile("/customers.keys", subjectkeys.FileOptions{FS: fs, Create: true})
	if err != nil {
		log.Fatal(err)
	}
	store, err := host.Open(ctx, "/orders", host.Options{
		FS: fs,
		Cipher: subjectkeys.New(ring, func(at event.Coordinate, kind event.Kind) (subject string, ok bool) {
			return strings.CutPrefix(at.Entity, "customer:")
		}),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	for _, entity := range []string{"customer:7", "customer:8"} {
		if _, err := store.Append(ctx, event.At(entity, "shop"), 0x1001, "lives at home"); err != nil {
			log.Fatal(err)
		}
	}
	if err := ring.Destroy(ctx, "7"); err != nil {
		log.Fatal(err)
	}
	for e, err := range store.ReadEach(ctx, store.Query(ctx, host.Region{}, host.Page{})) {
		switch {
		case errors.Is(err, host.ErrErased):
			fmt.Println(e.Entity, "is forgotten:", errors.Is(err, subjectkeys.ErrShredded))
		case err != nil:
			log.Fatal(err)
		default:
			fmt.Printf("%s %q\n", e.Entity, e.Payload[1:])
		}
	}
	// Output:
	// customer:7 is forgotten: true
	// customer:8 "lives at home"
}
