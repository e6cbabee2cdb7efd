package cli

const hexDigits = "0123456789abcdef"

// appendString appends s as a JSON string. Only the quote, the backslash and
// bytes below 0x20 are escaped; the rest, 0x7f and U+2028 included, stays raw, as
// in the payload spelling of package payload. Names of a store are valid UTF-8;
// for other strings see appendText.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	raw := 0 // s[raw:i] needs no escape
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[raw:i]...)
		raw = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, '\\', 'b')
		case '\f':
			dst = append(dst, '\\', 'f')
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	dst = append(dst, s[raw:]...)
	return append(dst, '"')
}
