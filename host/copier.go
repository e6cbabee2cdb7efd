package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"sync/atomic"

	coredir "github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/swap"
	"github.com/thawlog/thaw/fsabstraction"
)

// copyTries is how often a copy begins again because files of the source were replaced
// meanwhile, as a compaction does, or cut off.
const copyTries = 50

// errSourceChanged makes a copy begin again.
var errSourceChanged = errors.New("thaw: files of the store changed while it was copied")

// sourceChanged reports whether a copy has to begin again. Also the snapshot of the source reads
// files that can be gone or cut off by then.
func sourceChanged(err error) bool {
	return errors.Is(err, errSourceChanged) || errors.Is(err, source.ErrGone) || errors.Is(err, source.ErrShort)
}

// readingSource returns the error of a read of a file of the source. One that got shorter
// makes the copy begin again.
func readingSource(name string, at int64, err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: %w", errSourceChanged, source.Failed(name, at, err))
	}
	return source.Failed(name, at, err)
}

// copier copies files of one directory to another. It only reads the first.
type copier struct {
	ctx   context.Context
	fs    fsabstraction.FS
	dir   string
	waits []string // names of a pending swap of the source
	// link gives whole files a second name instead of copying them, and verify reads copies
	// back. A file under the name of a copy that has the right bytes already is kept if
	// resume is set.
	link, verify, resume bool
	// sound refuses segments with damaged frames, in a backup.
	sound             bool
	noLinks, noClones bool
	progress          func(done, total uint64)
	done, total       uint64
	settling          chan struct{} // holds a token for each file that is being settled
	failure           atomic.Pointer[error]

	Linked, Cloned, Copied, Kept int
	Bytes                        uint64 // of files that were copied
}

// begin notes the swap that is pending in the source, whose files have other names.
func (c *copier) begin(files *directory) error {
	r, _, err := coredir.ReadSwap(files)
	if c.waits = nil; r != nil {
		c.waits = r.Renames
	}
	return err
}

// source returns the path of a file of the source.
func (c *copier) source(name string) string {
	if slices.Contains(c.waits, name) {
		if path := filepath.Join(c.dir, swap.Name(name)); exists(c.fs, path) {
			return path
		}
	}
	return filepath.Join(c.dir, name)
}

func exists(fsys fsabstraction.ReadFS, path string) bool {
	_, err := fsys.Lstat(path)
	return err == nil
}

// advance reports progress, and returns the error of the context.
func (c *copier) advance(n uint64) error {
	c.done += n
	if c.progress != nil {
		c.progress(c.done, max(c.total, c.done))
	}
	return c.ctx.Err()
}

// settlers is how many written files are synced and read back at a time, while the next one is
// written. Syncs that run together share a commit of the file system's journal.
const settlers = 4

// settle runs f, the last steps of a written file, beside the caller. It returns the error of
// an earlier one. The caller calls settled before it looks at the files.
func (c *copier) settle(f func() error) error {
	if c.settling == nil {
		c.settling = make(chan struct{}, settlers)
	}
	tokens := c.settling
	tokens <- struct{}{}
	go func() {
		defer func() { <-tokens }()
		if err := f(); err != nil {
			c.failure.CompareAndSwap(nil, &err)
		}
	}()
	return c.failed()
}

// settled waits until every file is settled. It returns err, or the first error of settling.
func (c *copier) settled(err error) error {
	if c.settling != nil {
		for range settlers {
			c.settling <- struct{}{}
		}
		c.settling = nil
	}
	return cmp.Or(err, c.failed())
}

func (c *copier) failed() error {
	if err := c.failure.Load(); err != nil {
		return *err
	}
	return nil
}

// whole copies a file that does not change, or links it.
func (c *copier) whole(name, to string, size uint64) error {
	if c.link && !c.noLinks {
		err := errors.ErrUnsupported
		if l, ok := c.fs.(fsabstraction.Linker); ok {
			err = l.Link(c.source(name), to)
		}
		switch {
		case err == nil:
			c.Linked++
			return c.advance(size)
		case errors.Is(err, fs.ErrNotExist):
			return errSourceChanged
		case !errors.Is(err, errors.ErrUnsupported):
			return err
		}
		c.noLinks = true
	}
	return c.file(name, to, size, endsIn(nil))
}

// ending returns what follows the copied bytes of a file. It is called after they are written.
type ending func() ([]byte, error)

// endsIn is the ending that is known before.
func endsIn(b []byte) ending { return func() ([]byte, error) { return b, nil } }

// file copies the first keep bytes of a file, and adds an ending.
func (c *copier) file(name, to string, keep uint64, end ending) (err error) {
	src, err := c.fs.Open(c.source(name))
	if errors.Is(err, fs.ErrNotExist) {
		return errSourceChanged
	}
	if err != nil {
		return source.Failed(name, -1, err)
	}
	settling := false // it closes src
	defer func() {
		if !settling {
			err = errors.Join(err, src.Close())
		}
	}()
	info, err := src.Stat()
	if err != nil {
		return source.Failed(name, -1, err)
	}
	if uint64(info.Size) < keep {
		return errSourceChanged
	}
	if c.resume {
		footer, err := end()
		if err != nil {
			return err
		}
		there, err := c.there(name, to, src, keep, footer)
		if err == nil && there && c.sound && coredir.KindOf(name) == coredir.Segment {
			err = c.frames(name, to)
		}
		if there || err != nil {
			return err
		}
	}
	if err := removeFile(c.fs, to); err != nil {
		return err
	}
	dst, err := c.fs.Create(to)
	if err != nil {
		return err
	}
	cloned, footer, err := c.fill(name, dst, src, keep, end)
	if err != nil {
		return errors.Join(err, dst.Close())
	}
	settling = true
	return c.settle(func() error {
		err := errors.Join(dst.Sync(), dst.Close())
		if err == nil && c.verify && !cloned {
			err = c.compare(name, to, src, keep, footer)
		}
		if err == nil && c.sound && coredir.KindOf(name) == coredir.Segment {
			err = c.frames(name, to)
		}
		return errors.Join(err, src.Close())
	})
}

