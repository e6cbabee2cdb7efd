package query

import (
	"github.com/thawlog/thaw/core/artifact"
)

// RawEvents takes events as the records that an index has of them: for a caller in another
// process, which decodes them there.
type RawEvents interface {
	// Part says that the records that follow are of a part, whose numbers of names they
	// have. It is called before the first record, and whenever the numbers change.
	Part(c *Cursor)
	// Event takes the record of an event, valid during the call. An error ends the query,
	// and the event counts as not taken. more is false when no more are wanted.
	Event(r artifact.Raw) (more bool, err error)
}

// Raw reports whether [Cursor.QueryRaw] answers a question: all that it asks of an event is
// in the index.
func (o *Options) Raw(region *Region) bool { return region.Times.all() && o.Check == nil }

// QueryRaw is Query without decoding. See [Options.Raw].
func (c *Cursor) QueryRaw(region *Region, page *Page, to RawEvents) (more bool, err error) {
	to.Part(c)
	if page.Limit == 1 && !page.Reverse && region.everything() {
		r, err := c.nextRecord(page)
		if r == nil || err != nil {
			return err == nil, err
		}
		_, err = c.yieldRaw(&c.p, []artifact.Raw{r}, page, to)
		return false, err
	}
	f := func(p *plan, records []artifact.Raw) (bool, error) { return c.yieldRaw(p, records, page, to) }
	if page.Reverse {
		return c.batchesBack(region, page, f)
	}
	return c.batches(region, page, f)
}

// yieldRaw yields some records, in the order of the page.
func (c *Cursor) yieldRaw(p *plan, records []artifact.Raw, page *Page, to RawEvents) (more bool, err error) {
	for i := range records {
		if page.Reverse {
			i = len(records) - 1 - i
		}
		r := records[i]
		if p.prefix != "" && p.entity == 0 {
			name, err := c.NameOfMany(r.Entity())
			if err != nil {
				return false, err
			}
			if len(name) < len(p.prefix) || string(name[:len(p.prefix)]) != p.prefix {
				continue
			}
		}
		sequence := r.Sequence()
		if !page.has(sequence) {
			continue // the list does not rise
		}
		more, err := to.Event(r)
		if err != nil {
			return false, err
		}
		if more = page.passed(sequence) && more; !more {
			return false, nil
		}
	}
	return true, nil
}
