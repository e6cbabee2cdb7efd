package lines

import (
	"strings"

	"github.com/thawlog/thaw/core/payload"
)

// appendText appends text that may not be UTF-8, such as a file name, as a JSON
// string. Invalid bytes become U+FFFD.
func appendText(dst []byte, s string) []byte {
	return payload.AppendString(dst, strings.ToValidUTF8(s, "\ufffd"))
}
