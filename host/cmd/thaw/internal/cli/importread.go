package cli

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/host"
)

// maxLine is the maximum length of a line. The JSON of a payload is at most about nine
// times as long as its bytes, and the rest of a line is short.
const maxLine = 10*commit.MaxPayload + 64<<10

// errLong is the error of a line longer than maxLine.
var errLong = fmt.Errorf("longer than %d bytes, more than any event", maxLine)

// inputLine is a line of an import.
type inputLine struct {
	origin
	item host.Item
	size int   // approximate memory in bytes
	err  error // a *lineError, or io.EOF after the last line
	last bool  // nothing more can be read
}

// lineReader reads the lines of an import.
type lineReader struct {
	r     *bufio.Reader
	most  int
	buf   []byte
	names naming
	line  int // the number of the last line read, from 1
}

func newLineReader(in io.Reader, names naming) *lineReader {
	return &lineReader{names: names, r: bufio.NewReaderSize(in, 64<<10), most: maxLine}
}

// next returns the next line that is not blank, with its raw bytes if keep is set.
func (r *lineReader) next(keep bool) inputLine {
	for {
		text, err := r.read()
		if err == nil && r.line == 1 {
			text, err = withoutMark(text)
		}
		switch {
		case err == io.EOF:
			return inputLine{err: io.EOF, last: true}
		case err != nil:
			return inputLine{origin: origin{line: r.line}, err: &lineError{line: r.line, err: err}, last: true}
		case isBlank(text):
			continue
		}
		l := inputLine{origin: origin{line: r.line}}
		if keep {
			l.raw = append(bytes.Clone(text), '\n')
			l.size = len(l.raw)
		}
		if l.item, l.err = parseLine(text, r.names); l.err == nil {
			l.size += len(text)
			return l
		}
		var bad *lineError
		if errors.As(l.err, &bad) {
			bad.line = r.line
		}
		return l
	}
}

var (
	errUTF16 = errors.New("the input is UTF-16; import takes UTF-8")
	utf8Mark = []byte("\xef\xbb\xbf")
)

// withoutMark removes the byte order mark from the first line.
func withoutMark(text []byte) ([]byte, error) {
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return nil, errUTF16
	}
	return bytes.TrimPrefix(text, utf8Mark), nil
}

func isBlank(text []byte) bool {
	for _, c := range text {
		if !isSpace(c) {
			return false
		}
	}
	return true
}

// read returns the next line without its newline, which the last line may lack. The line is
// valid until the next call.
func (r *lineReader) read() ([]byte, error) {
	if cap(r.buf) > keepAtMost {
		r.buf = nil
	}
	r.buf = r.buf[:0]
	r.line++
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
