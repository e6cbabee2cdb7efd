package compact

import (
	"errors"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/sealed"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/sidx"
	"github.com/thawlog/thaw/core/source"
)

// window is how many bytes of a segment are read at once.
const window = 1 << 20

// copier copies the frames of the groups. Every frame is decoded and compared with the index,
// and every byte of the segments must be accounted for: what is neither an event nor a marker,
// nor belongs to a batch that was never finished, is damage.
type copier struct {
	*run
	w      *sealed.Writer
	buffer []byte // for load
	moves  *moves
	begun  uint64 // the place of the current output
	sum    uint64 // of its sequences: see segment.AddNumber

	g     *group
	out   int // number of the current output in the group
	input int // number of the current input in the group
	src   source.Source
	win   *source.Window
	at    uint64 // offset in the input
	place uint64 // of the input's first byte
	body  segment.Body
	frame []byte // for a redacted one
	batch batch
	// numbers is the footer of the input, and entry its next entry. It is nil unless hidden
	// ranges make its sequences matter.
	numbers *sidx.Footer
	entry   int

	// queue[head:] holds events that the index listed and that were not copied yet; n is the
	// number of the first.
	queue []event.Event
	head  int
	n     int
	// need is how many events the queue must hold before the copy can go on.
	need int
}

func newCopier(r *run, put Put) *copier {
	c := &copier{run: r, w: sealed.NewWriter(put), moves: &r.result.moves, win: source.NewWindow(nil, window)}
	for i := range r.groups {
		for k := range r.groups[i].inputs {
			in := &r.groups[i].inputs[k]
			c.moves.from.add(in.id, r.total)
			r.total += in.size
		}
	}
	return c
}

// copyAll copies all groups.
func (c *copier) copyAll() error {
	for i := range c.groups {
		if err := c.copyGroup(&c.groups[i]); err != nil {
			return err
		}
	}
	return nil
}

// copyGroup copies one group.
func (c *copier) copyGroup(g *group) error {
	c.g, c.out, c.input, c.batch = g, 0, -1, batch{}
	n, end := g.events()
	c.n, c.queue, c.head, c.need = n, c.queue[:0], 0, 1
	if err := c.begin(); err != nil {
		return err
	}
	if err := c.nextInput(); err != nil {
		return err
	}
	for e, err := range c.s.Everything(g.inputs[0].id) {
		if err != nil {
			return err
		}
		if n == end {
			break
		}
		if err := c.stop(n); err != nil {
			return err
		}
		c.queue = append(c.queue, e)
		if n++; len(c.queued()) >= c.need {
			if err := c.copy(false); err != nil {
				return err
			}
		}
	}
	if err := c.copy(true); err != nil {
		return err
	}
	if err := c.batch.abandon(); err != nil {
		return err
	}
	return c.seal()
}

// queued returns the queued events.
func (c *copier) queued() []event.Event { return c.queue[c.head:] }

// left returns how many events of the group were not copied yet.
func (c *copier) left() int {
	_, end := c.g.events()
	return end - c.n
}

// nextInput begins with the next segment; it is past the last one at the end.
func (c *copier) nextInput() error {
	if c.input >= 0 {
		in := c.in()
		if !in.sealed { // an unclean stop: another session wrote the next segment
			if err := c.batch.abandon(); err != nil {
				return err
			}
			c.batch = batch{}
		}
		if c.done += in.size; c.plan.Progress != nil {
			c.plan.Progress(c.done, c.total)
		}
	}
	if c.input++; c.input == len(c.g.inputs) {
		return nil
	}
	in := c.in()
	if err := c.openInput(in); err != nil {
		return err
	}
	c.at = in.frames
	c.place, _ = c.moves.from.place(in.id, 0)
	return c.readNumbers()
}

// openInput makes the content of the input the current one.
func (c *copier) openInput(in *input) (err error) {
	src := in.content
	if in.content = nil; src == nil {
		if src, err = c.s.OpenSegment(in.id); err != nil {
			return err
		}
		if src, err = c.load(in.id, in.size, src); err != nil {
			return err
		}
	}
	c.src = src
	if c.win.Reset(src, window); c.win.Size() < in.size {
		return source.Named(segment.Name(in.id), source.ErrShort)
	}
	return nil
}

func (c *copier) in() *input { return &c.g.inputs[c.input] }

// copy copies frames as far as the queued events go. With all set the queue holds all that are
// left.
func (c *copier) copy(all bool) error {
	for c.input < len(c.g.inputs) {
		in := c.in()
		if len(c.queued()) == 0 && !all {
			c.queue, c.head, c.need = c.queue[:0], 0, 1
			return nil
		}
		if c.at == in.end {
			if q := c.queued(); len(q) > 0 && q[0].Position.Segment == in.id {
				return damaged(in.id, c.at, damage.Position, nil)
			}
			if err := c.nextInput(); err != nil {
				return err
			}
			continue
		}
		raw, err := c.read()
		if err != nil {
			return err
		}
		switch c.body.Kind {
		case event.SystemBatchBegin:
			if need := min(int(min(c.body.PayloadSize, maxItems)), c.left()); len(c.queued()) < need && !all {
				c.need = need
				return nil
			}
			err = c.beginBatch(raw)
		case event.SystemBatchCommit:
			err = c.commitBatch(raw)
		default:
			err = c.event(raw)
		}
		if err != nil {
			return err
		}
		c.at += uint64(len(raw))
	}
	return nil
}

