package query

import (
	"github.com/thawlog/thaw/core/artifact"
)

// MaxMarks is the highest number of sequences in [Marks].
const MaxMarks = 1 << 16

// Marks says how many events a region has, and where every Step-th of them lies. So a reader
// of one page finds the n-th event: it asks for the events from the mark before it on.
type Marks struct {
	Events uint64
	// Step is the distance of two marks in events. It is the step asked for, doubled until
	// there are at most [MaxMarks].
	Step uint64
	// Sequences are those of event 0, of event Step, and so on.
	Sequences []uint64

	// records are the numbers of marked records whose sequences are not read yet.
	records []uint32
}

// next returns how many events lie before the next mark.
func (m *Marks) next() uint64 {
	return m.Step*uint64(len(m.Sequences)+len(m.records)) - m.Events
}

// room doubles the step when there are as many marks as may be.
func (m *Marks) room() {
	before := len(m.Sequences)
	if before+len(m.records) < MaxMarks {
		return
	}
	m.Step *= 2
	kept := m.Sequences[:0]
	for i := 0; i < before; i += 2 {
		kept = append(kept, m.Sequences[i])
	}
	m.Sequences = kept
	records := m.records[:0]
	for i := before % 2; i < len(m.records); i += 2 {
		records = append(records, m.records[i])
	}
	m.records = records
}

// add adds n events. at returns the record of the i-th of them.
func (m *Marks) add(n uint64, at func(i uint64) uint32) {
	from := uint64(0)
	for {
		skip := m.next()
		if skip >= n-from {
			m.Events += n - from
			return
		}
		from += skip
		m.Events += skip
		if m.room(); m.next() == 0 {
			m.records = append(m.records, at(from))
		}
		from++
		m.Events++
	}
}

// one adds one event.
func (m *Marks) one(sequence uint64) {
	if m.next() == 0 {
		if m.room(); m.next() == 0 {
			m.Sequences = append(m.Sequences, sequence)
		}
	}
	m.Events++
}

// Mark adds the visible events of a region within a page to marks. It reads no record but
// those of marks, unless the region has clocks or times: then it reads what a count does.
// After an error the marks are of no use.
func (c *Cursor) Mark(region *Region, page *Page, m *Marks) error {
	if region.Times.ofFrames() {
		return c.Moments(region, page, func(at *Moment) { m.one(at.Sequence) })
	}
	p, err := c.passPlan(region, page)
	if err != nil || p.empty {
		return err
	}
	if p.inexact {
		_, err = c.read(p, page, func(_ *plan, records []artifact.Raw) (bool, error) {
			for _, r := range records {
				m.one(r.Sequence())
			}
			return true, nil
		})
		return err
	}
	if len(p.conditions) == 0 {
		err = c.markAll(&p.search, m)
	} else {
		err = c.markSet(&p.search, m)
	}
	if err != nil {
		return err
	}
	return c.readMarks(m)
}

// markAll adds every visible record of a search, by arithmetic.
func (c *Cursor) markAll(s *search, m *Marks) error {
	for {
		ok, err := s.advance()
		if err != nil || !ok {
			return err
		}
		m.add(uint64(s.shown.to-s.next), func(i uint64) uint32 { return s.next + uint32(i) })
		s.next = s.shown.to
	}
}

// markSet adds what a search finds.
func (c *Cursor) markSet(s *search, m *Marks) error {
	buffers := c.borrow()
	defer c.giveBack(buffers)
	for {
		numbers := buffers.room(lastBatch)
		n, err := s.fill(numbers)
		if err != nil {
			return err
		}
		m.add(uint64(n), func(i uint64) uint32 { return numbers[i] })
		if n < len(numbers) {
			return nil
		}
		if err := c.ticked(s.next); err != nil {
			return err
		}
	}
}

// readMarks reads the sequences of the marked records.
func (c *Cursor) readMarks(m *Marks) error {
	buffers := c.borrow()
	defer c.giveBack(buffers)
	for records := m.records; len(records) > 0; {
		some := records[:min(lastBatch, len(records))]
		records = records[len(some):]
		if c.Dense() {
			for _, record := range some {
				sequence, err := c.Sequence(record)
				if err != nil {
					return err
				}
				m.Sequences = append(m.Sequences, sequence)
			}
			continue
		}
		if err := c.Records(some, &buffers.batch); err != nil {
			return err
		}
		for _, r := range buffers.batch.Records() {
			if err := c.unchanged(r); err != nil {
				return err
			}
			m.Sequences = append(m.Sequences, r.Sequence())
		}
	}
	m.records = m.records[:0]
	return nil
}
