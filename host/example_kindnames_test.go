package host_test

import (
	"context"
	"fmt"
	"log"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
)

// The names of kinds are kept beside the store, for tools.
func ExampleReadKindNames() {
	disk := crashfs.New()
	names := map[event.Kind]string{0x1001: "order.placed"} // or Types.Names() of package typed
	s, err := host.Open(context.Background(), "orders", host.Options{FS: disk, KindNames: names})
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()

	known, err := host.ReadKindNames(disk, "orders")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(known[0x1001])
	// Output: order.placed
}