// read reads and decodes the next frame of the input.
func (c *copier) read() ([]byte, error) {
	in := c.in()
	bad := func(reason damage.Reason, err error) ([]byte, error) { return nil, damaged(in.id, c.at, reason, err) }
	if in.end-c.at < segment.FrameHead {
		return bad(damage.Torn, nil)
	}
	head, err := c.win.Bytes(c.at, segment.FrameHead)
	if err != nil {
		return nil, source.Named(segment.Name(in.id), err)
	}
	length := segment.FrameLength(head)
	if length > in.end-c.at || length > segment.MaxFrame {
		return bad(damage.Torn, nil)
	}
	raw, err := c.win.Bytes(c.at, length)
	if err != nil {
		return nil, source.Named(segment.Name(in.id), err)
	}
	if err := segment.DecodeFrame(raw, &c.body); err != nil {
		var why *damage.Refusal
		errors.As(err, &why)
		return bad(why.Reason, why.Err)
	}
	return raw, nil
}

// event handles the frame of an event.
func (c *copier) event(raw []byte) error {
	in := c.in()
	at := event.Position{Segment: in.id, Offset: c.at, Length: uint32(len(raw))}
	q := c.queued()
	indexed := len(q) > 0 && q[0].Position == at
	if !c.batch.item(&c.body, at, indexed) {
		return damaged(in.id, c.at, damage.Incomplete, errNotIndexed)
	}
	if !indexed {
		return nil
	}
	e := &q[0]
	facts := c.body.Facts(at)
	facts.Sequence = e.Sequence
	if facts != e.Facts || string(c.body.Entity) != e.Entity || string(c.body.Scope) != e.Scope {
		return damaged(in.id, c.at, damage.Disagrees, nil)
	}
	if err := c.checkNumber(e); err != nil {
		return err
	}
	if err := c.put(e, raw); err != nil {
		return err
	}
	c.head++
	c.n++
	return nil
}

// put writes the next event as its verdict says.
func (c *copier) put(e *event.Event, raw []byte) error {
	v := c.verdict(c.n)
	if v == Drop {
		return nil
	}
	if err := c.reach(c.n); err != nil {
		return err
	}
	old := c.place + c.at
	length := uint32(len(raw))
	if v != Keep {
		kind := e.Kind
		if v == Tombstone {
			kind = event.Tombstone
		}
		frame, err := segment.Redact(c.frame[:0], raw, kind)
		if err != nil {
			return damaged(c.in().id, c.at, damage.Kind, err)
		}
		c.frame, raw, e.Kind = frame, frame, kind
	}
	at, err := c.w.Add(e, raw)
	if err != nil {
		return err
	}
	c.sum = segment.AddNumber(c.sum, e.Sequence)
	if v == Keep {
		c.moves.copied(old, c.begun+at.Offset, uint64(length))
	} else {
		c.moves.rewritten(old, c.begun+at.Offset, length, at.Length, e.Kind)
	}
	return nil
}

// reach makes the output of event n the current one.
func (c *copier) reach(n int) error {
	for n >= c.g.outputs[c.out].end {
		if err := c.seal(); err != nil {
			return err
		}
		c.out++
		if err := c.begin(); err != nil {
			return err
		}
	}
	return nil
}

// begin begins the current output.
func (c *copier) begin() error {
	o := &c.g.outputs[c.out]
	c.begun, c.sum = c.result.After, segment.NoNumbers
	c.moves.to.add(o.id, c.begun)
	if err := c.w.Begin(o.header); err != nil {
		return err
	}
	if !o.begins() {
		return nil
	}
	return c.number(o, o.claimFirst)
}

// seal ends the current output.
func (c *copier) seal() error {
	o := &c.g.outputs[c.out]
	if c.w.Events() != o.kept {
		return errPlan
	}
	if o.ends() {
		if err := c.number(o, o.claimEnd); err != nil {
			return err
		}
	}
	size, err := c.w.Seal()
	if err == nil {
		c.result.add(o, size)
	}
	return err
}

// number writes the empty batch that names a sequence: see [segment.FlagCompacted].
func (c *copier) number(o *output, sequence uint64) error {
	const maxMS = 1 << 53
	us := int64(min(o.wallMS, maxMS)) * 1000
	return c.w.Marker(segment.AppendNumbers(nil, sequence, c.sum, us))
}

// readNumbers reads the footer of the input when hidden ranges make its sequences matter.
func (c *copier) readNumbers() error {
	c.numbers, c.entry = nil, 0
	in := c.in()
	if report := c.s.Report(); len(report.HiddenRanges) == 0 || in.events == 0 {
		return nil
	}
	if !in.sealed {
		return &NumbersError{File: segment.Name(in.id), Sequence: in.firstSequence}
	}
	f, err := segment.Footer(c.src, in.end)
	var why *damage.Refusal
	switch {
	case errors.As(err, &why):
		return &NumbersError{File: segment.Name(in.id), Sequence: in.firstSequence}
	case err != nil:
		return source.Named(segment.Name(in.id), err)
	}
	c.numbers = f
	return nil
}

// checkNumber compares the sequence of an event with that in the footer.
func (c *copier) checkNumber(e *event.Event) error {
	f := c.numbers
	if f == nil {
		return nil
	}
	for c.entry < f.Len() && f.FrameOffset(c.entry) < c.at {
		c.entry++
	}
	if c.entry == f.Len() || f.FrameOffset(c.entry) != c.at || f.Sequence(c.entry) != e.Sequence {
		return &NumbersError{File: segment.Name(c.in().id), Sequence: e.Sequence}
	}
	return nil
}
