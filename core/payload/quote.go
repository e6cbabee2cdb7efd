package payload

const hexDigits = "0123456789abcdef"

// AppendString appends valid UTF-8 as a JSON string. It escapes the quote, the
// backslash and the characters that a terminal or a pager obeys instead of
// showing: control characters (U+0000 to U+001F, U+007F to U+009F), the line
// separators U+2028 and U+2029, and the bidirectional marks U+061C, U+200E,
// U+200F, U+202A to U+202E and U+2066 to U+2069. The rest stays raw. Every JSON
// reader gets the same string.
func AppendString[S string | []byte](dst []byte, s S) []byte {
	dst = append(dst, '"')
	raw := 0 // s[raw:i] needs no escape
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' && c < 0x7f {
			continue
		}
		if c >= 0x80 {
			r, n := steers(s[i:])
			if n == 0 {
				continue
			}
			dst = appendEscape(append(dst, s[raw:i]...), r)
			i += n - 1
			raw = i + 1
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
			dst = appendEscape(dst, rune(c))
		}
	}
	dst = append(dst, s[raw:]...)
	return append(dst, '"')
}

// steers returns the first rune of s and its length when AppendString escapes
// it and it is above U+007F, else 0, 0.
func steers[S string | []byte](s S) (r rune, n int) {
	switch {
	case len(s) < 2:
	case s[0] == 0xc2 && s[1] < 0xa0: // U+0080 to U+009F
		return rune(s[1]), 2
	case s[0] == 0xd8 && s[1] == 0x9c:
		return 0x061c, 2
	case len(s) < 3 || s[0] != 0xe2:
	case s[1] == 0x80 && (s[2] == 0x8e || s[2] == 0x8f || 0xa8 <= s[2] && s[2] <= 0xae):
		return 0x2000 | rune(s[2]&0x3f), 3
	case s[1] == 0x81 && 0xa6 <= s[2] && s[2] <= 0xa9:
		return 0x2040 | rune(s[2]&0x3f), 3
	}
	return 0, 0
}

func appendEscape(dst []byte, r rune) []byte {
	return append(dst, '\\', 'u', hexDigits[r>>12&0xf], hexDigits[r>>8&0xf], hexDigits[r>>4&0xf], hexDigits[r&0xf])
}
