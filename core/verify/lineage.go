package verify

import (
	"errors"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/lineage"
	"github.com/thawlog/thaw/core/source"
)

// lineage reads store.thaw, which must decode.
func (c *check) lineage() error {
	const file = lineage.FileName
	e, ok := c.dir.listing.Others[file]
	if !ok {
		return nil
	}
	var err error
	c.removals, err = directory.ReadLineage(c.dir, e)
	c.removalsUnknown = err != nil
	var why *damage.Refusal
	switch {
	case err == nil:
	case errors.As(err, &why):
		c.findings.damage(at(file, uint64(max(why.Offset, 0)), why.Reason, why.Err, nil))
	case errors.Is(err, source.ErrShort):
		c.findings.damage(at(file, 0, damage.Shortened, err, nil))
	default:
		return err
	}
	return nil
}
