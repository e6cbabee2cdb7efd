package host

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"

	coredir "github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/swap"
	"github.com/thawlog/thaw/fsabstraction"
)

// next brings a backup up to date.
func (b *backup) next(ctx context.Context) (r BackupResult, err error) {
	fsys := b.full.FS
	if err := b.checkDestination(); err != nil { // before the lock file is created there
		return r, err
	}
	l, err := lock(ctx, fsys, b.dst, &b.full)
	if err != nil {
		return r, err
	}
	if l != nil {
		defer func() { err = errors.Join(err, l.Unlock()) }()
	}
	if _, err := finishSwap(fsys, b.dst, nil, nil); err != nil {
		return r, err
	}
	o, err := b.open(ctx)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, o.files.release()) }()
	had, err := openContents(ctx, b.dst, &b.reader, nil)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, had.files.release()) }()
	same, err := b.related(o, &had)
	if err != nil {
		return r, err
	}
	c, err := b.copier(ctx, o)
	if err != nil {
		return r, err
	}
	pieces, err := b.pieces(c, o)
	if err != nil {
		return r, err
	}
	w, err := beginSwap(fsys, b.dst)
	if err != nil {
		return r, err
	}
	r, err = b.update(ctx, c, o, w, pieces, same && !b.o.Compare)
	if err != nil {
		if !errors.Is(err, errUndecided) {
			err = errors.Join(err, w.Abort())
		}
		return r, err
	}
	_, err = finishSwap(fsys, b.dst, nil, nil)
	return r, err
}

// update writes the new files and switches to them.
func (b *backup) update(ctx context.Context, c *copier, o *origin, w *swapping, pieces []piece, trusted bool) (r BackupResult, err error) {
	var changed []*piece
	var names []string
	for i := range pieces {
		p := &pieces[i]
		names = append(names, p.name)
		same, err := c.same(p, filepath.Join(b.dst, p.name), trusted)
		if err != nil {
			return r, err
		}
		if same {
			c.Kept++
			continue
		}
		changed = append(changed, p)
		c.total += p.size()
	}
	there, err := b.full.FS.ReadDir(b.dst)
	if err != nil {
		return r, err
	}
	removed := 0
	for _, n := range there {
		if kind := coredir.KindOf(n.Name); n.Type == fsabstraction.Regular && kind.Swappable() && !slices.Contains(names, n.Name) {
			w.Remove(n.Name)
			removed++
		}
	}
	if len(changed)+removed == 0 {
		return b.result(c, o, false), c.unchanged(o.snapshot)
	}
	for _, p := range changed {
		w.Add(p.name)
	}
	if err := c.pieces(changed, func(name string) string { return filepath.Join(b.dst, swap.Name(name)) }); err != nil {
		return r, err
	}
	if err := c.unchanged(o.snapshot); err != nil {
		return r, err
	}
	files := newDirectory(b.dst, &b.reader)
	if err := errors.Join(b.check(ctx, coredir.Planned(files, &w.record), o), files.release()); err != nil {
		return r, err
	}
	r = b.result(c, o, false)
	r.Removed = removed
	return r, w.Commit()
}

// ends is how many bytes at each end of a file are compared with the backup's. They hold the
// header of a segment and of an index, with its checksum, and the last entries and the trailer
// of a footer.
const ends = 4 << 10

// same reports whether the backup has a file already.
func (c *copier) same(p *piece, path string, trusted bool) (same bool, err error) {
	info, err := c.fs.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && (info.Type != fsabstraction.Regular || uint64(info.Size) != p.size()) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	dst, err := c.fs.Open(path)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, dst.Close()) }()
	if p.small != nil {
		return has(dst, 0, p.small)
	}
	src, err := c.fs.Open(c.source(p.name))
	if errors.Is(err, fs.ErrNotExist) {
		return false, errSourceChanged
	}
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	if size, err := src.Size(); err != nil || uint64(size) < p.keep {
		return false, errors.Join(err, errSourceChanged)
	}
	if same, err := has(dst, int64(p.keep), p.footer); err != nil || !same {
		return false, err
	}
	if !trusted || p.keep <= 2*ends {
		same, err := equal(c.ctx.Err, dst, src, 0, int64(p.keep))
		return same, readingSource(p.name, -1, err)
	}
	b := make([]byte, ends)
	for _, at := range []int64{0, int64(p.keep) - ends} {
		if err := readFull(src, b, at); err != nil {
			return false, readingSource(p.name, at, err)
		}
		if same, err := has(dst, at, b); err != nil || !same {
			return false, err
		}
	}
	return true, nil
}
