package cli

import (
	"context"
	"io"
	"time"

	"github.com/thawlog/thaw/host"
)

const (
	// groupLines is how many lines share a sync: as many as Store.AppendEach
	// writes at once.
	groupLines = 1000
	// groupBytes ends a group of large lines earlier, since a group is held in
	// memory several times.
	groupBytes = 4 << 20
	// groupWait is how long a group waits for more lines. It bounds the delay between
	// a live pipe and the store.
	groupWait = 100 * time.Millisecond
)

// group is a range of lines without the blank ones.
type group struct {
	items   []host.Item
	origins []origin // of the items
	refused []refused
	bytes   int
	// err is the error that ended the input after these lines. It is nil at the end of
	// the input and for a group that is not the last.
	err error
}

// origin is the line from which an item was read.
type origin struct {
	line int
	raw  []byte // with its newline; nil unless refused lines are kept
}

// refused is a refused line.
type refused struct {
	origin
	err error
}

func (g *group) empty() bool { return len(g.items)+len(g.refused) == 0 && g.err == nil }

// add adds a line. A refused line ends the input unless keep is set.
func (g *group) add(l *inputLine, keep bool) {
	switch {
	case l.err == nil:
		g.items, g.origins = append(g.items, l.item), append(g.origins, l.origin)
	case keep && !l.last:
		g.refused = append(g.refused, refused{l.origin, l.err})
	default:
		g.err = l.err
	}
	g.bytes += l.size
}

// grouping holds the options for grouping lines.
type grouping struct {
	lines int           // maximum per group
	wait  time.Duration // after the first line of a group
	keep  bool          // continue after a refused line
}

// groups collects lines and sends them in groups, until the input ends, ctx ends, or a line
// ends the input. Then it closes to.
func groups(ctx context.Context, from <-chan inputLine, by grouping, to chan<- group) {
	defer close(to)
	var g group
	due := time.NewTimer(by.wait)
	due.Stop()
	send := func() bool {
		due.Stop()
		select {
		case to <- g:
			g = group{}
			return true
		case <-ctx.Done():
			return false
		}
	}
	for {
		select {
		case l, more := <-from:
			if !more {
				if !g.empty() {
					send()
				}
				return
			}
			if g.empty() {
				due.Reset(by.wait)
			}
			g.add(&l, by.keep)
			ended := g.err != nil
			full := ended || len(g.items)+len(g.refused) >= by.lines || g.bytes >= groupBytes
			if full && (!send() || ended) {
				return
			}
		case <-due.C:
			if !send() {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// readLines sends the lines of an input, including one that ends it, and closes to.
func readLines(ctx context.Context, in io.Reader, names naming, keep bool, to chan<- inputLine) {
	defer close(to)
	r := newLineReader(in, names)
	for {
		l := r.next(keep)
		if l.err == io.EOF {
			return
		}
		select {
		case to <- l:
		case <-ctx.Done():
			return
		}
		if l.last {
			return
		}
	}
}
