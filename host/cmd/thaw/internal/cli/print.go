package cli

import (
	"context"
	"errors"
	"runtime"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/host"
)

const (
	// chunkEvents and chunkBytes bound the events that one goroutine reads at a time.
	chunkEvents = 256
	chunkBytes  = 1 << 20
)

// print prints a line for each event, in the order given. It first reads each event from its
// segment and compares it with the index, so that every line agrees with the log. It skips
// an event that cannot be read and lists it on stderr, and one that another process removes
// from the store meanwhile. The limit of f counts the events
// within its times.
func (a *app) print(ctx context.Context, dir string, r *host.DirReader, all events, f *lineFlags) (printed int, err error) {
	p := &printer{app: a, ctx: ctx, dir: dir, reader: r, flags: f, line: f.append(a.names), limit: int(f.limit)}
	defer p.wait()
	err = p.run(all)
	return p.printed, err
}

// printer reads events in chunks, several at once, and prints them in order.
type printer struct {
	*app
	ctx     context.Context
	dir     string
	reader  *host.DirReader
	flags   *lineFlags
	line    func(dst []byte, e *event.Full) []byte
	limit   int // 0 for none
	printed int
	flying  []*chunk // being read, in order
	free    []*chunk
}

// chunk is some events and, once done is closed, their lines.
type chunk struct {
	events []event.Event
	bytes  int
	done   chan struct{}

	text    []byte
	lines   int
	damages []*damage.Damage
	err     error
}

func (p *printer) run(all events) error {
	c := p.chunk()
	for e, err := range all {
		if err != nil {
			if err := p.finish(c); err != nil {
				return err
			}
			return p.ended(p.dir, err)
		}
		if p.flags.times.skips(e.WallMS) {
			continue
		}
		c.events = append(c.events, e)
		c.bytes += int(e.Position.Length)
		if !p.ready(c) {
			continue
		}
		if err := p.start(c); err != nil {
			return err
		}
		if p.limit > 0 && p.printed == p.limit {
			return nil
		}
		c = p.chunk()
	}
	return p.finish(c)
}

// ready reports whether a chunk is full. With a limit, a chunk never holds more events than
// may still be printed.
func (p *printer) ready(c *chunk) bool {
	return len(c.events) == chunkEvents || c.bytes >= chunkBytes ||
		p.limit > 0 && len(c.events) == p.limit-p.printed
}

// start starts reading a chunk. If as many chunks are being read as there are processors, it
// first prints the oldest. It reads a chunk of large events, or with a limit, alone.
func (p *printer) start(c *chunk) error {
	alone := c.bytes >= chunkBytes || p.limit > 0
	for len(p.flying) > 0 && (alone || len(p.flying) > runtime.GOMAXPROCS(0)) {
		if err := p.land(); err != nil {
			return err
		}
	}
	c.done = make(chan struct{})
	p.flying = append(p.flying, c)
	if alone {
		p.read(c)
		return p.land()
	}
	go p.read(c)
	return nil
}

// finish prints the remaining chunks.
func (p *printer) finish(c *chunk) error {
	if len(c.events) > 0 {
		if err := p.start(c); err != nil {
			return err
		}
	}
	for len(p.flying) > 0 {
		if err := p.land(); err != nil {
			return err
		}
	}
	return nil
}

// read makes the lines of a chunk.
func (p *printer) read(c *chunk) {
	defer close(c.done)
	for i := range c.events {
		full, err := p.full(&c.events[i])
		var d *damage.Damage
		switch {
		case err == nil && !p.flags.times.has(full.TimestampUS):
		case err == nil:
			c.text = p.line(c.text, &full)
			c.lines++
		case errors.Is(err, host.ErrRemoved): // meanwhile; the store has it no more
		case errors.As(err, &d) && !errors.Is(err, source.ErrGone):
			c.damages = append(c.damages, d)
		default:
			c.err = err
			return
		}
	}
}

// full returns an event with the parts of its frame that the line needs. A query that checks
// frames has already read them.
func (p *printer) full(e *event.Event) (event.Full, error) {
	if e.Timed && !p.flags.wholeFrame() {
		return event.Full{Event: *e}, nil
	}
	return unredacted(p.reader.Read(p.ctx, *e))
}

// unredacted returns an event that was read. That it was redacted is no error here: its line
// says so.
func unredacted(e event.Full, err error) (event.Full, error) {
	if errors.Is(err, host.ErrRedacted) {
		err = nil
	}
	return e, err
}

// land waits for the oldest chunk and prints it.
func (p *printer) land() error {
	c := p.flying[0]
	p.flying = p.flying[1:]
	<-c.done
	for _, d := range c.damages {
		p.listDamage(d)
	}
	p.printed += c.lines
	p.out.buf = append(p.out.buf, c.text...)
	if err := p.out.line(); err != nil {
		return err
	}
	if c.err != nil {
		return p.ended(p.dir, c.err)
	}
	p.free = append(p.free, c)
	return nil
}

// chunk returns an empty chunk, with the buffers of a printed one if possible.
func (p *printer) chunk() *chunk {
	if len(p.free) == 0 {
		return &chunk{}
	}
	c := p.free[len(p.free)-1]
	p.free = p.free[:len(p.free)-1]
	text := c.text[:0]
	if cap(text) > keepAtMost {
		text = nil
	}
	*c = chunk{events: c.events[:0], text: text}
	return c
}

// wait waits for all chunks in progress, since they read the store.
func (p *printer) wait() {
	for _, c := range p.flying {
		<-c.done
	}
}
