package host

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/thawlog/thaw/core/kindnames"
	"github.com/thawlog/thaw/core/lineage"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/visibility"
)

// piece is a file of a backup: the first keep bytes of the store's, and a footer; or, if
// small is set, these bytes.
type piece struct {
	name   string
	keep   uint64
	footer []byte
	small  []byte
}

func (p *piece) size() uint64 { return p.keep + uint64(len(p.footer)) + uint64(len(p.small)) }

// pieces returns the files of a backup, in the order in which they are copied.
func (b *backup) pieces(c *copier, o *origin) (out []piece, err error) {
	for _, name := range []string{lineage.FileName, kindnames.FileName} {
		content, err := c.small(name)
		if err != nil {
			return nil, err
		}
		if content != nil {
			out = append(out, piece{name: name, small: content})
		}
	}
	for _, name := range o.plan.Index {
		info, err := c.fs.Lstat(c.source(name))
		if errors.Is(err, fs.ErrNotExist) { // replaced by a larger one
			return nil, errSourceChanged
		}
		if err != nil {
			return nil, err
		}
		out = append(out, piece{name: name, keep: uint64(info.Size)})
	}
	for _, e := range o.plan.Segments {
		out = append(out, piece{name: e.Name, keep: e.Size})
	}
	if o.plan.Last != "" {
		out = append(out, piece{name: o.plan.Last, keep: o.plan.Keep, footer: o.plan.Footer})
	}
	content, err := c.small(visibility.FileName)
	if err == nil && content != nil {
		out = append(out, piece{name: visibility.FileName, small: content})
	}
	return out, err
}

// frames walks over the frames of a copied segment. Damage in a segment that an index covers is
// not noticed by an open, and it must not spread to a sound backup.
func (c *copier) frames(name, path string) (err error) {
	f, err := c.fs.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	size, err := f.Size()
	if err != nil {
		return err
	}
	src := &file{file: f, size: size}
	_, header, err := segment.ReadHeader(src)
	var refused *Refusal
	if errors.As(err, &refused) {
		return fmt.Errorf("%w: %w", ErrCopyDamaged, &Damage{File: name, Reason: refused.Reason, Err: refused.Err})
	}
	if err != nil {
		return err
	}
	walk := segment.NewWalker(src, uint64(header))
	for i := 0; ; i++ {
		step, ok := walk.Next()
		if !ok {
			return walk.Err()
		}
		if d := step.Damage; d != nil {
			return fmt.Errorf("%w: %w", ErrCopyDamaged, &Damage{File: name, Offset: step.Offset, Length: step.Length, Reason: d.Reason, Err: d.Err})
		}
		if i%1024 == 0 && c.ctx.Err() != nil {
			return c.ctx.Err()
		}
	}
}

// piece copies a file of the backup to a path.
func (c *copier) piece(p *piece, to string) error {
	if p.small != nil {
		if c.resume {
			_ = removeFile(c.fs, to)
		}
		c.Copied++
		c.Bytes += uint64(len(p.small))
		return errors.Join(c.put(to, p.small), c.advance(uint64(len(p.small))))
	}
	return c.file(p.name, to, p.keep, endsIn(p.footer))
}

// pieces copies the files to the paths that at gives, until all of them are on disk.
func (c *copier) pieces(pieces []*piece, at func(name string) string) (err error) {
	defer func() { err = c.settled(err) }()
	for _, p := range pieces {
		if err := c.piece(p, at(p.name)); err != nil {
			return err
		}
	}
	return nil
}
