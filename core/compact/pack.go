package compact

import (
	"cmp"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/sealed"
	"github.com/thawlog/thaw/core/segment"
)

// output is a new segment, as planned from the index.
type output struct {
	id         uint64
	header     segment.Header
	first, end int // numbers of its events, with the removed ones
	kept       int
	// claimFirst and claimEnd bound the sequences that it stands for, unless claims is false
	// because its inputs were empty. Its first and last kept events may lie within.
	claimFirst, claimEnd uint64
	claims               bool
	firstKept, lastKept  uint64 // sequences
	wallMS               uint64 // of a kept event, or one before
	size                 uint64 // an upper bound
}

// begins reports whether a marker has to say with which sequence the segment begins.
func (o *output) begins() bool {
	if o.kept == 0 {
		return o.claims
	}
	return o.firstKept > o.claimFirst
}

// ends reports whether a marker has to say with which sequence the segment ends: where any is
// missing, so that the events after it have their sequences even without its footer.
func (o *output) ends() bool {
	return o.header.Flags != 0 && o.claimEnd-o.claimFirst > uint64(o.kept)
}

const (
	// headerSize is an upper bound on the length of a segment's header.
	headerSize = 80
	// redactedMore is an upper bound on what a frame without its payload is longer: the
	// flag and the kind can take more bytes.
	redactedMore = 8
	// markerSize is an upper bound on the length of a batch marker.
	markerSize = 512
)

// packer decides where new segments begin. It reads only the index.
type packer struct {
	*run
	g     *group
	limit uint64

	n, end  int // the next event, and the one after the group's last
	in      int // the number of its input
	last    uint64
	names   *query.Cursor // reads names by their numbers
	counted []uint32      // by number, the output whose footer counts the name, plus 1
	bytes   int           // of names of the current output
	frame   uint64
	failed  error
}

// pack plans the segments of every group, and drops groups that would not change.
func (r *run) pack() error {
	kept := r.groups[:0]
	for _, g := range r.groups {
		p := packer{run: r, g: &g, limit: r.limit()}
		for i := range g.inputs {
			p.limit = max(p.limit, g.inputs[i].size)
		}
		if err := p.pack(); err != nil {
			return err
		}
		if err := p.finish(); err != nil {
			return err
		}
		if g.changes() || len(g.outputs) < len(g.inputs) {
			kept = append(kept, g)
		}
	}
	r.groups = kept
	return nil
}

func (p *packer) pack() error {
	p.n, p.end = p.g.events()
	p.begin(p.n, 0)
	if p.n < p.end {
		if err := cmp.Or(p.s.EverythingRaw(p.g.inputs[0].id, p), p.failed); err != nil {
			return err
		}
	}
	p.current().end = p.end
	return nil
}

// Part implements query.RawEvents. A name of two parts counts twice.
func (p *packer) Part(c *query.Cursor) {
	p.names, p.counted = c, make([]uint32, c.Names())
}

// Event implements query.RawEvents. After an error of reading a name, of which the index may be
// repaired, the event comes again.
func (p *packer) Event(e artifact.Raw) (more bool, err error) {
	if p.n == p.end {
		return false, nil
	}
	if p.failed = p.stop(p.n); p.failed != nil {
		return false, nil
	}
	boundary, at, in, last := false, e.Position(), p.in, p.last
	for p.g.inputs[in].id != at.Segment {
		if in++; in == len(p.g.inputs) {
			p.failed = damaged(at.Segment, at.Offset, damage.SegmentMissing, nil)
			return false, nil
		}
		last, boundary = p.g.inputs[in].frames, true
	}
	between := at.Offset - min(last, at.Offset)
	if v := p.verdict(p.n); v != Drop {
		if err := p.add(e, in, v, between, boundary || between > 0); err != nil {
			return false, err
		}
	}
	p.n, p.in, p.last = p.n+1, in, at.End()
	return true, nil
}

func (p *packer) current() *output { return &p.g.outputs[len(p.g.outputs)-1] }

// begin begins a segment with event n, which lies in an input.
func (p *packer) begin(n, in int) {
	if len(p.g.outputs) > 0 {
		p.current().end = n
	}
	p.g.outputs = append(p.g.outputs, output{first: n, header: segment.Header{CreatedNS: p.g.inputs[in].header.CreatedNS}})
	p.bytes, p.frame = 0, headerSize+4*markerSize
}

