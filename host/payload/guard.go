package payload

import (
	"errors"
	"io"

	"github.com/thawlog/thaw/core/payload"
)

// guard feeds checked bytes to the msgpack library and keeps it from reading an ext's body as values.
//
// Check validates every count and depth outside ext bodies; an ext body is opaque. When the library fills a Go map
// from an ext, it skips the ext's head and takes the body for the map: a body of df ff ff ff ff then requests four
// thousand million entries, and a body of nested arrays overflows the stack. The library reads codes with ReadByte
// and bodies with Read, so a ReadByte in an ext body is that mistake and is refused. For an empty ext the library
// would take the next value instead, one level deeper than Check allowed; it is refused as well.
type guard struct {
	b    []byte // passed Check
	pos  int
	next int // offset of the first value head not yet seen; heads, containers included, follow each other
	ext  int // the last ext seen has its body at b[ext:next]; otherwise ext == next
	err  error
}

var errExtAsValue = errors.New("an ext cannot be read as this type")

func (g *guard) ReadByte() (byte, error) {
	if g.err != nil {
		return 0, g.err
	}
	if g.pos >= len(g.b) {
		return 0, io.EOF
	}
	for g.next <= g.pos {
		v, err := payload.ValueAt(g.b, g.next)
		if err != nil {
			g.err = err // cannot happen in checked bytes
			return 0, err
		}
		g.next, g.ext = v.End, v.End
		if v.Kind == payload.KindExt {
			if g.ext -= len(v.Body); len(v.Body) == 0 {
				g.err = errExtAsValue
				return 0, g.err
			}
		}
	}
	if g.pos >= g.ext {
		g.err = errExtAsValue
		return 0, g.err
	}
	c := g.b[g.pos]
	g.pos++
	return c, nil
}

func (g *guard) UnreadByte() error {
	if g.pos == 0 {
		return errors.New("nothing to unread")
	}
	g.pos--
	return nil
}

func (g *guard) Read(p []byte) (int, error) {
	if g.err != nil {
		return 0, g.err
	}
	n := copy(p, g.b[g.pos:])
	g.pos += n
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}
