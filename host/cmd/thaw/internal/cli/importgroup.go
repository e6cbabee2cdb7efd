package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/host"
)

const (
	// groupLines is how many lines share a sync: as many as Store.AppendEach
	// writes at once.
	groupLines = 1000
	// groupBytes ends a group of large payloads earlier, since a group is held in
	// memory several times.
	groupBytes = 4 << 20
	// maxLine is the longest line. The JSON of a payload is at most some nine times
	// as long as its bytes, and the rest of a line is short.
	maxLine = 10*commit.MaxPayload + 64<<10
)

// errLong is a line beyond maxLine.
var errLong = fmt.Errorf("longer than %d bytes, which no event is", maxLine)

// group is the items of some lines that follow each other.
type group struct {
	items []host.Item
	first int // number of the line of the first item
	// err is what ended the input behind the items; nil for its end and for a
	// group that is not the last.
	err error
}

// groups reads lines and sends their items in groups of so many lines, until the
// input or ctx ends or a line cannot be taken. Then it closes to.
func groups(ctx context.Context, in io.Reader, lines int, to chan<- group) {
	defer close(to)
	r := lineReader{r: bufio.NewReaderSize(in, 64<<10), most: maxLine}
	g, bytes := group{first: 1}, 0
	send := func() bool {
		select {
		case to <- g:
			g, bytes = group{first: g.first + len(g.items)}, 0
			return true
		case <-ctx.Done():
			return false
		}
	}
	for {
		item, size, err := r.item()
		if err != nil {
			var bad *lineError
			if errors.As(err, &bad) {
				bad.line = g.first + len(g.items)
			}
			if !errors.Is(err, io.EOF) {
				g.err = err
			}
			if g.err != nil || len(g.items) > 0 {
				send()
			}
			return
		}
		g.items = append(g.items, item)
		bytes += size
		if (len(g.items) >= lines || bytes >= groupBytes) && !send() {
			return
		}
	}
}

// lineReader reads the lines of an import.
type lineReader struct {
	r    *bufio.Reader
	most int
	buf  []byte
}

// item returns the item of the next line and the size of its payload. The error
// is io.EOF behind the last line, else a *lineError.
func (r *lineReader) item() (host.Item, int, error) {
	text, err := r.line()
	switch {
	case err == io.EOF:
		return host.Item{}, 0, err
	case err != nil:
		return host.Item{}, 0, &lineError{err: err}
	}
	item, err := parseLine(text)
	if err != nil {
		return host.Item{}, 0, err
	}
	return item, len(item.Payload.(host.Raw)), nil
}

// line returns the next line without its newline, which the last may lack. It is
// valid until the next call.
func (r *lineReader) line() ([]byte, error) {
	if cap(r.buf) > keepAtMost {
		r.buf = nil
	}
	r.buf = r.buf[:0]
	for {
		piece, err := r.r.ReadSlice('\n')
		r.buf = append(r.buf, piece...)
		n := len(r.buf)
		if err == nil {
			n--
		}
		switch {
		case n > r.most:
			return nil, errLong
		case err == nil, err == io.EOF && n > 0:
			return r.buf[:n], nil
		case err != bufio.ErrBufferFull:
			return nil, err
		}
	}
}
