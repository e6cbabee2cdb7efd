package lines

import (
	"strings"

	"github.com/thawlog/thaw/core/payload"
)

// appendText appends text that need not be UTF-8, such as a file's name, as a JSON
// string: what is none becomes U+FFFD.
func appendText(dst []byte, s string) []byte {
	return payload.AppendString(dst, strings.ToValidUTF8(s, "\ufffd"))
}