// add adds the next event, which lies in an input. between is how many bytes of other frames,
// markers mostly, lie before it. boundary is set where a batch or a segment may begin.
func (p *packer) add(e artifact.Raw, in int, v Verdict, between uint64, boundary bool) error {
	length := uint64(e.Position().Length) + min(between, 2*markerSize)
	if v != Keep {
		length += redactedMore
	}
	more, err := p.more(e)
	if err != nil {
		return err
	}
	o := p.current()
	size := p.frame + length + sealed.FooterSize(o.kept+1, p.bytes+more)
	// A batch is not cut where a segment can be a little shorter instead.
	full := size > p.limit || boundary && size > p.limit-p.limit/8
	if full && o.kept > 0 && len(p.g.outputs) < len(p.g.inputs) {
		p.begin(p.n, in)
		if more, err = p.more(e); err != nil {
			return err
		}
		o = p.current()
		size = p.frame + length + sealed.FooterSize(1, more)
	}
	for _, number := range [...]uint32{e.Entity(), e.Scope()} {
		p.counted[number] = uint32(len(p.g.outputs))
	}
	p.bytes += more
	p.frame += length
	if o.kept == 0 {
		o.firstKept = e.Sequence()
	}
	o.kept++
	o.lastKept, o.wallMS, o.size = e.Sequence(), e.WallMS(), size
	return nil
}

// more returns how many bytes of names an event adds to the footer.
func (p *packer) more(e artifact.Raw) (n int, err error) {
	for _, number := range [...]uint32{e.Entity(), e.Scope()} {
		if uint64(number) >= uint64(len(p.counted)) {
			return 0, index.ErrTable
		}
		if p.counted[number] == uint32(len(p.g.outputs)) {
			continue
		}
		name, err := p.names.NameOfMany(number)
		if err != nil {
			return 0, err
		}
		n += sealed.NamesSize(string(name), "")
	}
	return n, nil
}

// finish gives the outputs their ids, flags and claims.
func (p *packer) finish() error {
	g := p.g
	first, end, found, err := p.claim()
	if err != nil {
		return err
	}
	flags, dropped := uint64(0), false
	for i := range g.inputs {
		in := &g.inputs[i]
		dropped = dropped || in.dropped > 0
		if in.header.Thinned() && flags != segment.FlagExtract {
			flags = in.header.Flags
		}
	}
	if flags == 0 && dropped {
		flags = segment.FlagCompacted
	}
	ids := g.inputs[len(g.inputs)-len(g.outputs):]
	for i := range g.outputs {
		o := &g.outputs[i]
		o.id, o.header.SegmentID = ids[i].id, ids[i].id
		o.claimFirst, o.claimEnd, o.claims = o.firstKept, end, found
		if i == 0 {
			o.claimFirst = first
		}
		if i+1 < len(g.outputs) {
			o.claimEnd = g.outputs[i+1].firstKept
		}
		if o.header.Flags = flags; flags == 0 && o.kept > 0 {
			o.claimEnd = o.lastKept + 1 // a gap that was there stays a gap
			if o.begins() {
				o.header.Flags = segment.FlagCompacted
			}
		}
		if o.kept == 0 {
			o.size = headerSize + 4*markerSize + sealed.FooterSize(0, 0)
		}
	}
	return nil
}

// claim returns the sequences that the group stands for. Where no segment is missing before it,
// it begins where the segment before ends: the first ids of the group are given up, and a gap
// that was there must not look like a missing segment.
func (p *packer) claim() (first, end uint64, found bool, err error) {
	for i := range p.g.inputs {
		c := p.g.inputs[i].claim
		if c.err != nil {
			return 0, 0, false, c.err
		}
		if c.ok && !found {
			first, found = c.first, true
		}
		if c.ok {
			end = c.end
		}
	}
	previous := &p.before
	for i := range p.inputs {
		if p.inputs[i].id < p.g.inputs[0].id {
			previous = &p.inputs[i]
		}
	}
	if !found || previous.id+1 != p.g.inputs[0].id || previous.id > 0 && !previous.sealed {
		return first, end, found, nil
	}
	before, err := previous.claim.end, previous.claim.err
	if err == nil && !previous.claim.ok { // it has no event, or there is none
		before, err = p.s.EndBefore(first)
	}
	return min(first, before), end, found, err
}