// there reports whether an interrupted copy left the file as it must be. Its bytes are
// compared, and synced: the sync of before may have failed.
func (c *copier) there(name, to string, src fsabstraction.File, keep uint64, footer []byte) (bool, error) {
	info, err := c.fs.Lstat(to)
	if err != nil || info.Type != fsabstraction.Regular || uint64(info.Size) != keep+uint64(len(footer)) {
		return false, nil
	}
	f, err := c.fs.OpenWrite(to)
	if err != nil {
		return false, err
	}
	same, err := equal(c.ctx.Err, f, src, 0, int64(keep))
	err = readingSource(name, -1, err)
	if err == nil && same {
		end := make([]byte, len(footer))
		if err = readFull(f, end, int64(keep)); err == nil && slices.Equal(end, footer) {
			c.Kept++
			return true, errors.Join(f.Sync(), f.Close(), c.advance(keep+uint64(len(footer))))
		}
	}
	return false, errors.Join(err, f.Close())
}

// copySync is the number of bytes of a file between two starts of a sync, in whole blocks.
const copySync = 4 * copyBlock

// fill fills a new file, and returns what end did. cloned is set when its bytes are shared with
// the source's.
func (c *copier) fill(name string, dst fsabstraction.WriteFile, src fsabstraction.File, keep uint64, end ending) (cloned bool, footer []byte, err error) {
	if cloned, err = c.begun(name, dst, src, keep); err == nil {
		footer, err = end()
	}
	for at := keep; err == nil && at < keep+uint64(len(footer)); {
		rest := footer[at-keep:]
		at, err = c.append(dst, rest[:min(len(rest), copyBlock)], at)
	}
	if err == nil && !cloned {
		c.Copied++
		c.Bytes += keep + uint64(len(footer))
	}
	return cloned, footer, err
}

// begun copies the first keep bytes of a file to a new one, or clones them.
func (c *copier) begun(name string, dst fsabstraction.WriteFile, src fsabstraction.File, keep uint64) (cloned bool, err error) {
	if cloner, ok := c.fs.(fsabstraction.Cloner); ok && !c.noClones {
		err := cloner.Clone(dst, src)
		if err == nil {
			c.Cloned++
			// The source may have grown, and ended in half a write.
			return true, errors.Join(dst.Truncate(int64(keep)), c.advance(keep))
		}
		if !errors.Is(err, errors.ErrUnsupported) {
			return false, err
		}
		c.noClones = true
	}
	b := make([]byte, min(copyBlock, max(keep, 1)))
	for at := uint64(0); at < keep; {
		b = b[:min(uint64(len(b)), keep-at)]
		if err := readFull(src, b, int64(at)); err != nil {
			return false, readingSource(name, int64(at), err)
		}
		if at, err = c.append(dst, b, at); err != nil {
			return false, err
		}
	}
	return false, nil
}

// append writes bytes at the end of a new file, at offset at, and returns its size. It starts a
// sync every copySync bytes, so that the last sync has little to wait for.
func (c *copier) append(dst fsabstraction.WriteFile, b []byte, at uint64) (size uint64, err error) {
	if _, err := dst.WriteAt(b, int64(at)); err != nil {
		return at, err
	}
	size = at + uint64(len(b))
	if size/copySync > at/copySync {
		if _, err := started(dst, int64(size)); err != nil {
			return size, err
		}
	}
	return size, c.advance(uint64(len(b)))
}

// compare compares a copy with its source, and with the footer that it has instead of the rest.
func (c *copier) compare(name, path string, src fsabstraction.File, keep uint64, footer []byte) (err error) {
	f, err := c.fs.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	same, err := equal(c.ctx.Err, f, src, 0, int64(keep))
	if err != nil {
		return readingSource(name, -1, err)
	}
	if same {
		same, err = has(f, int64(keep), footer)
	}
	if err == nil && !same {
		err = fmt.Errorf("%w: %s", ErrCopyDiffers, path)
	}
	return err
}

// small returns the content of a small file of the source, nil if there is none.
func (c *copier) small(name string) (b []byte, err error) {
	f, err := c.fs.Open(c.source(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, source.Failed(name, -1, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	size, err := f.Size()
	if err == nil {
		b = make([]byte, size)
		err = readFull(f, b, 0)
	}
	return b, readingSource(name, -1, err)
}

// put writes a small file.
func (c *copier) put(to string, b []byte) error {
	if err := removeFile(c.fs, to); err != nil {
		return err
	}
	f, err := c.fs.Create(to)
	if err != nil {
		return err
	}
	if _, err = f.WriteAt(b, 0); err != nil {
		return errors.Join(err, f.Close())
	}
	return c.settle(func() error { return errors.Join(f.Sync(), f.Close()) })
}

// unchanged returns errSourceChanged if the source was swapped since its snapshot.
func (c *copier) unchanged(s *store.Snapshot) error {
	swapped, err := s.Swapped()
	if err == nil && swapped {
		err = errSourceChanged
	}
	return err
}
