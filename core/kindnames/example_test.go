package kindnames_test

import (
	"fmt"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/kindnames"
)

func Example() {
	file, err := kindnames.Append(nil, map[event.Kind]string{0x1001: "order.placed", 0x1004: "order.shipped"})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%s", file)
	// Output:
	// thaw names 1
	// 0x1001 order.placed
	// 0x1004 order.shipped
	// crc32c 36B3B61F
}
