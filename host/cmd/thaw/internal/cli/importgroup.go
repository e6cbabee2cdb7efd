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
	// groupWait is how long a group waits for more lines. It bounds what a live
	// pipe has delivered and the store does not have yet.
	groupWait = 100 * time.Millisecond
)

// group is some lines that follow each other, apart from blank ones.
type group struct {
	items   []host.Item
	origins []origin // of the items
	refused []refused
	bytes   int
	// err is what ended the input after these lines; nil for its end and for a
	// group that is not the last.
	err error
}

// origin is where an item was read.
type origin struct {
	line int
	raw  []byte // with its newline; nil unless refused lines are kept
}

// refused is a line that was not taken.
type refused struct {
	origin
	err error
}

func (g *group) empty() bool { return len(g.items)+len(g.refused) == 0 && g.err == nil }

// add adds a line. A refused one is added only if it is kept; otherwise it ends
// the input.
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

// grouping says how lines are grouped.
type grouping struct {
	lines int           // at most so many in a group
	wait  time.Duration // from the first line of a group on
	keep  bool          // go on after a line that is refused
}

// groups gathers lines and sends them on in groups, until there are no more, ctx
// ends, or a line ends the input. Then it closes to.
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

// readLines sends the lines of an input and closes to, or sends one that ended it.
func readLines(ctx context.Context, in io.Reader, keep bool, to chan<- inputLine) {
	defer close(to)
	r := newLineReader(in)
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
