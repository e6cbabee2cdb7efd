package payload

const hexDigits = "0123456789abcdef"

// AppendString appends valid UTF-8 as a JSON string. Only the quote, the backslash and bytes below 0x20 are
// escaped, as serde_json does and Python with ensure_ascii=False; the rest, 0x7f and U+2028 included, stays raw.
func AppendString[S string | []byte](dst []byte, s S) []byte {
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
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf])
		}
	}
	dst = append(dst, s[raw:]...)
	return append(dst, '"')
}
